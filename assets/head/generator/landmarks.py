"""The 68 iBUG landmark vertices of the whole head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import eye, mouth

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Indices = NDArray[np.int64]

# the jaw's outline on the character's left, from the ear to beside the chin: (x, y, z) targets in millimetres
_JAW = (
    (73, 58, 0),
    (72, 57, -20),
    (69, 56, -40),
    (65, 54, -60),
    (57, 36, -84),
    (46, 18, -97),
    (33, 0, -106),
    (17, -15, -111),
)


def _nearest(half: HalfHead, target: tuple[float, float, float]) -> int:
    skin = half.skin.grid[half.skin.grid >= 0]
    gap = np.linalg.norm(half.positions[skin] - np.asarray(target, dtype=np.float64), axis=1)
    return int(skin[gap.argmin()])


def _left(half: HalfHead) -> dict[int, int]:
    """Landmarks on the midline and on the character's left (the right of the picture)."""
    grid, m, e = half.skin.grid, half.skin.mouth, half.skin.eye
    found = {16 - i: _nearest(half, target) for i, target in enumerate(_JAW)}
    found[8] = int(grid[10, 0])
    brow = half.brow[2]
    found.update(dict(zip(range(22, 27), brow[[1, 4, 7, 10, 13]].tolist(), strict=True)))
    found.update({27: int(grid[31, 0]), 28: int(grid[29, 0]), 29: int(grid[27, 0]), 30: int(grid[24, 0])})
    found.update({33: int(grid[20, 0]), 34: int(grid[20, 2]), 35: int(grid[21, 4])})
    margin = e[eye.MARGIN_INNER_RING]
    found.update({42: int(margin[0]), 43: int(margin[5]), 44: int(margin[10]), 45: int(margin[14]),
        46: int(margin[18]),
                  47: int(margin[23])})  # fmt: skip
    border, contact = m[mouth.BORDER_RING], m[mouth.CONTACT_RING]
    found.update({51: int(border[0]), 52: int(border[3]), 53: int(border[6]), 54: int(border[10]),
        55: int(border[14]),
                  56: int(border[17]), 57: int(border[20])})  # fmt: skip
    found.update(
        {
            62: int(contact[0]),
            63: int(contact[4]),
            64: int(contact[10]),
            65: int(contact[16]),
            66: int(contact[20]),
        }
    )
    return found


# iBUG number on the right of the picture -> its mirror image on the left of the picture
_TWIN = {16: 0, 15: 1, 14: 2, 13: 3, 12: 4, 11: 5, 10: 6, 9: 7, 22: 21, 23: 20, 24: 19, 25: 18, 26: 17,
    34: 32, 35: 31,
         42: 39, 43: 38, 44: 37, 45: 36, 46: 41, 47: 40, 52: 50, 53: 49, 54: 48, 55: 59,
         56: 58, 63: 61, 64: 60, 65: 67}  # fmt: skip


def landmarks68(half: HalfHead, twin: Indices) -> Indices:
    """Vertex numbers [68] in iBUG order; `twin` [N] maps a half vertex to its mirror image in the whole."""
    left = _left(half)
    result = np.full(68, -1, dtype=np.int64)
    for number, vertex in left.items():
        result[number] = vertex
    for number, other in _TWIN.items():
        result[other] = twin[left[number]]
    return result
