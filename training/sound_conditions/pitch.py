"""Slower, faster, higher, deeper, and other sizes of throat: each for itself."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import irfft
from scipy.ndimage import map_coordinates
from scipy.signal import resample_poly

from training.sound_conditions.spectra import (
    HOP,
    WINDOW,
    band,
    envelopes,
    filtered,
    resynthesis,
    spectrogram,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Of time stretching, in samples of 16 kHz: pieces of 32 ms, placed every 16 ms, moved by up to 10 ms to fit.
_PIECE, _STEP, _REACH, _SEARCH_STEP = 512, 256, 160, 4
#: A throat never changes a frequency by more (dB).
_MOST_GAIN_DB = 20.0
#: Lowest and highest pitch looked for (Hertz), and how periodic a voiced frame is (1 would be perfectly).
_PITCHES, _VOICED = (60.0, 450.0), 0.45
#: What an octave lower must fit better to be believed: whole multiples of a period fit as well as it does.
_OCTAVE_BIAS = 0.12


def stretched(samples: NDArray[np.floating[Any]], factor: float) -> NDArray[np.float64]:
    """Return speech that lasts `factor` times as long at the same pitch.

    Pieces are overlapped where they fit best ("WSOLA", Verhelst and Roelands 1993). What was said at t is
    said at t * factor, give or take 10 ms.
    """
    count = round(len(samples) * factor)
    starts = [round((step * _STEP - _STEP) / factor) for step in range(count // _STEP + 2)]
    return _overlapped(samples, starts, count)


def repitched(samples: NDArray[np.floating[Any]], pitch: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return speech [N] whose pitch is multiplied by a factor that changes, at the same timing and formants.

    Args:
        samples: [N] at 16 kHz.
        pitch: [F] factor for every 8 ms, as `pitch_track` counts them.
    """
    throats = throat_scaled(samples, 1 / pitch)
    factor = per_sample(np.asarray(pitch, np.float64), len(samples))
    slowed = np.concatenate([[0.0], np.cumsum(factor)])  # where each sample lies once the speech is slowed
    count = int(slowed[-1]) + 1
    steps = np.arange(count // _STEP + 2) * _STEP - _STEP
    starts = np.interp(steps, slowed, np.arange(len(slowed)))
    starts += np.minimum(steps, 0)
    slow = _overlapped(throats, [round(s) for s in starts], count)
    highest = float(factor.max())
    if highest > 1:
        slow = filtered(slow, 16000, band(0, 7800 / highest))
    return np.asarray(map_coordinates(slow, slowed[None, : len(samples)], order=3, mode="nearest"))


def _overlapped(samples: NDArray[np.floating[Any]], starts: Sequence[int], count: int) -> NDArray[np.float64]:
    """Return `count` samples of pieces overlapped where they fit best, each begun near its start."""
    before, after = _REACH, 2 * _PIECE + _REACH
    x = np.pad(np.asarray(samples, np.float64), (before, after))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(_PIECE) + 0.5) / _PIECE)
    out = np.zeros(len(starts) * _STEP + _PIECE)
    follows = before
    for step, start in enumerate(starts):
        at = before + min(start, len(samples))
        if step > 0:
            at = max(at, 0) + _best_shift(x, max(at, 0), follows)
        at = min(max(at, 0), len(x) - _PIECE)
        out[step * _STEP : step * _STEP + _PIECE] += x[at : at + _PIECE] * window
        follows = min(at + _STEP, len(x) - _PIECE)
    return out[_STEP : _STEP + count]


def _best_shift(x: NDArray[np.float64], at: int, follows: int) -> int:
    """Return how far to move from `at` to find what looks most like the piece at `follows`."""
    low, high = max(at - _REACH, 0), min(at + _REACH, len(x) - _PIECE)
    if high <= low:
        return 0
    wanted = x[follows : follows + _PIECE : _SEARCH_STEP]
    place = x[low : high + _PIECE : _SEARCH_STEP]
    return low + int(np.argmax(np.correlate(place, wanted))) * _SEARCH_STEP - at


def resampled(samples: NDArray[np.floating[Any]], speed: float) -> NDArray[np.float64]:
    """Return samples played `speed` times as fast: pitch and throat change with it."""
    ratio = Fraction(speed).limit_denominator(40)
    return np.asarray(resample_poly(np.asarray(samples, np.float64), ratio.denominator, ratio.numerator))


