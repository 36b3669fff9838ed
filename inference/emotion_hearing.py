"""Emotion heard from the voice: from how a line is spoken to how much of each emotion is in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from .array_types import AnyArray, CancelCheck, DoubleArray, FloatArray
from .errors import Cancelled, LipwrightError
from .hearing_model import HearingModel, smooth_step
from .prosody import STEP_SECONDS, Prosody, measure_prosody

if TYPE_CHECKING:
    from .audio_file import SpeechSource
    from .model_bundle import ModelBundle

FADE_IN = 1.0
"""A line begins neutral, and what is heard comes in over this time (s)."""
_SMOOTHING = 0.35
"""What is heard is smoothed by a bell of this standard deviation (s)."""
_SILENT, _SPOKEN = 0.08, 0.25
"""Nothing is heard where less than the first share of the span is voiced, all from the second on."""


@dataclass(frozen=True, eq=False)
class HeardEmotion:
    """What a voice sounds like, over a line; linear between its moments, constant behind the last.

    Attributes:
        times: [M] seconds, evenly spaced from 0.
        weights: [M, N] how much of each of the model's emotions is heard, 0..1; neutral at 0 s.
    """

    times: DoubleArray
    weights: FloatArray

    def weights_at(self, times: DoubleArray) -> FloatArray:
        """Returns the weights [T, N] at times [T] in seconds."""
        columns = [np.interp(times, self.times, column) for column in self.weights.T]
        return np.stack(columns, axis=1).astype(np.float32)

    def vectors_at(self, bundle: "ModelBundle", times: DoubleArray) -> FloatArray:
        """Returns the latent vectors [T, E] of the model that heard it, at times [T] in seconds."""
        vectors: FloatArray = self.weights_at(times) @ bundle.emotion_vectors
        return vectors.astype(np.float32, copy=False)


def check_hearing(bundle: "ModelBundle") -> HearingModel:
    """Returns what a model hears emotion with.

    Raises:
        LipwrightError: it has nothing for that.
    """
    if bundle.hearing is None:
        raise LipwrightError(
            f"{bundle.path}: the model {bundle.name} does not hear emotion; set it by name instead"
        )
    return bundle.hearing


def hear_emotion(
    bundle: "ModelBundle", source: "SpeechSource", cancelled: CancelCheck | None = None
) -> HeardEmotion:
    """Hears how a line is spoken.

    Args:
        bundle: a model that hears emotion.
        source: an `AudioClip` or an `AudioFile`.
        cancelled: asked once per block of sound.

    Raises:
        LipwrightError: when the model does not hear emotion, or the sound is damaged.
        Cancelled: when `cancelled` answered true.
    """
    hearing = check_hearing(bundle)
    prosody = measure_prosody(_until_cancelled(source, cancelled))
    known = {name: column for column, name in enumerate(bundle.emotion_names)}
    weights = np.zeros((len(prosody.times), len(known)), np.float32)
    weights[:, [known[name] for name in hearing.names]] = heard_amounts(hearing, prosody)
    return HeardEmotion(prosody.times, weights)


def heard_amounts(hearing: HearingModel, prosody: Prosody) -> FloatArray:
    """Returns how much of each of `hearing.names` a face is to show, [M, K], 0..1: smooth, neutral at 0 s."""
    presence = smooth_step((prosody.voiced - _SILENT) / (_SPOKEN - _SILENT))
    amounts = _smoothed(hearing.amounts(prosody.values) * presence[:, None])
    shown: FloatArray = (amounts * smooth_step(prosody.times / FADE_IN)[:, None]).astype(np.float32)
    return shown


def _smoothed(rows: AnyArray) -> AnyArray:
    kernel = _bell()
    padded = np.pad(rows, ((len(kernel) // 2, len(kernel) // 2), (0, 0)), mode="edge")
    spans = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)
    return np.asarray(spans @ kernel)


@lru_cache(maxsize=1)
def _bell() -> DoubleArray:
    reach = int(3 * _SMOOTHING / STEP_SECONDS)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP_SECONDS / _SMOOTHING) ** 2)
    return np.asarray(bell / bell.sum(), np.float64)


def _until_cancelled(source: "SpeechSource", cancelled: CancelCheck | None) -> Iterator[FloatArray]:
    for block in source.blocks():
        if cancelled is not None and cancelled():
            raise Cancelled
        yield block
