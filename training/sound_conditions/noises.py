"""Noise of any colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq

from training.sound_conditions.levels import rms

if TYPE_CHECKING:
    from numpy.typing import NDArray


def coloured(
    count: int, sample_rate: int, slope: float, rng: np.random.Generator, corner: float = 50.0
) -> NDArray[np.float64]:
    """Return `count` samples of steady noise, RMS 1.

    Args:
        count: Samples.
        sample_rate: Hertz.
        slope: Of the magnitude over frequency: 0 is white, 0.5 pink, 1 brown.
        rng: Source of the noise.
        corner: It is flat below this frequency (Hertz).
    """
    length = next_fast_len(max(count, 16), real=True)
    frequency = rfftfreq(length, 1 / sample_rate)
    draw = rng.standard_normal((2, len(frequency)))
    sound = irfft((draw[0] + 1j * draw[1]) / np.maximum(frequency, corner) ** slope, length)[:count]
    return np.asarray(sound / (rms(sound) + 1e-12))
