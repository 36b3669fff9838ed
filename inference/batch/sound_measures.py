"""Listens to a line as a sound engineer would: level, pauses, noise floor, clipping, music, pace.

Everything is measured in one walk over blocks and kept as a few numbers for each frame, so that an hour needs
a few megabytes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..array_types import DoubleArray, FloatArray
from ..audio_file import SAMPLE_RATE

_HOP = 160
"""10 ms."""
FRAME_RATE = SAMPLE_RATE / _HOP
_WINDOW = 1024
"""64 ms: long enough to part a voice's harmonics."""
_SPECTRUM_HOP = 512
_BAND_HZ = (200.0, 4000.0)
"""Above mains hum, and below what telephones and small loudspeakers lose."""
_ACTIVE_DB = 15.0
_PAUSE_DB = 30.0
"""Frames this far below the speech are pauses."""
_SILENT_DB = -65.0
_FLOOR_PERCENTILE = 5
_QUIET_SHARE = 0.2
_DIP_DB = 2.0
"""Between two syllables the loudness falls by this much (de Jong and Wempe 2009)."""
_FULL_SCALE = 0.999
_LOWEST_DB = -120.0

IndexArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class SoundMeasures:
    """What a line sounds like.

    Attributes:
        level_db: active speech level, dB of full scale; -120 for digital silence.
        floor_db: level of the quietest twentieth of the line.
        silence_share: share of the line in pauses, 0..1.
        syllable_rate: syllables per second outside the pauses.
        flatness: spectral flatness of the line's quiet parts, 0 for tones to 1 for white noise.
        steadiness: share of the quiet parts whose strongest tone goes on unchanged, 0..1.
        syllable_times: [N] seconds of the syllables' middles, the loudest first.
    """

    level_db: float
    floor_db: float
    silence_share: float
    syllable_rate: float
    flatness: float
    steadiness: float
    syllable_times: DoubleArray


