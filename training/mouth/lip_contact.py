"""Lips that touch: the signed gap between the inner lips, and motion whose lips meet where they must."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.mouth.mouth_width import width_row
from training.mouth.shape_moves import moves_of
from training.networks.lipwright import LipLines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

#: iBUG landmark pairs of the inner lips, upper and lower.
LIP_PAIRS = ((61, 67), (62, 66), (63, 65))
#: How freely shapes may move to close a gap (standard deviation of the weight): `mouthClose` is made for it,
#: the jaw follows a little, lips roll to meet in depth, the corners hold the mouth's width, and the rest lets
#: the two sides differ.
CLOSING_SHAPES = {
    "mouthClose": 0.15,
    "jawOpen": 0.05,
    "mouthFunnel": 0.05,
    "mouthRollLower": 0.12,
    "mouthRollUpper": 0.08,
    "mouthStretchLeft": 0.05,
    "mouthStretchRight": 0.05,
    "mouthLowerDownLeft": 0.03,
    "mouthLowerDownRight": 0.03,
    "mouthUpperUpLeft": 0.03,
    "mouthUpperUpRight": 0.03,
}
#: Differences between the three gaps below about this (metres) are not worth a twisted mouth; nor is a lip
#: further in than the other by less than that; the width is kept to within that.
UNEVEN, BEHIND, WIDTH_KEPT = 0.0003, 0.0003, 0.00005
#: Lips whose gap is below this (metres) are taken to touch, with a soft edge of this width (metres).
TOUCH_GAP, TOUCH_EDGE = 0.0008, 0.00015


def lip_lines(head: HeadMesh, basis: NDArray[np.float32]) -> LipLines:
    """Return how the inner lips of a head follow the coefficients of a motion basis.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    points = head.landmarks68[np.array(LIP_PAIRS)]
    apart = (basis[:, points[:, 0], 1:] - basis[:, points[:, 1], 1:]).astype(np.float64)  # depth, height
    gaps = np.concatenate([apart[..., 1], apart[..., 0]], 1)
    seen = np.column_stack([gaps, width_row(head, basis)])
    slack = np.array([UNEVEN] * 3 + [BEHIND] * 3 + [WIDTH_KEPT])
    closing = moves_of(seen, slack, CLOSING_SHAPES, head, basis)[:-1]
    return LipLines(np.asarray(gaps, np.float32), np.asarray(closing, np.float32))


def signed_gaps(lips: LipLines, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gaps [T, 3] of coefficients [T, R] in metres: 0 as at rest, below that lips overlap."""
    return np.asarray(coefficients @ lips.gaps[:, : len(LIP_PAIRS)], np.float32)


def touch_share(lips: LipLines, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return from 0 to 1 how much the lips of coefficients [T, R] touch [T], by their gap."""
    gap = signed_gaps(lips, coefficients).mean(1)
    share: NDArray[np.float32] = 1 / (1 + np.exp(((gap - TOUCH_GAP) / TOUCH_EDGE).clip(-30, 30)))
    return share.astype(np.float32)


def sealed(
    lips: LipLines, coefficients: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return coefficients [T, R] whose lip gaps are closed by a share [T] of 0 to 1, and never overlap."""
    gap = coefficients @ lips.gaps
    wanted = np.concatenate([np.maximum(gap[:, :3], 0), gap[:, 3:]], 1) * (1 - share[:, None])
    return np.asarray(coefficients + (wanted - gap) @ lips.closing, np.float32)
