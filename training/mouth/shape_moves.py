"""Moves made of the head's shapes: change one thing that is seen on the face and leave the rest alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh


def moves_of(
    seen: NDArray[np.float64],
    slack: NDArray[np.float64],
    shapes: Mapping[str, float],
    head: HeadMesh,
    basis: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return the likeliest moves that change each seen thing by one and the others not at all [K, R].

    Args:
        seen: [R, K] how much each coefficient changes each thing, metres.
        slack: [K] how far (standard deviation, metres) a thing may miss what is asked of it.
        shapes: Shapes that may move, by how much (standard deviation of the weight).
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    deltas = head.shape_deltas[[ARKIT_NAMES.index(name) for name in shapes]]
    moves = deltas.reshape(len(deltas), -1) @ basis.reshape(len(basis), -1).T
    pull = moves.T * np.array(list(shapes.values())) ** 2 @ (moves @ seen)
    return np.asarray(np.linalg.solve(seen.T @ pull + np.diag(slack**2), pull.T), np.float64)
