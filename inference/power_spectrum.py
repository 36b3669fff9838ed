"""Power spectra of windowed frames: by a Fourier transform, or by matrices where frames are short."""

from functools import lru_cache

import numpy as np

from .array_types import AnyArray, DoubleArray, FloatArray

_SHORT = 512
"""Longest window, in samples, for which two products of matrices are done sooner than a fast transform."""


def power_spectrum(frames: FloatArray, length: int) -> FloatArray:
    """Returns [F, length // 2 + 1] whose sum over both sides is the mean square of the window.

    Args:
        frames: [F, N] samples; a periodic Hann window is applied.
        length: of the transform, N or more; zeros are appended.
    """
    window = hann(frames.shape[1])
    scale = np.float32(1.0 / (length * float((window.astype(np.float64) ** 2).sum())))
    short = frames.shape[1] <= _SHORT and frames.shape[1] % 2 == 0
    power = _by_matrices(frames, length) if short else _by_transform(frames * window, length)
    power *= scale  # in place: arrays of all frames are large
    return power.astype(np.float32, copy=False)


def _by_transform(frames: FloatArray, length: int) -> AnyArray:
    spectrum: AnyArray = np.fft.rfft(frames, n=length, axis=1)
    power: AnyArray = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def _by_matrices(frames: FloatArray, length: int) -> FloatArray:
    """Returns the power from cosines of what is even around the middle, and sines of what is odd.

    The window is even itself, and nothing at a frame's first sample.
    """
    middle = frames.shape[1] // 2
    cosines, sines = _matrices(frames.shape[1], length)
    ahead, behind = frames[:, middle + 1 :], frames[:, middle - 1 : 0 : -1]
    even = np.concatenate((frames[:, middle : middle + 1], ahead + behind), axis=1)
    power: FloatArray = np.square(even @ cosines)
    power += np.square((ahead - behind) @ sines)
    return power


@lru_cache(maxsize=8)
def _matrices(size: int, length: int) -> tuple[FloatArray, FloatArray]:
    """Returns cosines [size / 2, K] and sines [size / 2 - 1, K], windowed, K = length // 2 + 1."""
    away = np.arange(size // 2)
    angle = 2.0 * np.pi * np.outer(away, np.arange(length // 2 + 1)) / length
    window: DoubleArray = hann(size)[size // 2 :, None].astype(np.float64)
    cosines, sines = np.cos(angle) * window, np.sin(angle)[1:] * window[1:]
    return cosines.astype(np.float32), sines.astype(np.float32)


@lru_cache(maxsize=8)
def hann(length: int) -> FloatArray:
    """Returns the periodic Hann window [length]."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)
