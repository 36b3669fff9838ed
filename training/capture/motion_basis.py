"""One orthonormal basis for all the motion of a project.

It spans the ARKit shapes, and whatever vertices tracked on the head's own topology add to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_SHARE = 1e-8
RESIDUAL_ROWS = 48
RESIDUAL_SHARE = 0.995


class MotionBasis:
    """Orthonormal rows [R, 3V] and the projection onto them.

    Attributes:
        rows: [R, 3V] float64, orthonormal.
        from_weights: [52, R], coefficients of every shape at 1.0.
    """

    def __init__(
        self, shape_deltas: NDArray[np.floating], residuals: NDArray[np.floating] | None = None
    ) -> None:
        """Span the shapes and the strongest directions of residual motion.

        Args:
            shape_deltas: ARKit deltas [52, V, 3], metres.
            residuals: Vertex offsets [N, V, 3] that the shapes could not follow, or None.
        """
        shapes = shape_deltas.reshape(len(shape_deltas), -1).astype(np.float64)
        rows = _orthonormal(shapes)
        if residuals is not None and len(residuals):
            flat = residuals.reshape(len(residuals), -1).astype(np.float64)
            extra = _principal(flat - (flat @ rows.T) @ rows)
            rows = np.concatenate([rows, extra])
        self.rows: NDArray[np.float64] = rows
        self.from_weights: NDArray[np.float64] = shapes @ rows.T

    def weights_to_coefficients(self, weights: NDArray[np.floating]) -> NDArray[np.float32]:
        """Coefficients [T, R] of ARKit weights [T, 52]."""
        coefficients: NDArray[np.float32] = (weights @ self.from_weights).astype(np.float32)
        return coefficients

    def offsets_to_coefficients(self, offsets: NDArray[np.floating]) -> NDArray[np.float32]:
        """Coefficients [T, R] of vertex offsets [T, V, 3]; what lies outside the basis is left out."""
        coefficients: NDArray[np.float32] = (offsets.reshape(len(offsets), -1) @ self.rows.T).astype(
            np.float32
        )
        return coefficients

    def as_array(self) -> NDArray[np.float32]:
        """The basis [R, V, 3] as it is stored."""
        return self.rows.reshape(len(self.rows), -1, 3).astype(np.float32)


def _orthonormal(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows that span the given ones; directions too weak to matter are dropped."""
    values, directions = np.linalg.eigh(vectors @ vectors.T)
    keep = values > SMALLEST_SHARE * values.max()
    order = np.argsort(values[keep])[::-1]
    rows: NDArray[np.float64] = (directions[:, keep].T @ vectors / np.sqrt(values[keep])[:, None])[order]
    return rows


def _principal(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The strongest directions of the residuals: most of their energy, in at most `RESIDUAL_ROWS` rows."""
    values, directions = np.linalg.eigh(residuals @ residuals.T)
    values, directions = np.maximum(values[::-1], 0.0), directions[:, ::-1]
    if values.sum() <= 0.0:
        return np.zeros((0, residuals.shape[1]))
    enough = int(np.searchsorted(np.cumsum(values) / values.sum(), RESIDUAL_SHARE)) + 1
    count = min(enough, RESIDUAL_ROWS, int((values > SMALLEST_SHARE * values[0]).sum()))
    rows: NDArray[np.float64] = directions[:, :count].T @ residuals / np.sqrt(values[:count])[:, None]
    return rows
