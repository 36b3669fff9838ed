"""Brings speech to the level that a model was trained at, whatever the recording's gain."""

import math
from collections.abc import Iterable

import numpy as np

from .array_types import DoubleArray, FloatArray

_FRAME = 400
"""25 ms at 16 kHz: shorter than a syllable, longer than a pitch period."""
_GATE_DB = 10.0
"""Frames this far below the line's mean energy are pauses (the relative gate of ITU-R BS.1770-4)."""
SILENCE_DB = -70.0
"""An active level below this is silence: amplifying it would animate hiss."""


class LevelMeter:
    """Measures the active-speech level of samples that arrive in blocks."""

    def __init__(self) -> None:
        """Starts with nothing heard."""
        self._rest = np.empty(0, np.float32)
        self._energies: list[DoubleArray] = []

    def push(self, samples: FloatArray) -> None:
        """Takes the next samples [N]."""
        joined = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(joined) // _FRAME * _FRAME
        self._energies.append(_frame_energies(joined[:whole]))
        self._rest = joined[whole:].copy()

    def level_db(self) -> float:
        """Returns the RMS of the frames with speech, in dB of full scale; -inf for digital silence."""
        energies = np.concatenate([*self._energies, _frame_energies(self._rest)])
        mean = float(energies.mean()) if len(energies) else 0.0
        if mean <= 0.0:
            return -math.inf
        active = energies[energies >= mean * 10.0 ** (-_GATE_DB / 10.0)]
        return 10.0 * math.log10(float(active.mean()))


def _frame_energies(samples: FloatArray) -> DoubleArray:
    """Returns the mean square of each frame, [n // 400], or of the one shorter rest."""
    if not len(samples):
        return np.empty(0)
    length = min(_FRAME, len(samples))
    frames = samples.reshape(-1, length).astype(np.float64)
    energies: DoubleArray = np.einsum("fn,fn->f", frames, frames) / length
    return energies


def measure_level(blocks: Iterable[FloatArray]) -> float:
    """Returns the active-speech level in dB of sound given in blocks [n] at 16 kHz."""
    meter = LevelMeter()
    for block in blocks:
        meter.push(block)
    return meter.level_db()


def loudness_gain(level_db: float, target_db: float) -> float:
    """Returns the factor from a measured level to the target; 0 for silence, which stays silence."""
    if level_db < SILENCE_DB:
        return 0.0
    return float(10.0 ** ((target_db - level_db) / 20.0))


def normalise_loudness(samples: FloatArray, target_db: float) -> FloatArray:
    """Returns the samples [N] with their active-speech level at `target_db` dB of full scale."""
    gain = loudness_gain(measure_level([samples]), target_db)
    return (samples * np.float32(gain)).astype(np.float32, copy=False)
