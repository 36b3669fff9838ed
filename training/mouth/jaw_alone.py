"""The jaw moved under lips that stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.mouth.mouth_width import width_row
from training.mouth.shape_moves import moves_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

#: iBUG landmarks of chin and nose, whose distance is the jaw's opening, and of the inner lips.
CHIN, NOSE = 8, 33
INNER_LIPS = (61, 62, 63, 65, 66, 67)
#: How freely shapes may move to hold the lips against the jaw (standard deviation of the weight).
HOLDING_SHAPES = {
    "jawOpen": 1.0,
    "mouthClose": 1.0,
    "mouthShrugLower": 0.5,
    "mouthRollLower": 0.3,
    "mouthRollUpper": 0.08,
    "mouthFunnel": 0.05,
    "mouthStretchLeft": 0.05,
    "mouthStretchRight": 0.05,
    "mouthLowerDownLeft": 0.3,
    "mouthLowerDownRight": 0.3,
    "mouthUpperUpLeft": 0.3,
    "mouthUpperUpRight": 0.3,
}
#: How far (metres) the lips, the mouth's width and the chin may miss what is asked of them.
HELD, WIDTH_HELD, CHIN_MOVED = 0.0003, 0.00005, 0.000001


def chin_row(head: HeadMesh, basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return by how much each coefficient takes the chin from the nose [R], metres."""
    chin, nose = head.landmarks68[[CHIN, NOSE]]
    down = head.vertices[chin] - head.vertices[nose]
    return np.asarray((basis[:, chin] - basis[:, nose]) @ (down / np.linalg.norm(down)), np.float64)


def jaw_kept(
    moves: NDArray[np.float64], share: float, head: HeadMesh, basis: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return motion coefficients [..., R] with a share of what they do to the jaw taken away.

    Args:
        moves: [..., R].
        share: From 0, which changes nothing, to 1, which leaves the chin alone.
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    row = chin_row(head, basis)
    change = share * np.asarray(moves @ row)[..., None]
    return np.asarray(moves - change * jaw_alone(head, basis), np.float64)


def jaw_alone(head: HeadMesh, basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the move [R] that lowers the chin by one metre under lips that stay where they are."""
    lips = basis[:, head.landmarks68[list(INNER_LIPS)], 1:].reshape(len(basis), -1).astype(np.float64)
    seen = np.column_stack([lips, width_row(head, basis), chin_row(head, basis)])
    slack = np.array([HELD] * lips.shape[1] + [WIDTH_HELD, CHIN_MOVED])
    return np.asarray(moves_of(seen, slack, HOLDING_SHAPES, head, basis)[-1], np.float64)
