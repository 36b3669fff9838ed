"""Finds the shape-key weights, each between 0 and 1, that best reproduce a face's vertices.

For every frame: minimise |mean_offset + coefficients @ basis - weights @ deltas|^2 plus a small penalty,
subject to 0 <= weights <= 1. All frames share one Gram matrix, so they are solved together, by
Peaceman-Rachford splitting (Parikh and Boyd 2014, *Proximal Algorithms*, section 4.4): reflect at the box,
reflect at the quadratic, and so on. The second reflection is one 52 x 52 matrix that is made once.
"""

import numpy as np

from .array_types import DoubleArray, FloatArray
from .lip_seal import LipSeal

_FRAMES = 160
"""Frames per block: one fixed shape, so that a frame's weights do not depend on its neighbours. As large as
still leaves a frame alone, which the animator sees while dragging a slider, at about a millisecond."""
_ITERATIONS = 80
"""Speech and random poses both end within 5e-4 of the exact weights."""
_LEAST_CURVATURE = 1e-6


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
        self._lips: LipSeal | None = None
        self._prepare_iteration()

    def _prepare_iteration(self) -> None:
        """Makes the second reflection and the part of it that each coefficient adds.

        A step of its own per shape makes few iterations do: the geometric mean of the curvature along that
        shape with all others held (the diagonal) and with all others free (one over the inverse's diagonal).
        """
        scale = np.where(self._moving, self._scale, 1.0)
        scaled = self.hessian * scale[:, None] * scale[None, :]
        identity = np.eye(len(scaled))
        free = 1.0 / np.diag(np.linalg.inv(scaled + _LEAST_CURVATURE * identity))
        steps = np.sqrt(np.diag(scaled) * free)
        inverse = 2.0 * np.linalg.inv(scaled + np.diag(steps))
        self._reflect = (inverse * steps - identity).astype(np.float32)
        per_gradient = inverse * self._scale
        self._start = (per_gradient @ self._from_coefficients).astype(np.float32)
        self._start_mean = (per_gradient @ self._from_mean).astype(np.float32)[:, None]
        upper = np.where(self._moving, 1.0 / scale, 0.0).astype(np.float32)[:, None]
        self._twice_upper = np.repeat(2.0 * upper, _FRAMES, axis=1)
        self._to_weights = self._scale.astype(np.float32)[:, None]

    def keep_lips_apart(self, lips: LipSeal) -> None:
        """Corrects what least squares leave of gaps and overlaps between closed lips from now on."""
        self._lips = lips if lips.works else None

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
            solved = self._solve_block(np.ascontiguousarray(block.T))
            result[start : start + _FRAMES] = solved.T[: len(part)]
        return result

    def _solve_block(self, coefficients: FloatArray) -> FloatArray:
        """Returns weights [K, frames] of coefficients [P, frames]."""
        constant = np.dot(self._start, coefficients)
        constant += self._start_mean
        weights = self._iterate(constant)
        weights *= self._to_weights
        np.clip(weights, np.float32(0.0), np.float32(1.0), out=weights)
        if self._lips:
            self._lips.apply(weights, np.dot(self._lips.of_coefficients, coefficients) + self._lips.of_mean)
        return weights

    def _iterate(self, constant: FloatArray) -> FloatArray:
        """Splits from the same start for every frame; every buffer is reused, as allocating would cost more.

        The box's reflection of a point z is min(|z|, 2 upper - z), and the box's nearest point half of z plus
        its reflection, which clipping gives too. What swings from one iteration to the next is averaged out.
        """
        point = constant * np.float32(0.5)
        reflected, turned, before = np.empty_like(point), np.empty_like(point), np.empty_like(point)
        for _ in range(_ITERATIONS):
            point, before = before, point
            np.subtract(self._twice_upper, before, out=turned)
            np.absolute(before, out=reflected)
            np.minimum(reflected, turned, out=reflected)
            np.dot(self._reflect, reflected, out=point)
            point += constant
        point += before
        point *= np.float32(0.5)
        return point


def _flat(array: FloatArray, root: FloatArray | None) -> FloatArray:
    weighted = array if root is None else array * root
    flat: FloatArray = weighted.reshape(len(array), -1).astype(np.float32, copy=False)
    return flat
