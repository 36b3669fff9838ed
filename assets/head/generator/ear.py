"""The left ear: rings from its root on the head over the helix into the concha. Millimetres.

Rings start at the lower front corner of the hole in the head's grid and run up the front edge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.head.generator.proportions import length

Array = NDArray[np.float64]

ROWS, COLUMNS = 13, 3
RING_LENGTH = 2 * (ROWS + COLUMNS)

# outline of the helix in the ear's plane: turn along the ring (0..1), towards the back, upwards (ear 61 x 34)
_OUTLINE = (
    (0.0, 1.0, -27.0), (0.06, -0.6, -19.0), (0.13, -1.2, -10.0), (0.21, -1.0, 0.0), (0.29, 0.2, 10.0),
    (0.36, 3.0, 20.0), (0.42, 8.0, 27.5), (0.48, 15.5, 31.0), (0.54, 23.5, 29.5), (0.60, 29.5, 23.5),
    (0.67, 32.2, 14.0), (0.74, 31.0, 3.0), (0.81, 26.0, -8.5), (0.87, 19.5, -19.0), (0.92, 13.0, -27.5),
    (0.96, 6.5, -30.0), (1.0, 1.0, -27.0),
)  # fmt: skip
_CENTRE = np.array([10.0, -5.0])

# rings on the front face: share of the way from the outline to the concha, height over the ear's plane
_FRONT = (
    (0.015, 1.6),
    (0.10, 2.0),
    (0.18, 0.2),
    (0.27, -1.4),
    (0.37, 0.1),
    (0.46, 0.3),
    (0.56, -3.4),
    (0.72, -6.2),
)
BACK_RINGS = 3
RINGS = BACK_RINGS + 1 + len(_FRONT)


def _frame() -> tuple[Array, Array, Array, Array]:
    origin = np.array([72.6, 70.5, -17.0])
    flare, tilt = np.radians(27.0), np.radians(11.0)
    back = np.array([np.sin(flare), np.cos(flare), 0.0])
    up = np.array([0.06, np.sin(tilt), np.cos(tilt)])
    up /= np.linalg.norm(up)
    back -= (back @ up) * up
    back /= np.linalg.norm(back)
    out = np.cross(back, up)
    return origin, back, up, out


def _outline() -> Array:
    table = np.array(_OUTLINE)
    turn = np.arange(RING_LENGTH) / RING_LENGTH
    scale = length("ear_length") / 61.0
    return np.asarray(PchipInterpolator(table[:, 0], table[:, 1:])(turn)) * scale


def ear_rings(root: Array) -> Array:
    """Rings [R,32,3] of the ear on its root ring [32,3]: back face, helix, front face into the concha."""
    origin, back, up, out = _frame()
    outline = _outline()
    f, u = outline[:, 0], outline[:, 1]
    rear = np.clip((f - 2.0) / 12.0, 0.0, 1.0)  # 0 along the front edge, where the ear is flush with the face
    lobe = np.clip((-u - 17.0) / 8.0, 0.0, 1.0) * rear
    tragus = np.exp(-(((u + 9.0) / 5.0) ** 2)) * (1.0 - rear)

    def place(plane: Array, height: Array) -> Array:
        return np.asarray(origin + plane[:, :1] * back + plane[:, 1:] * up + height[:, None] * out)

    rim = place(outline, -1.4 * rear - 0.4)
    rings = []
    for step in range(1, BACK_RINGS + 1):
        share = step / (BACK_RINGS + 1)
        tuck = 1.6 * np.sin(np.pi * share) * rear
        rings.append(root + (rim - root) * share - tuck[:, None] * out)
    rings.append(rim)
    for share, height in _FRONT:
        inner = share * (1.0 - 0.25 * tragus)
        plane = outline + (_CENTRE - outline) * inner[:, None]
        flat = 0.8 - 2.0 * share
        lift = (height * (1 - lobe) + flat * lobe) * (0.25 + 0.75 * rear) - 5.5 * (1 - rear) * max(
            0.0, share - 0.2
        )
        lift = lift + tragus * (4.2 * np.exp(-(((share - 0.22) / 0.16) ** 2)))
        rings.append(place(plane, lift))
    return np.stack(rings)
