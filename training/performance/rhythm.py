"""What moves an expression: stressed syllables, breaths in pauses, and a slow wandering of its strength.

Of the rapid risings and fallings of the brows in Cavé, Guaïtella, Bertrand, Santi, Harlay and Espesser 1996,
"About the relationship between eyebrow movements and F0 variations", ICSLP, 71 % went with a rise of the
pitch: they are linked, but not automatically. Hence brows follow most stressed syllables here, and not all.
How far and how long is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from training.performance.melody import melody
from training.sound_conditions.spectra import HOP, spectrogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE = 16000
#: Stress is looked for in loudness smoothed over this time, no closer together than the second (s).
SMOOTHED, APART = 0.07, 0.28
#: What is quieter than the loudest by more (dB) is as good as silent.
FAINT_DB = 30.0
#: A brow's beat lasts so long and comes so much before its syllable's middle (s).
BEAT, EARLY = 0.42, 0.04
#: Share of the stressed syllables that a performance marks.
MARKED = 0.75
#: Strength wanders by this share (standard deviation), over this time (s).
WANDERING, WANDERING_TIME = 0.06, 0.6


def stress_beats(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the stressed syllables of a sound: time (s) and strength from 0.4 to 1, [K, 2]."""
    spectra = spectrogram(samples)
    level = 10 * np.log10((np.abs(spectra) ** 2).sum(1) + 1e-9)
    height = melody(samples)
    if height is None:
        return np.zeros((0, 2))
    heard = np.maximum(level, level.max() - FAINT_DB)
    score = gaussian_filter1d(heard + height, SMOOTHED * _RATE / HOP)
    peaks, found = find_peaks(score, distance=int(APART * _RATE / HOP), prominence=2.0)
    peaks = np.asarray(peaks)
    if not len(peaks):
        return np.zeros((0, 2))
    strength = np.asarray(found["prominences"]) / np.max(found["prominences"])
    return np.stack([peaks * HOP / _RATE, 0.4 + 0.6 * strength], 1)


def stress_curve(
    beats: NDArray[np.float64], times: NDArray[np.floating], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return from 0 to about 1 how stressed each time [T] (s) is; some beats are left out at random."""
    curve = np.zeros(len(times))
    for time, strength in beats:
        amount = strength * rng.uniform(0.6, 1.2) * (rng.random() < MARKED)
        near = np.clip(np.abs(times - (time - EARLY)) / (BEAT / 2), 0, 1)
        curve = np.maximum(curve, amount * (0.5 + 0.5 * np.cos(np.pi * near)))
    return curve


def breath_curve(
    rate: float, silent: NDArray[np.float64], times: NDArray[np.floating], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return breaths from 0 to 1 at `times` [T] (s), in pauses alone.

    Args:
        rate: Breaths a second.
        silent: [T] from 0 to 1 whether nobody speaks.
        times: [T] seconds.
        rng: Source of their phase and irregularity.
    """
    if rate <= 0:
        return np.zeros(len(times))
    wobble = 0.25 * np.sin(2 * np.pi * 0.37 * times + rng.uniform(0, 2 * np.pi))
    phase = 2 * np.pi * rate * rng.uniform(0.85, 1.15) * times + rng.uniform(0, 2 * np.pi) + wobble
    return np.asarray(silent * (0.5 - 0.5 * np.cos(phase)), np.float64)


def wandering(times: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a factor [T] that wanders smoothly about 1."""
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    sigma = WANDERING_TIME / step
    walk = gaussian_filter1d(rng.standard_normal(len(times) + int(6 * sigma)), sigma, mode="wrap")
    walk *= WANDERING * np.sqrt(2 * np.sqrt(np.pi) * sigma)
    return np.asarray(1 + np.clip(walk[: len(times)], -2 * WANDERING, 2 * WANDERING), np.float64)
