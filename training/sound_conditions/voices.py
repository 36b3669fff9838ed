"""The same words at the same times in other voices: whispered, shouted, sung, laughed, a child's, a bass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.sound_conditions.levels import rms, speech_level
from training.sound_conditions.noises import coloured
from training.sound_conditions.pitch import per_sample, pitch_track, pitched, pulses, vocoded
from training.sound_conditions.spectra import filtered

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHILD, _BASS = (1.7, 1.2), (0.62, 0.88)  # factors of pitch and formants
#: Sung notes: length of a note (s), semitones above speech, depth (semitones) and rate (Hertz) of vibrato.
_NOTE_SECONDS, _LIFT, _VIBRATO_DEPTH, _VIBRATO_RATE = 0.45, 4.0, 0.4, 5.5
#: Bursts of laughter each second, and the formants (Hertz) of their vowel.
_LAUGH_RATE, _LAUGH_FORMANTS = 4.8, ((750.0, 120.0), (1250.0, 160.0), (2600.0, 300.0))


def whisper(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech [N] whispered: breath instead of the voice, weak below 500 Hz, evener in loudness."""
    breath = vocoded(samples, rng.standard_normal(len(samples)), compression=0.75)
    thin = filtered(breath, sample_rate, lambda f: 1 / np.sqrt(1 + (500 / np.maximum(f, 1)) ** 4))
    return _at_level(thin, samples, 0.4)


def shout(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech [N] shouted: higher, pressed (brighter by up to 14 dB), and loud."""
    high = pitched(samples, 1.35 * 2 ** (rng.uniform(-1, 1) / 12), 1.06)
    bright = filtered(high, sample_rate, lambda f: 10 ** (np.clip(4.5 * np.log2((f + 1) / 350), 0, 14) / 20))
    level = 0.25 / (speech_level(bright, sample_rate) + 1e-12)
    return np.asarray(np.tanh(bright * level * 1.5), np.float32)


def child_high(
    samples: NDArray[np.float32], _sample_rate: int, _rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] in a child's pitch and throat."""
    return _at_level(pitched(samples, *_CHILD), samples)


def bass_low(
    samples: NDArray[np.float32], _sample_rate: int, _rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] in a very deep voice."""
    return _at_level(pitched(samples, *_BASS), samples)


def singing(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech [N] sung: what is voiced stays on notes of half a second, with vibrato."""
    track = pitch_track(samples, sample_rate)
    notes = _notes(track, int(_NOTE_SECONDS * sample_rate / 128))
    time = np.arange(len(samples)) / sample_rate
    vibrato = _VIBRATO_DEPTH * np.sin(2 * np.pi * _VIBRATO_RATE * time + rng.uniform(0, 6))
    buzz = pulses(per_sample(notes, len(samples)) * 2 ** (vibrato / 12), sample_rate)
    voiced = np.clip(per_sample(np.convolve(track > 0, np.ones(3) / 3, "same"), len(samples)), 0, 1)
    breath = rng.standard_normal(len(samples))
    source = voiced * buzz / (rms(buzz) + 1e-12) + (1 - voiced) * breath
    return _at_level(vocoded(samples, source, compression=0.9), samples)


def _notes(track: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the semitone nearest to each block's middle pitch, lifted; without voice the last one stays."""
    notes = np.empty(len(track))
    voiced = track[track > 0]
    note = float(np.median(voiced)) if len(voiced) else 150.0
    for start in range(0, len(track), size):
        block = track[start : start + size]
        if (block > 0).any():
            note = float(np.median(block[block > 0]))
        semitone = round(12 * np.log2(note / 440))
        notes[start : start + size] = 440 * 2 ** ((semitone + _LIFT) / 12)
    return notes


def laughter(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech [N] said while laughing: it shakes, and bursts of laughter lie over a third of it."""
    time = np.arange(len(samples)) / sample_rate
    shake = 0.7 + 0.3 * np.sin(2 * np.pi * _LAUGH_RATE * time + rng.uniform(0, 6))
    length = len(samples) // 3
    start = int(rng.integers(0, max(1, len(samples) - length)))
    bursts = np.zeros(len(samples))
    bursts[start : start + length] = laugh(length, sample_rate, rng)
    level = speech_level(samples, sample_rate) * 0.6
    return np.asarray(samples * shake + level * bursts, np.float32)


def laugh(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of laughter alone, RMS 1: falling bursts of an open vowel, with breaths."""
    time = np.arange(count) / sample_rate
    place = (time * _LAUGH_RATE) % 1.0
    pitch = rng.uniform(220, 330) * (1 - 0.3 * time / (time[-1] + 1)) * (1.15 - 0.3 * place)
    voice = pulses(pitch, sample_rate) * np.clip(np.sin(np.pi * np.clip((place - 0.35) / 0.5, 0, 1)), 0, 1)
    breath = coloured(count, sample_rate, 0.3, rng) * np.exp(-(((place - 0.2) / 0.15) ** 2))
    said = filtered(voice / (rms(voice) + 1e-12), sample_rate, _vowel) + 0.15 * breath
    return np.asarray(said / (rms(said) + 1e-12))


def _vowel(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    peaks = [1 / (1 + ((frequency - centre) / width) ** 2) for centre, width in _LAUGH_FORMANTS]
    return np.asarray(np.sum(peaks, axis=0))


def _at_level(
    sound: NDArray[np.float64], like: NDArray[np.float32], gain: float = 1.0
) -> NDArray[np.float32]:
    return np.asarray(sound * gain * rms(like) / (rms(sound) + 1e-12), np.float32)
