"""Texture coordinates: one island per part, the face unrolled round a vertical axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.head.generator.proportions import EYE_CENTRE

Array = NDArray[np.float64]

# island of each part in the unit square: u0, v0, u1, v1
_ISLANDS = {
    "skin": (0.0, 0.22, 1.0, 1.0), "mouth": (0.02, 0.02, 0.2, 0.2), "eye_left": (0.22, 0.02, 0.38, 0.2),
    "eye_right": (0.4, 0.02, 0.56, 0.2), "teeth_upper": (0.58, 0.12, 0.78, 0.2),
    "teeth_lower": (0.58, 0.02, 0.78, 0.1),
    "tongue": (0.8, 0.02, 0.87, 0.2), "brows": (0.88, 0.02, 0.92, 0.2),
    "hair": (0.93, 0.02, 0.99, 0.2),
}  # fmt: skip
_MOUTH_MATERIALS = ("mouth",)


def _unroll(points: Array) -> Array:
    """Cylinder coordinates [F,4,2] of quads [F,4,3]; a quad that straddles the seam stays in one piece."""
    turn = np.arctan2(points[..., 0], -(points[..., 1] - 70.0)) / (2 * np.pi) + 0.5
    wide = np.ptp(turn, axis=1) > 0.5  # noqa: PLR2004 - half a turn
    turn = np.where(wide[:, None] & (turn < 0.5), turn + 1.0, turn)  # noqa: PLR2004
    return np.stack([np.clip(turn, 0, 1), points[..., 2]], axis=2)


def _planar(part: str, points: Array) -> Array:
    if part.startswith("eye"):
        centre = np.asarray(EYE_CENTRE) * np.array([1.0 if part == "eye_left" else -1.0, 1.0, 1.0])
        offset = points - centre
        polar = np.arctan2(np.linalg.norm(offset[..., [0, 2]], axis=-1), -offset[..., 1])
        around = np.arctan2(offset[..., 2], offset[..., 0])
        return np.stack([polar * np.cos(around), polar * np.sin(around)], axis=-1)
    axes = (0, 1) if part in {"tongue", "hair"} else (0, 2)
    return points[..., axes]


def face_uvs(
    points: Array, faces: NDArray[np.int64], parts: NDArray[np.str_], materials: NDArray[np.str_]
) -> Array:
    """Coordinates [F,4,2] in the unit square for each corner of each face; `points` [V,3] in millimetres."""
    result = np.zeros((len(faces), 4, 2))
    owner = np.array([str(p) for p in parts[faces[:, 0]]], dtype="U16")
    owner[np.isin(materials, _MOUTH_MATERIALS)] = "mouth"
    for part, (u0, v0, u1, v1) in _ISLANDS.items():
        mine = owner == part
        flat = _unroll(points[faces[mine]]) if part == "skin" else _planar(part, points[faces[mine]])
        low, high = flat.min(axis=(0, 1)), flat.max(axis=(0, 1))
        unit = (flat - low) / (high - low)
        result[mine] = np.array([u0, v0]) + unit * np.array([u1 - u0, v1 - v0])
    return result
