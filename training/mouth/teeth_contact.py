"""The lower lip against the upper teeth: the pose of f and v, and how a face is moved into it.

Bilabials are sealed by gaps (`training.mouth.lip_contact`); a labiodental is a pose of lips and jaw as a
whole. Everything that the pose does not govern, such as a smile or the brows, stays as it is, and so does the
width of the mouth: f and v are as wide as the vowels beside them. The jaw goes only part of the way, for the
lip reaches the teeth without it; how far speech raises it at f and v, motion knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.mouth.jaw_alone import jaw_kept
from training.mouth.labiodental_pose import LABIODENTAL_POSE
from training.mouth.mouth_width import width_kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

#: Shapes that the pose decides; the others keep what they have.
GOVERNED = (
    *("jawOpen", "mouthClose", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    *("mouthFunnel", "mouthPucker", "mouthPressLeft", "mouthPressRight"),
)
#: Shapes whose moves look alike share a motion; this much (metres, over all vertices) keeps that unique.
RIDGE = 0.003
#: Share of the pose's move of the jaw that is left out: on validation the chin's r is 0.894 with none of it
#: left out, 0.897 with 0.3, 0.899 with 0.5 and 0.900 with all. With more than this, a lip cannot reach the
#: teeth from a wide-open jaw.
JAW_KEPT = 0.4


@dataclass(frozen=True)
class TeethContact:
    """A face's way into the pose of f and v.

    Attributes:
        pose: [R] what the pose adds to the motion coefficients.
        release: [R, R] coefficients to that part of them which the pose replaces.
    """

    pose: NDArray[np.float32]
    release: NDArray[np.float32]

    def applied(self, coefficients: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return coefficients [T, R] moved into the pose by a share [T] of 0 to 1."""
        change = self.pose - coefficients @ self.release
        return np.asarray(coefficients + share[:, None] * change, np.float32)


def teeth_contact(head: HeadMesh, basis: NDArray[np.float32]) -> TeethContact:
    """Return the way into the pose on a head.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    shapes = head.shape_deltas.reshape(len(head.shape_deltas), -1).astype(np.float64)
    moves = shapes @ basis.reshape(len(basis), -1).T
    weights = moves.T @ np.linalg.inv(moves @ moves.T + RIDGE**2 * np.eye(len(moves)))
    governed = [ARKIT_NAMES.index(name) for name in GOVERNED]
    pose = sum(value * moves[ARKIT_NAMES.index(name)] for name, value in LABIODENTAL_POSE.items())
    release = weights[:, governed] @ moves[governed]
    pose, release = (
        jaw_kept(width_kept(np.asarray(move), head, basis), JAW_KEPT, head, basis) for move in (pose, release)
    )
    return TeethContact(np.asarray(pose, np.float32), np.asarray(release, np.float32))
