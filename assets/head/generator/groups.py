"""Vertex groups of the whole head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import eye, mouth
from assets.head.generator.regions import is_skin, jaw_weight, smoothstep, upperness

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]


def half_groups(half: HalfHead) -> dict[str, Array]:
    """Weights [N] of the half head by group name."""
    count, p = len(half.positions), half.positions
    skin, up = is_skin(half), upperness(half)
    lips, lids, nose, ears = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    for ring in range(mouth.LAST_LIP_RING + 1):
        lips[half.skin.mouth[ring]] = min(1.0, (ring / mouth.BORDER_RING) ** 2)
    lids[half.skin.eye[eye.CREASE_RING :].ravel()] = 1.0
    lids[half.skin.eye[eye.ORBIT_RINGS]] = 0.5
    nose_grid = half.skin.grid[21:29, :5]
    nose[nose_grid[nose_grid >= 0]] = 1.0
    nose[half.skin.nostril[1:].ravel()] = 1.0
    ears[half.skin.ear[1:].ravel()] = 1.0
    first = int(half.skin.ear[-1].max()) + 1
    ears[first : int(half.skin.nostril[1:].min())] = 1.0
    cheek = np.exp(-((np.linalg.norm(p - np.array([40.0, 0.0, -45.0]), axis=1) / 22.0) ** 2)) * skin
    cheek /= cheek.max()
    neck = smoothstep(-112.0, -145.0, p[:, 2]) * skin
    jaw = jaw_weight(half)
    return {
        "jaw": jaw, "lips_upper": lips * up, "lips_lower": lips * (1 - up), "eyelids": lids,
        "eyeballs": (half.parts == "eye_left").astype(np.float64),
        "brows": (half.parts == "brows").astype(np.float64),
        "cheeks": cheek, "nose": nose, "ears": ears, "neck": neck,
        "teeth_upper": (half.parts == "teeth_upper").astype(np.float64),
        "teeth_lower": (half.parts == "teeth_lower").astype(np.float64),
        "tongue": (half.parts == "tongue").astype(np.float64), "head_rigid": np.clip(1 - neck, 0, 1),
    }  # fmt: skip
