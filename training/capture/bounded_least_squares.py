"""Many small least-squares problems with box bounds at once, sharing one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def solve_bounded(
    gram: NDArray[np.float64],
    right: NDArray[np.float64],
    start: NDArray[np.float64],
    upper: NDArray[np.float64],
    *,
    sweeps: int = 16,
    tolerance: float = 1e-3,
) -> NDArray[np.float64]:
    """Minimise ``w G w / 2 - r w`` per row with ``0 <= w <= upper``.

    Cyclic coordinate descent over all rows together.

    Args:
        gram: G, symmetric positive definite [K, K].
        right: r [T, K].
        start: Starting weights [T, K]; a neighbouring problem's solution saves most of the work.
        upper: Upper bounds [K].
        sweeps: Most passes over the K coordinates.
        tolerance: Stop when no weight moves further than this in one pass.

    Returns:
        Weights [T, K].
    """
    weights = np.ascontiguousarray(np.clip(start, 0.0, upper).T)
    gradient = gram @ weights - right.T
    for _ in range(sweeps):
        largest = 0.0
        for k in range(len(gram)):
            moved = np.clip(weights[k] - gradient[k] / gram[k, k], 0.0, upper[k])
            step = moved - weights[k]
            distance = float(np.abs(step).max())
            if distance > 0.0:
                weights[k] = moved
                gradient += gram[:, k, None] * step
                largest = max(largest, distance)
        if largest < tolerance:
            break
    return np.ascontiguousarray(weights.T)
