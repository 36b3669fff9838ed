"""Keeps the lips of a face made of shapes from pressing through each other, and shuts them where speech does.

Least squares spread an error over the whole face, so that closed lips may end some tenths of a millimetre
apart or inside each other. Here `mouthClose`, which does little but shut the lips, is moved until they meet.
"""

import numpy as np

from .array_types import FloatArray
from .model_bundle import ModelBundle

INNER_LIP_PAIRS = ((61, 67), (62, 66), (63, 65))
"""Upper and lower inner lip of the 68 landmarks in iBUG order."""
CLOSING_SHAPE = "mouthClose"
_TOUCHING = 2e-4
"""Metres: lips no further apart than this at rest touch there, and are to come no nearer than that."""
_SLACK = 1.5e-4
"""Metres by which sealed lips of shapes may stay further apart: less than can be seen."""
_SLOPE = 2.0
"""The slack grows by this much per metre that the lips are to be apart: an open mouth needs no help."""


class LipSeal:
    """The gaps between the inner lips as linear functions of coefficients and of weights."""

    def __init__(self, bundle: ModelBundle) -> None:
        """Measures the gap of each pair at rest and what every shape and coefficient adds to it."""
        pairs = np.asarray(INNER_LIP_PAIRS)
        upper, lower = (bundle.landmarks68[pairs[:, side]] for side in (0, 1))
        self.rest: FloatArray = (bundle.template[upper, 2] - bundle.template[lower, 2])[:, None]
        """[3, 1] gaps of the face at rest, metres."""
        self.of_weights = _gap_rows(bundle.arkit_deltas[:, upper, 2] - bundle.arkit_deltas[:, lower, 2])
        """[3, K] metres per weight."""
        self.of_coefficients = _gap_rows(bundle.basis[:, upper, 2] - bundle.basis[:, lower, 2])
        """[3, P] metres per unit of each coefficient."""
        mean = bundle.mean_offset
        self.of_mean: FloatArray = self.rest + (mean[upper, 2] - mean[lower, 2])[:, None]
        """[3, 1] gaps at zero coefficients, metres."""
        self._closing = bundle.arkit_names.index(CLOSING_SHAPE)
        closed = -self.of_weights[:, self._closing : self._closing + 1]
        self.works: bool = bool((closed > 0).all())
        """Whether `mouthClose` closes these lips; if not, `apply` must not be called."""
        self._per_metre = 1.0 / closed if self.works else closed
        self._floor = np.minimum(self.rest, np.float32(_TOUCHING))

    def apply(self, weights: FloatArray, wanted: FloatArray) -> None:
        """Moves `mouthClose` in weights [K, T] so that the lips meet, and no more, where they should.

        Every frame is treated on its own, and a small change of the input is a small change of the result.

        Args:
            weights: [K, T] 0..1, changed in place.
            wanted: [3, T] gaps of the face that the weights stand for, metres.
        """
        gaps = np.dot(self.of_weights, weights)
        gaps += self.rest
        ceiling = np.maximum(wanted - self._floor, np.float32(0.0))
        ceiling *= np.float32(_SLOPE)
        ceiling += self._floor + np.float32(_SLACK)
        to_close = ((gaps - ceiling) * self._per_metre).max(axis=0)
        may_close = ((gaps - self._floor) * self._per_metre).min(axis=0)
        row = weights[self._closing]
        row += np.minimum(np.maximum(to_close, np.float32(0.0)), may_close)
        np.clip(row, np.float32(0.0), np.float32(1.0), out=row)


def _gap_rows(differences: FloatArray) -> FloatArray:
    rows: FloatArray = np.ascontiguousarray(differences.T)
    return rows
