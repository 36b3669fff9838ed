"""The mouth's width, which moves that are about other things leave alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

#: iBUG landmarks of the right and left corner.
CORNERS = (48, 54)
#: Shapes that move the corners apart and little else.
WIDENING = ("mouthStretchLeft", "mouthStretchRight")


def width_row(head: HeadMesh, basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return by how much each coefficient widens the mouth [R], metres.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    right, left = head.landmarks68[list(CORNERS)]
    return np.asarray(basis[:, left, 0] - basis[:, right, 0], np.float64)


def width_kept(moves: NDArray[np.float64], head: HeadMesh, basis: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return motion coefficients [..., R] with what they change in the mouth's width taken away.

    Args:
        moves: [..., R].
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    shapes = head.shape_deltas[[ARKIT_NAMES.index(name) for name in WIDENING]].sum(0)
    row, widening = width_row(head, basis), basis.reshape(len(basis), -1) @ shapes.reshape(-1)
    change = np.asarray(moves @ row)[..., None]
    return np.asarray(moves - change * (widening / (widening @ row)), np.float64)