def measure_sound(blocks: Iterable[FloatArray]) -> SoundMeasures:
    """Measures sound given in mono blocks [n] at 16 kHz."""
    energies: list[DoubleArray] = []
    spectra: list[DoubleArray] = []
    rest = np.empty(0, np.float32)
    for block in blocks:
        joined = np.concatenate((rest, block))
        hops = max(0, (len(joined) - _WINDOW) // _SPECTRUM_HOP + 1)
        used = hops * _SPECTRUM_HOP
        spectra.append(_spectrum_rows(joined, hops))
        energies.append(_frame_db(joined[: used // _HOP * _HOP]) if used else np.empty(0))
        rest = joined[used // _HOP * _HOP :] if used else joined
    energies.append(_frame_db(rest[: len(rest) // _HOP * _HOP]))
    return _summary(np.concatenate(energies), np.concatenate([*spectra, np.empty((0, 3))]))


class Clipping:
    """Counts the samples at full scale beside another such, block by block at the sound's own rate."""

    def __init__(self) -> None:
        """Nothing is heard yet."""
        self._clipped = self._total = 0

    def hear(self, block: FloatArray) -> None:
        """Counts those of the next block [n]."""
        at_limit = np.abs(block) >= _FULL_SCALE
        self._total += len(block)
        if at_limit.any():
            self._clipped += int(np.count_nonzero(at_limit[1:] & at_limit[:-1]))

    @property
    def share(self) -> float:
        """The share of them in what was heard, 0..1."""
        return self._clipped / self._total if self._total else 0.0


def _summary(energies: DoubleArray, spectra: DoubleArray) -> SoundMeasures:
    if not len(energies):
        energies = np.full(1, _LOWEST_DB)
    level = _active_level(energies)
    pauses = energies < max(level - _PAUSE_DB, _SILENT_DB)
    peaks = _syllables(energies, level)
    voiced = np.count_nonzero(~pauses) / FRAME_RATE
    flatness, steadiness = _quiet_parts(spectra)
    return SoundMeasures(
        level_db=level,
        floor_db=float(np.percentile(energies, _FLOOR_PERCENTILE)),
        silence_share=float(pauses.mean()),
        syllable_rate=len(peaks) / voiced if voiced else 0.0,
        flatness=flatness,
        steadiness=steadiness,
        syllable_times=_loudest_first(peaks, energies),
    )


def _loudest_first(peaks: IndexArray, energies: DoubleArray) -> DoubleArray:
    times: DoubleArray = (peaks[np.argsort(-energies[peaks], kind="stable")] + 0.5) / np.float64(FRAME_RATE)
    return times


def _frame_db(samples: FloatArray) -> DoubleArray:
    """Returns the level of every 10 ms, [n // 160]."""
    frames = samples.reshape(-1, _HOP).astype(np.float64)
    power = np.einsum("fn,fn->f", frames, frames) / _HOP
    decibels: DoubleArray = 10.0 * np.log10(np.maximum(power, 10.0 ** (_LOWEST_DB / 10.0)))
    return decibels


def _active_level(energies: DoubleArray) -> float:
    power = 10.0 ** (energies / 10.0)
    active = power[power >= power.mean() * 0.1]
    return float(10.0 * np.log10(active.mean()))


def _syllables(energies: DoubleArray, level: float) -> IndexArray:
    """Returns the frames of loudness peaks between dips, among those near the speech's level."""
    if level < _SILENT_DB:
        return np.empty(0, np.int64)
    kernel = np.hanning(7)[1:-1]
    margin = len(kernel) // 2
    curve = np.convolve(np.pad(energies, margin, mode="edge"), kernel / kernel.sum(), mode="valid")
    turns = np.flatnonzero(np.diff(np.sign(np.diff(curve)), prepend=0, append=0) != 0)
    smooth: list[float] = curve.tolist()
    peaks: list[int] = []
    lowest = -math.inf
    for turn in turns.tolist():
        value = smooth[turn]
        if peaks and value > smooth[peaks[-1]] and lowest > smooth[peaks[-1]] - _DIP_DB:
            peaks[-1] = turn
            lowest = value
        elif value - lowest >= _DIP_DB and value >= level - _ACTIVE_DB:
            peaks.append(turn)
            lowest = value
        lowest = min(lowest, value) if peaks else value
    return np.asarray(peaks, np.int64)


def _spectrum_rows(samples: FloatArray, hops: int) -> DoubleArray:
    """Returns level in dB, flatness and strongest bin of every window, [hops, 3]."""
    rows = np.empty((hops, 3))
    first, last = (round(frequency * _WINDOW / SAMPLE_RATE) for frequency in _BAND_HZ)
    window = np.hanning(_WINDOW).astype(np.float32)
    if not hops:
        return rows
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_SPECTRUM_HOP]
    for start in range(0, hops, 256):
        count = min(256, hops - start)
        spectrum = np.fft.rfft(windows[start : start + count] * window)[:, first:last]
        # Single precision: a logarithm of it takes a fraction of the time
        power = (spectrum.real**2 + spectrum.imag**2 + 1e-12).astype(np.float32)
        mean = power.mean(axis=1)
        rows[start : start + count, 0] = 10.0 * np.log10(mean)
        rows[start : start + count, 1] = np.exp(np.log(power).mean(axis=1)) / mean
        rows[start : start + count, 2] = power.argmax(axis=1)
    return rows


def _quiet_parts(spectra: DoubleArray) -> tuple[float, float]:
    if not len(spectra):
        return 1.0, 0.0
    quiet = spectra[:, 0] <= np.quantile(spectra[:, 0], _QUIET_SHARE)
    follows = quiet[1:] & quiet[:-1]
    same = np.abs(np.diff(spectra[:, 2])) <= 1
    steady = float(same[follows].mean()) if follows.any() else 0.0
    return float(np.median(spectra[quiet, 1])), steady
