"""Made-up sounds for training, in which nobody speaks: silence, noises of many kinds, chords and beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq
from scipy.signal import fftconvolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Share of noises with a hum.
HUM_SHARE = 0.4


def silence(count: int, _sample_rate: int, _rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of digital silence."""
    return np.zeros(count)


def noise(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of steady coloured noise (white to brown, sometimes with a hum), RMS 1."""
    length = next_fast_len(count, real=True)
    frequency = rfftfreq(length, 1 / sample_rate)
    slope = rng.uniform(0, 1.2)
    shape = 1 / np.maximum(frequency, 50) ** slope * random_curve(frequency, rng, 6.0)
    spectrum = shape * (rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency)))
    sound = irfft(spectrum, length)[:count]
    sound /= np.sqrt((sound**2).mean()) + 1e-12
    if rng.random() < HUM_SHARE:
        base, t = rng.uniform(45, 220), np.arange(count) / sample_rate
        hum = sum(
            rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) for k in range(1, 9)
        )
        sound = sound + rng.uniform(0.2, 2) * np.asarray(hum)
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def chords(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of chords in many timbres that change a few times a second, RMS 1."""
    t, sound, begin = np.arange(count) / sample_rate, np.zeros(count), 0
    while begin < count:
        end = min(count, begin + int(rng.uniform(0.15, 1.2) * sample_rate))
        part, decay = t[begin:end] - t[begin], rng.uniform(0, 4)
        for _ in range(rng.integers(1, 5)):
            pitch = 55 * 2 ** (rng.integers(0, 48) / 12)
            bright = rng.uniform(0.8, 2.5)
            vibrato = rng.uniform(0, 0.5) * np.sin(2 * np.pi * rng.uniform(3, 7) * part)
            tones = [np.sin(2 * np.pi * pitch * k * part + k * vibrato) / k**bright for k in range(1, 9)]
            sound[begin:end] += rng.uniform(0.3, 1) * np.sum(tones, 0) * np.exp(-decay * part)
        begin = end
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def bursts(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of short noises, from a click now and then to a hall that claps, RMS 1."""
    length = int(rng.uniform(0.005, 0.12) * sample_rate)
    each = noise(length, sample_rate, rng) * np.exp(-np.arange(length) / (rng.uniform(0.1, 0.4) * length))
    size = max(1, int(np.exp(rng.uniform(*np.log((1.0, 300.0)))) * count / sample_rate))
    hits = np.zeros(count)
    np.add.at(hits, rng.integers(0, count, size), rng.lognormal(0, 0.6, size))
    sound = fftconvolve(hits, each)[:count]
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def gusts(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of noise that swells and fades, as wind and breath do, RMS 1."""
    knots = np.arange(0, count + sample_rate, int(rng.uniform(0.15, 0.8) * sample_rate))
    level = np.interp(np.arange(count), knots, rng.uniform(0, 1, len(knots)) ** 2)
    sound = noise(count, sample_rate, rng) * level
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def band_music(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of two layers of chords and of beats, RMS 1."""
    layers = [
        chords(count, sample_rate, rng),
        chords(count, sample_rate, rng),
        bursts(count, sample_rate, rng),
    ]
    sound = np.tensordot(rng.uniform(0.2, 1, 3), np.array(layers), axes=1)
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def random_curve(
    frequency: NDArray[np.float64], rng: np.random.Generator, deviation_db: float
) -> NDArray[np.float64]:
    """Return a smooth random gain over `frequency` (Hertz), `deviation_db` at one standard deviation."""
    knots = np.array([50, 120, 300, 700, 1500, 3000, 5000, 8000], np.float64)
    gains = rng.normal(0, deviation_db, len(knots))
    return np.asarray(10.0 ** (np.interp(np.log(frequency + 20), np.log(knots), gains) / 20))
