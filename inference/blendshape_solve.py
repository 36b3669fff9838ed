"""Finds the shape-key weights, each between 0 and 1, that best reproduce a face's vertices.

For every frame: minimise |mean_offset + coefficients @ basis - weights @ deltas|^2 plus a small penalty,
subject to 0 <= weights <= 1. All frames share one Gram matrix, so they are solved together, by relaxed
Peaceman-Rachford splitting (Parikh and Boyd 2014, *Proximal Algorithms*, section 4.4): reflect at the box,
reflect at the quadratic, average. The second reflection is one 52 x 52 matrix that is made once.
"""

import numpy as np

from .array_types import DoubleArray, FloatArray

_FRAMES = 64
"""Frames per block: one fixed shape, so that a frame's weights do not depend on its neighbours."""
_ITERATIONS = 110
_RELAXATION = 0.95
_STEP_SHARE = 0.8
"""The splitting's step relative to the geometric mean of the extreme eigenvalues. Speech converges fastest at
half of that mean, random poses at the whole; in between, both end within 5e-4 of the exact weights."""


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
        step = _STEP_SHARE * np.sqrt(max(eigenvalues[0], 1e-6) * eigenvalues[-1])
        inverse = np.linalg.inv(scaled + step * np.eye(len(scaled)))
        self._reflect = (_RELAXATION * (2.0 * step * inverse - np.eye(len(scaled)))).astype(np.float32)
        self._start = ((2.0 * inverse * self._scale) @ self._from_coefficients).astype(np.float32)
        self._start_mean = ((2.0 * inverse * self._scale) @ self._from_mean).astype(np.float32)[:, None]
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
        point = constant * np.float32(0.5)
        constant *= np.float32(_RELAXATION)
        reflected, moved = np.empty_like(point), np.empty_like(point)
        for _ in range(_ITERATIONS):
            np.maximum(point, 0.0, out=reflected)
            np.minimum(reflected, self._upper, out=reflected)
            reflected += reflected
            reflected -= point
            np.matmul(self._reflect, reflected, out=moved)
            point *= np.float32(1.0 - _RELAXATION)
            point += moved
            point += constant
        weights: FloatArray = (point * self._scale[:, None].astype(np.float32)).T
        return np.clip(weights, np.float32(0.0), np.float32(1.0))


def _flat(array: FloatArray, root: FloatArray | None) -> FloatArray:
    weighted = array if root is None else array * root
    flat: FloatArray = weighted.reshape(len(array), -1).astype(np.float32, copy=False)
    return flat