def throat_scaled(
    samples: NDArray[np.floating[Any]], ratio: float | NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Return speech whose formants lie `ratio` times as high, at the same pitch.

    Args:
        samples: [N] at 16 kHz.
        ratio: One for all of it, or [F] for every 8 ms.
    """
    spectra = spectrogram(samples)
    shape = np.log(envelopes(spectra))
    bins = np.arange(shape.shape[1])
    from_bins = np.clip(bins / np.atleast_1d(ratio)[:, None], 0, bins[-1])
    low = np.minimum(from_bins.astype(int), bins[-1] - 1)
    share, rows = from_bins - low, np.arange(len(shape))[:, None]
    moved = shape[rows, low] * (1 - share) + shape[rows, low + 1] * share
    most = _MOST_GAIN_DB * np.log(10) / 20
    return resynthesis(spectra * np.exp(np.clip(moved - shape, -most, most)), len(samples))


def pitched(samples: NDArray[np.floating[Any]], pitch: float, throat: float) -> NDArray[np.float64]:
    """Return speech [N] with other pitch and formants at the same timing.

    Args:
        samples: [N] at 16 kHz.
        pitch: Factor of the pitch.
        throat: Factor of the formants; 1.2 turns a man's into a child's.
    """
    throats = throat_scaled(samples, throat / pitch)  # before: of a high voice, harmonics look like formants
    moved = resampled(stretched(throats, pitch), pitch)
    return np.pad(moved, (0, max(0, len(samples) - len(moved))))[: len(samples)]


def pitch_track(samples: NDArray[np.floating[Any]], sample_rate: int) -> NDArray[np.float64]:
    """Return the pitch [F] of every 8 ms in Hertz; 0 where nothing is voiced."""
    spectra = spectrogram(samples)
    power = np.abs(spectra) ** 2
    power[:, int(2000 / sample_rate * WINDOW) :] = 0
    match = irfft(power, WINDOW, axis=1)
    window = irfft(np.abs(np.fft.rfft(np.hanning(WINDOW) ** 0.5)) ** 2, WINDOW)
    lags = np.arange(int(sample_rate / _PITCHES[1]), int(sample_rate / _PITCHES[0]))
    fit = match[:, lags] / (match[:, :1] + 1e-9) / (window[lags] / window[0])
    best = (fit - _OCTAVE_BIAS * np.log2(lags)).argmax(1)
    loud = power.sum(1) > power.sum(1).max() * 1e-4
    voiced = (fit[np.arange(len(fit)), best] > _VOICED) & loud
    return np.where(voiced, sample_rate / lags[best], 0.0)


def pulses(pitch: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Return a buzz that follows a pitch: every harmonic below 7 kHz, equally strong.

    Args:
        pitch: [N] Hertz, above 0, for every sample.
        sample_rate: Hertz.
    """
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    harmonics = np.floor(7000 / pitch.max())
    half = np.sin(phase / 2)
    half = np.where(np.abs(half) < 1e-6, 1e-6, half)  # noqa: PLR2004 - nearly zero
    return np.asarray(np.sin((harmonics + 0.5) * phase) / (2 * half) - 0.5)


def vocoded(
    samples: NDArray[np.floating[Any]], excitation: NDArray[np.float64], compression: float = 1.0
) -> NDArray[np.float64]:
    """Return an excitation [N] that says what the speech [N] says.

    Args:
        samples: Speech.
        excitation: A flat spectrum: noise or pulses.
        compression: Exponent of the loudness; below 1 quiet parts come nearer to loud ones.
    """
    speech, source = spectrogram(samples), spectrogram(excitation)
    said = source * envelopes(speech)
    loudness = np.sqrt((np.abs(speech) ** 2).sum(1))
    scale = loudness.max() + 1e-12
    wanted = scale * (loudness / scale) ** compression
    return resynthesis(said * (wanted / (np.sqrt((np.abs(said) ** 2).sum(1)) + 1e-9))[:, None], len(samples))


def per_sample(track: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return a track of 8 ms frames as `count` samples."""
    return np.interp(np.arange(count), np.arange(len(track)) * HOP, track)
