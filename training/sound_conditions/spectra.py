"""Filters that delay nothing, and short-time spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Short-time spectra: window and hop in samples of 16 kHz (32 ms and 8 ms).
WINDOW, HOP = 512, 128
#: Cepstral coefficients of a spectral envelope: finer ripples are the voice's harmonics.
ENVELOPE_ORDER = 32


def filtered(
    samples: NDArray[np.floating[Any]],
    sample_rate: int,
    gain: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return samples times a gain over frequency, without any delay.

    Args:
        samples: [N] mono.
        sample_rate: Hertz.
        gain: Takes frequencies [F] in Hertz, returns factors [F].
    """
    length = next_fast_len(len(samples) + sample_rate // 50, real=True)
    frequency = rfftfreq(length, 1 / sample_rate)
    return np.asarray(irfft(rfft(samples, length) * gain(frequency), length)[: len(samples)])


def band(
    low: float, high: float, octave_slope: float = 8.0
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the gain of a band-pass between two frequencies (Hertz), as steep as Butterworth's."""

    def gain(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        f = np.maximum(frequency, 1.0)
        lower = 1 / np.sqrt(1 + (low / f) ** (2 * octave_slope)) if low > 0 else 1.0
        return np.asarray(lower / np.sqrt(1 + (f / high) ** (2 * octave_slope)))

    return gain


def spectrogram(samples: NDArray[np.floating[Any]]) -> NDArray[np.complex128]:
    """Return short-time spectra [F, 257] of samples [N]; frame i is centred at sample i * HOP."""
    padded = np.pad(np.asarray(samples, np.float64), (WINDOW // 2, WINDOW + HOP))
    count = len(samples) // HOP + 2
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: count * HOP : HOP]
    return np.asarray(rfft(frames * _hann(), axis=1))


def resynthesis(spectra: NDArray[np.complexfloating[Any, Any]], count: int) -> NDArray[np.float64]:
    """Return `count` samples of short-time spectra [F, 257], by overlap and add."""
    frames = irfft(spectra, WINDOW, axis=1) * _hann()
    length = (len(frames) - 1) * HOP + WINDOW
    sound, weight = np.zeros(length), np.zeros(length)
    for part in range(WINDOW // HOP):  # frames that are a window apart never overlap
        rows = frames[part :: WINDOW // HOP]
        span = slice(part * HOP, part * HOP + rows.size)
        sound[span] += rows.reshape(-1)
        weight[span] += np.tile(_hann() ** 2, len(rows))
    whole = sound / np.maximum(weight, 1e-3)
    return np.pad(whole[WINDOW // 2 :], (0, max(0, count)))[:count]


def envelopes(
    spectra: NDArray[np.complexfloating[Any, Any]], order: int = ENVELOPE_ORDER
) -> NDArray[np.float64]:
    """Return the smooth magnitude [F, 257] of short-time spectra: their log's cepstrum cut off at `order`."""
    cepstra = irfft(np.log(np.abs(spectra) + 1e-7), WINDOW, axis=1)
    cepstra[:, order : WINDOW - order + 1] = 0
    return np.asarray(np.exp(rfft(cepstra, axis=1).real))


def _hann() -> NDArray[np.float64]:
    return np.asarray(np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)))
