"""Eyelids under an expression: a squint and a blink together close an eye, and the lids do not cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

#: iBUG landmark pairs of the lids, upper and lower, of the right eye and of the left.
LID_PAIRS = (((37, 41), (38, 40)), ((43, 47), (44, 46)))
#: Lids come this near (metres).
NEAREST = 0.0001
#: A blink opens and closes lids by more than this (metres), on any head that has lids to move.
LEAST_OPENED = 1e-6


@dataclass(frozen=True)
class Lids:
    """How far a head's eyes are open: the right one's two pairs of landmarks, then the left one's.

    Attributes:
        rest: [2, 2] metres at rest, for each eye and pair.
        gaps: [R, 2, 2] metres for each motion coefficient.
        opening: [2, R] the move that takes away one weight of each eye's eyeBlink.
        opened: [2, 2] metres that this move opens each pair by.
    """

    rest: NDArray[np.float64]
    gaps: NDArray[np.float64]
    opening: NDArray[np.float64]
    opened: NDArray[np.float64]

    def kept_apart(
        self, coefficients: NDArray[np.float64], neutral: NDArray[np.floating]
    ) -> NDArray[np.float64]:
        """Return motion [T, R] whose lids do not pass each other, no farther than the neutral ones do.

        Args:
            coefficients: [T, R].
            neutral: [T, R] the motion before any expression.
        """
        gaps, least = (self.rest + np.tensordot(c, self.gaps, 1) for c in (coefficients, neutral))
        missing = (np.minimum(least, NEAREST) - gaps) / self.opened
        return np.asarray(coefficients + np.maximum(missing, 0).max(2) @ self.opening, np.float64)


def lids_of(head: HeadMesh, basis: NDArray[np.float32], moves: NDArray[np.float64]) -> Lids:
    """Return a head's lids.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
        moves: [52, R] motion coefficients of every shape at 1.
    """
    points = head.landmarks68[np.array(LID_PAIRS)]
    rest = (head.vertices[points[..., 0], 2] - head.vertices[points[..., 1], 2]).astype(np.float64)
    gaps = (basis[:, points[..., 0], 2] - basis[:, points[..., 1], 2]).astype(np.float64)
    opening = -moves[[ARKIT_NAMES.index("eyeBlinkRight"), ARKIT_NAMES.index("eyeBlinkLeft")]]
    opened = np.stack([opening[eye] @ gaps[:, eye] for eye in range(2)])
    return Lids(rest, gaps, opening, np.maximum(opened, LEAST_OPENED))
