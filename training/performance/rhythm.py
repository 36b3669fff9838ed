"""What moves an expression: stressed syllables, breaths in pauses, and a slow wandering of its strength.

Brows rise with the pitch more often than by chance (Cavé et al. 1996, "About the relationship between eyebrow
movements and F0 variations", ICSLP), and facial movement goes with the voice's energy and pitch (Busso and
Narayanan 2007, see `training.performance.expressions`). How far, how long and how often is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from training.sound_conditions.pitch import pitch_track
from training.sound_conditions.spectra import HOP, spectrogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE = 16000
#: Stress is looked for in loudness smoothed over this time, no closer together than the second (s).
SMOOTHED, APART = 0.07, 0.28
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
    pitch = pitch_track(samples, _RATE)
    sigma = SMOOTHED * _RATE / HOP
    voiced = pitch > 0
    if voiced.sum() < 5:  # noqa: PLR2004 - frames, 40 ms: no speech to be stressed
        return np.zeros((0, 2))
    middle = float(np.median(pitch[voiced]))
    height = np.where(voiced, 12 * np.log2(np.maximum(pitch, 1) / middle), 0.0)
    score = gaussian_filter1d(np.maximum(level, level.max() - 35), sigma) + gaussian_filter1d(height, sigma)
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
