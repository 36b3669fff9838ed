"""Sounds in which nobody speaks: a face that hears them stays still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.sound_conditions.levels import rms
from training.sound_conditions.noises import coloured
from training.sound_conditions.spectra import band, filtered

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: RMS of every one but silence, about that of speech.
LEVEL = 0.05
_CHORDS = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16))  # semitones: C, F, G and A minor
_BEAT = 0.5  # s


def silence(seconds: float, sample_rate: int, _rng: np.random.Generator) -> NDArray[np.float32]:
    """Return digital silence."""
    return np.zeros(int(seconds * sample_rate), np.float32)


def white_noise(seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return white noise."""
    return _levelled(rng.standard_normal(int(seconds * sample_rate)))


def fan_noise(seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a fan: brown noise, a hum of 100 Hz and its harmonics, and blades that sweep by."""
    count = int(seconds * sample_rate)
    time = np.arange(count) / sample_rate
    air = coloured(count, sample_rate, 0.9, rng, corner=120.0)
    blades = 1 + 0.15 * np.sin(2 * np.pi * 11.3 * time + rng.uniform(0, 6))
    hum = sum(np.sin(2 * np.pi * 100 * k * time + rng.uniform(0, 6)) / k**1.5 for k in range(1, 7))
    return _levelled(air * blades + 0.5 * np.asarray(hum))


def music(seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a band without a singer: plucked chords, a bass, a tune, and a drum on the beat."""
    count = int(seconds * sample_rate)
    sound = np.zeros(count + 2 * sample_rate)
    for beat in range(int(seconds / _BEAT) + 1):
        at = int(beat * _BEAT * sample_rate)
        chord = _CHORDS[beat // 4 % len(_CHORDS)]
        for note in (*(c + 12 for c in chord), chord[0] - 12):
            _add(sound, at, 0.3 * _pluck(note, 1.2, sample_rate, rng))
        for half in range(2):
            tune = chord[int(rng.integers(3))] + 24
            _add(sound, at + half * int(_BEAT / 2 * sample_rate), 0.4 * _pluck(tune, 0.5, sample_rate, rng))
        _add(sound, at, _drum(beat, sample_rate, rng))
    return _levelled(sound[:count])


def applause(seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a hall that claps: some 150 claps a second, each a short burst of noise."""
    count = int(seconds * sample_rate)
    clicks = np.zeros(count)
    size = int(150 * seconds)
    np.add.at(clicks, rng.integers(0, count, size), rng.lognormal(0, 0.6, size))
    length = int(0.02 * sample_rate)
    clap = rng.standard_normal(length) * np.exp(-np.arange(length) / sample_rate / 0.004)
    sound = np.convolve(clicks, clap)[:count]
    return _levelled(filtered(sound, sample_rate, band(500, 4000, 2.0)))


def breathing(seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return calm breathing near a microphone: in, out, a pause, every four seconds."""
    count = int(seconds * sample_rate)
    place = (np.arange(count) / sample_rate / 4.0) % 1.0
    inhale = np.clip(np.sin(np.pi * place / 0.35), 0, 1) * (place < 0.35)  # noqa: PLR2004 - shares of a breath
    exhale = np.clip(np.sin(np.pi * (place - 0.42) / 0.4), 0, 1) * ((place > 0.42) & (place < 0.82))  # noqa: PLR2004
    high = filtered(rng.standard_normal(count), sample_rate, band(900, 4500, 1.0))
    low = filtered(rng.standard_normal(count), sample_rate, band(250, 2200, 1.0))
    return _levelled(0.6 * inhale * high + exhale * low)


def _levelled(sound: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(np.clip(sound * (LEVEL / (rms(sound) + 1e-12)), -1, 1), np.float32)


def _add(sound: NDArray[np.float64], at: int, part: NDArray[np.float64]) -> None:
    end = min(len(sound), at + len(part))
    sound[at:end] += part[: max(0, end - at)]


def _pluck(note: float, seconds: float, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a plucked string, `note` semitones above middle C."""
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    pitch = 261.6 * 2 ** (note / 12)
    tones = [
        np.sin(2 * np.pi * pitch * k * time + rng.uniform(0, 6)) / k**1.3 * np.exp(-time * (2 + k))
        for k in range(1, 9)
        if pitch * k < sample_rate / 2
    ]
    return np.asarray(np.sum(tones, axis=0) * np.minimum(1, time / 0.004))


def _drum(beat: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a bass drum on even beats and a snare on odd ones."""
    time = np.arange(int(0.2 * sample_rate)) / sample_rate
    if beat % 2:
        return np.asarray(0.6 * rng.standard_normal(len(time)) * np.exp(-time * 30))
    return np.asarray(1.2 * np.sin(2 * np.pi * (50 * time - 6 * np.exp(-time * 20))) * np.exp(-time * 15))
