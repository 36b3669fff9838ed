"""What a bundle tells emotions from prosody with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .array_types import AnyArray, FloatArray
from .prosody import MEASURES

_GAIN = 2.0
"""Shares are spread over ten emotions, and what is half sure is meant to be seen in full."""
_USUAL, _STRANGE = 1.45, 1.6
"""Measures this far from their mean (standard deviations, root mean square) are those of speech, and of none.

Nineteen in twenty moments of what it was learned from lie below the first, and music about the second."""
_FARTHEST = 3.0
"""Measures farther from their mean (standard deviations) count as this far: nothing was learned there."""


@dataclass(frozen=True, eq=False)
class HearingModel:
    """What tells emotions from prosody: a logistic regression on standardised measures.

    Attributes:
        names: [K] emotions that it tells; what is none of them is neutral.
        mean: [F] of the measures.
        scale: [F] their standard deviation.
        weight: [F, K + 1], to neutral and the emotions.
        bias: [K + 1].
        usual: [K] shares of the emotions that most neutral speech is taken for at most.
    """

    names: tuple[str, ...]
    mean: FloatArray
    scale: FloatArray
    weight: FloatArray
    bias: FloatArray
    usual: FloatArray

    @staticmethod
    def shapes(names: int) -> dict[str, tuple[int, ...]]:
        """Returns the shape of every array of a model."""
        F = len(MEASURES)
        return {
            "mean": (F,),
            "scale": (F,),
            "weight": (F, names + 1),
            "bias": (names + 1,),
            "usual": (names,),
        }

    @classmethod
    def from_arrays(cls, names: tuple[str, ...], arrays: Mapping[str, AnyArray]) -> "HearingModel":
        """Returns the model whose arrays are named as in `shapes`."""
        known = {name: np.asarray(arrays[name], np.float32) for name in cls.shapes(0)}
        return cls(names, **known)

    def arrays(self) -> dict[str, AnyArray]:
        """Returns what `from_arrays` takes."""
        return {name: getattr(self, name) for name in self.shapes(0)}

    def shares(self, values: FloatArray) -> FloatArray:
        """Returns how likely neutral and each emotion are, [M, K + 1], by prosody [M, F]; their sum is 1."""
        told = self._standard(values) @ self.weight + self.bias
        raised = np.exp(told - told.max(axis=1, keepdims=True))
        shares: FloatArray = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares

    def _standard(self, values: FloatArray) -> FloatArray:
        standard: FloatArray = np.clip((values - self.mean) / self.scale, -_FARTHEST, _FARTHEST)
        return standard

    def amounts(self, values: FloatArray) -> FloatArray:
        """Returns how much of each emotion is heard, [M, K], 0..1, by prosody [M, F].

        Only what is likelier than in neutral speech counts: of a voice that could be anything, a face shows
        nothing, and the surer it is, the more. Of what is measured as no speech is, it shows nothing either.
        """
        beyond = np.maximum(self.shares(values)[:, 1:] - self.usual, 0)
        away = np.sqrt(np.mean(self._standard(values) ** 2, axis=1))
        like_speech = smooth_step((_STRANGE - away) / (_STRANGE - _USUAL))
        amounts: FloatArray = (np.minimum(_GAIN * beyond, 1) * like_speech[:, None]).astype(np.float32)
        return amounts


def smooth_step(share: AnyArray) -> AnyArray:
    """Returns shares eased from 0 to 1; those beyond count as the nearer of the two."""
    inside = np.clip(share, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside))
