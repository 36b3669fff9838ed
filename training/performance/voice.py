"""The sound of a performed line: pitch, loudness, tone and breath follow the same emotions as the face.

What is changed in which direction, and whose findings that follows, stands in `training.performance.manners`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.performance.manners import manner_curve
from training.performance.melody import melody
from training.sound_conditions.levels import speech_level
from training.sound_conditions.noises import coloured
from training.sound_conditions.pitch import per_sample, repitched
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
    from numpy.typing import NDArray

_RATE = 16000
#: The pitch is moved by so many semitones at most.
MOST_SEMITONES = 9.0
#: Trembling voices tremble so often a second.
TREMORS = (4.5, 8.0)
#: Brightness is changed on both sides of this frequency (Hertz), by this much at most (dB).
TILT_CENTRE, MOST_TILT_DB = 500.0, 10.0
#: Breath beside a voice is heard above this frequency (Hertz).
BREATH_FROM = 1500.0
#: Audible breaths in pauses lie so far under the speech (dB), in this band (Hertz).
BREATH_DB, BREATH_BAND = -22.0, (400.0, 5000.0)
#: What is louder than the first is squeezed, so that nothing passes the second: loud voices stay loud.
SQUEEZED_FROM, LOUDEST = 0.6, 0.98
#: Lines of two performances of the same emotion differ by this share (standard deviation).
DIFFERENCE = 0.15


def emotional_voice(
    samples: NDArray[np.float32],
    times: NDArray[np.floating],
    labels: NDArray[np.floating],
    breath: NDArray[np.floating],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return speech [N] in other emotions, at the same timing.

    Args:
        samples: [N] neutral speech, 16 kHz.
        times: [T] seconds of the labels.
        labels: [T, 10] intensities, 0 to 1; where all of them are 0 the sound is returned as it is.
        breath: [T] from 0 to 1, breaths in pauses, in time with the face's.
        rng: Source of tremor, jitter, breath and the difference between performances.
    """
    if not labels.any() or not samples.any():
        return samples
    at = np.arange(len(samples) // HOP + 2) * HOP / _RATE
    frames = np.stack([np.interp(at, times, column) for column in np.asarray(labels).T], 1)
    frames *= 1 + np.clip(DIFFERENCE * rng.standard_normal(), -0.3, 0.3)
    sound = repitched(samples, _pitch_factor(samples, frames, rng))
    sound = _coloured(sound, frames, rng)
    sound += _breaths(len(samples), speech_level(sound, _RATE), np.interp(at, times, breath), rng)
    return _squeezed(sound)


def _squeezed(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return sound [N] within +-`LOUDEST`, smoothly; one that was within it stays as it was."""
    size = np.abs(sound)
    if size.max() <= LOUDEST:
        return sound.astype(np.float32)
    room = LOUDEST - SQUEEZED_FROM
    pressed = SQUEEZED_FROM + room * np.tanh((size - SQUEEZED_FROM) / room)
    return np.asarray(np.where(size > SQUEEZED_FROM, np.sign(sound) * pressed, sound), np.float32)


def _pitch_factor(
    samples: NDArray[np.float32], labels: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the factor of the pitch for every 8 ms [F]."""
    count = len(labels)
    time = np.arange(count) * HOP / _RATE
    rate = rng.uniform(*TREMORS)
    tremor = np.sin(2 * np.pi * rate * time + rng.uniform(0, 2 * np.pi))
    jitter = gaussian_filter1d(rng.standard_normal(count), 1.0) * 2
    semitones = manner_curve("pitch", labels) + manner_curve("tremor", labels) * tremor
    semitones += manner_curve("jitter", labels) * jitter
    height = melody(samples)
    if height is not None:
        semitones += (manner_curve("pitch_range", labels) - 1) * height
    return np.asarray(2 ** (np.clip(semitones, -MOST_SEMITONES, MOST_SEMITONES) / 12), np.float64)


def _coloured(
    sound: NDArray[np.float64], labels: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return sound [N] of another loudness, tone and breathiness."""
    spectra = spectrogram(sound)
    frequency = np.arange(spectra.shape[1]) * _RATE / WINDOW
    octaves = np.log2(np.maximum(frequency, 60) / TILT_CENTRE)
    bright = manner_curve("tilt", labels)[:, None] * octaves
    loudness = np.linalg.norm(spectra, axis=1)
    said = spectra * 10 ** (np.clip(bright, -MOST_TILT_DB, MOST_TILT_DB) / 20)
    said *= (loudness / (np.linalg.norm(said, axis=1) + 1e-9))[:, None]  # tone alone leaves the loudness
    breath = spectrogram(rng.standard_normal(len(sound))) / np.sqrt(WINDOW / 2)
    breath *= envelopes(said) * (1 / (1 + (BREATH_FROM / np.maximum(frequency, 1)) ** 2))
    said += manner_curve("breathiness", labels)[:, None] * breath
    return resynthesis(said * 10 ** (manner_curve("level", labels)[:, None] / 20), len(sound))


def _breaths(
    count: int, level: float, breath: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return audible breaths [N], as loud as `breath` [F] is high."""
    if not breath.any():
        return np.zeros(count)
    hiss = filtered(coloured(count, _RATE, 0.4, rng), _RATE, band(*BREATH_BAND, octave_slope=1.0))
    return np.asarray(hiss * per_sample(breath, count) * level * 10 ** (BREATH_DB / 20), np.float64)
