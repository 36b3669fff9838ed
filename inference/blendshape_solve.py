"""Finds the shape-key weights, each between 0 and 1, that best reproduce a face's vertices.

For every frame: minimise |mean_offset + coefficients @ basis - weights @ deltas|^2 plus a small penalty,
subject to 0 <= weights <= 1. All frames share one Gram matrix, so they are solved together by ADMM (Boyd et
al. 2011, *Distributed Optimization and Statistical Learning via ADMM*, section 5.2: a quadratic with a box),
with one 52 x 52 inverse made once.
"""

import numpy as np

from .array_types import DoubleArray, FloatArray

_FRAMES = 64
"""Frames per block: one fixed shape, so that a frame's weights do not depend on its neighbours."""
_ITERATIONS = 140
_RELAXATION = 1.9
_PENALTY_SHARE = 0.7
"""ADMM's step relative to the geometric mean of the extreme eigenvalues, the best without bounds. Speech
converges fastest at half of it, random poses at the whole; in between, both end within 1e-4 of the optimum."""


class BlendshapeSolver:
    """Bounded least squares against one set of shapes, prepared once per model and character."""

    def __init__(
        self,
        deltas: FloatArray,
        basis: FloatArray,
        mean_offset: FloatArray,
        regularisation: float = 2e-3,
        vertex_weights: FloatArray | None = None,
    ) -> None:
        """Prepares the Gram matrices.

        Args:
            deltas: [K, V, 3] displacement of each shape at weight 1.
            basis: [P, V, 3] what the coefficients multiply.
            mean_offset: [V, 3] displacement at zero coefficients.
            regularisation: penalty on each weight, relative to its shape's own energy, so that small shapes
                are not penalised more than large ones.
            vertex_weights: [V] how much each vertex counts; None counts all alike.
        """
        root = (
            None if vertex_weights is None else np.sqrt(np.asarray(vertex_weights, np.float32))[None, :, None]
        )
        shapes, flat_basis, mean = (_flat(array, root) for array in (deltas, basis, mean_offset[None]))
        gram = (shapes @ shapes.T).astype(np.float64)
        energy = np.diag(gram).copy()
        self._moving = energy > 1e-9 * max(float(energy.max(initial=0.0)), 1e-30)
        self._scale = np.where(self._moving, 1.0 / np.sqrt(np.where(self._moving, energy, 1.0)), 0.0)
        self.hessian: DoubleArray = gram + np.diag(regularisation * np.where(self._moving, energy, 1.0))
        """[K, K] of the quadratic that is minimised, for tests and for other solvers."""
        self._from_coefficients = (shapes @ flat_basis.T).astype(np.float64)
        self._from_mean = (shapes @ mean[0]).astype(np.float64)
        self._prepare_iteration()

    def _prepare_iteration(self) -> None:
        scale = np.where(self._moving, self._scale, 1.0)
        scaled = self.hessian * scale[:, None] * scale[None, :]
        eigenvalues = np.linalg.eigvalsh(scaled)
        penalty = _PENALTY_SHARE * np.sqrt(max(eigenvalues[0], 1e-6) * eigenvalues[-1])
        inverse = np.linalg.inv(scaled + penalty * np.eye(len(scaled)))
        self._step = (inverse * penalty).astype(np.float32)
        self._start = ((inverse * self._scale) @ self._from_coefficients).astype(np.float32)
        self._start_mean = ((inverse * self._scale) @ self._from_mean).astype(np.float32)[:, None]
        self._upper = np.where(self._moving, 1.0 / scale, 0.0).astype(np.float32)[:, None]

    def gradient_target(self, coefficients: FloatArray) -> DoubleArray:
        """Returns the linear part of the quadratic, [T, K]: weights minimise w H w / 2 - target w."""
        target: DoubleArray = coefficients.astype(np.float64) @ self._from_coefficients.T + self._from_mean
        return target

    def solve(self, coefficients: FloatArray) -> FloatArray:
        """Returns the weights [T, K], 0..1, of coefficients [T, P]."""
        result = np.empty((len(coefficients), len(self._scale)), np.float32)
        for start in range(0, len(coefficients), _FRAMES):
            part = coefficients[start : start + _FRAMES]
            block = np.zeros((_FRAMES, coefficients.shape[1]), np.float32)
            block[: len(part)] = part
            result[start : start + _FRAMES] = self._solve_block(block)[: len(part)]
        return result

    def _solve_block(self, block: FloatArray) -> FloatArray:
        """Iterates on scaled weights [K, frames]; every buffer is reused, as allocating would cost more."""
        constant = self._start @ np.ascontiguousarray(block.T) + self._start_mean
        bounded = np.zeros_like(constant)
        dual, free, shifted = np.zeros_like(constant), np.empty_like(constant), np.empty_like(constant)
        for _ in range(_ITERATIONS):
            np.subtract(bounded, dual, out=shifted)
            np.matmul(self._step, shifted, out=free)
            free += constant
            free *= _RELAXATION
            bounded *= 1.0 - _RELAXATION
            free += bounded
            free += dual
            np.maximum(free, 0.0, out=bounded)
            np.minimum(bounded, self._upper, out=bounded)
            np.subtract(free, bounded, out=dual)
        weights: FloatArray = (bounded * self._scale[:, None].astype(np.float32)).T
        return np.minimum(weights, np.float32(1.0))


def _flat(array: FloatArray, root: FloatArray | None) -> FloatArray:
    weighted = array if root is None else array * root
    flat: FloatArray = weighted.reshape(len(array), -1).astype(np.float32, copy=False)
    return flat
