"""Copies of a recording as other voices, rooms, lines and microphones would give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from training.alteration.made_up_sounds import chords, noise, random_curve
from training.sound_conditions.babble import babble as talk
from training.sound_conditions.codecs import mp3, mu_law, ogg, telephone
from training.sound_conditions.levels import mixed, rms
from training.sound_conditions.pitch import resampled, stretched, throat_scaled
from training.sound_conditions.rooms import in_room, room_response
from training.sound_conditions.spectra import band, filtered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

#: Share of copies that stay nearly clean: only their level changes, and a faint noise is added.
CLEAN_SHARE = 0.25
#: Shares of the other copies that each change happens to.
SPEED_SHARE, TEMPO_SHARE, THROAT_SHARE, TONE_SHARE = 0.55, 0.25, 0.25, 0.5
ROOM_SHARE, NOISE_SHARE, BAND_SHARE, CLIP_SHARE, LINE_SHARE, FILE_SHARE = 0.4, 0.8, 0.2, 0.12, 0.12, 0.05
#: Shares of the noises that are other voices (where there are any) and music; the rest is steady noise.
BABBLE_SHARE, MUSIC_SHARE = 0.3, 0.2
#: Ranges: factor of pitch and formants together, of formants alone, how much longer, reverberation (s), its
#: direct sound over the rest (dB), signal over noise (dB), over faint noise (dB), and level (dB).
SPEEDS, THROATS, TEMPOS = (0.75, 1.33), (0.85, 1.18), (0.77, 1.33)
RT60S, DIRECT_DBS = (0.1, 0.9), (-3.0, 15.0)
SNRS, FAINT_SNRS, LEVELS = (5.0, 40.0), (35.0, 60.0), (-24.0, 6.0)


@dataclass(frozen=True)
class AlteredSound:
    """A copy of a recording.

    Attributes:
        samples: [N] float32, mono.
        time_scale: Seconds of the recording per second of the copy.
    """

    samples: NDArray[np.float32]
    time_scale: float


def alter_sound(
    samples: NDArray[np.float32],
    sample_rate: int,
    rng: np.random.Generator,
    babble: Sequence[NDArray[np.float32]] | None = None,
) -> AlteredSound:
    """Return a copy that another person might have said elsewhere; a quarter of all copies stay nearly clean.

    Args:
        samples: [N] mono sound, 16 kHz.
        sample_rate: Hertz.
        rng: Source of all choices.
        babble: Speech of other people, one array each, to talk in the background.
    """
    sound, scale = samples.astype(np.float64), 1.0
    if rng.random() < CLEAN_SHARE or not samples.any():
        hiss = noise(len(sound), sample_rate, rng)
        sound = mixed(sound, hiss, sample_rate, rng.uniform(*FAINT_SNRS))
    else:
        sound, scale = _voice(sound, rng)
        sound = _place(sound, sample_rate, rng, babble or ())
        sound = _recording(sound, sample_rate, rng)
    sound *= 10 ** (rng.uniform(*LEVELS) / 20)
    return AlteredSound(sound.astype(np.float32), scale)


def _voice(sound: Sound, rng: np.random.Generator) -> tuple[Sound, float]:
    """Change who speaks and how fast; also return the seconds of the recording per second of the copy."""
    scale = 1.0
    if rng.random() < SPEED_SHARE:
        speed = _between(SPEEDS, rng)
        before = len(sound)
        sound = resampled(sound, speed)
        scale *= before / len(sound)
    if rng.random() < THROAT_SHARE:
        sound = throat_scaled(sound, _between(THROATS, rng))
    if rng.random() < TEMPO_SHARE:
        tempo = float(np.clip(_between(TEMPOS, rng), TEMPOS[0] * scale, TEMPOS[1] * scale))
        before = len(sound)
        sound = stretched(sound, tempo)
        scale *= before / max(1, len(sound))
    return sound, scale


def _place(
    sound: Sound, sample_rate: int, rng: np.random.Generator, talkers: Sequence[NDArray[np.float32]]
) -> Sound:
    """Change where it is said: the tone, the room, and what else is heard there."""
    if rng.random() < TONE_SHARE:
        sound = _tone(sound, sample_rate, rng)
    if rng.random() < ROOM_SHARE:
        response = room_response(sample_rate, _between(RT60S, rng), rng.uniform(*DIRECT_DBS), rng)
        sound = in_room(sound, response)
    if rng.random() < NOISE_SHARE:
        background = _background(len(sound), sample_rate, rng, talkers)
        sound = mixed(sound, background, sample_rate, rng.uniform(*SNRS))
    return sound


def _background(
    count: int, sample_rate: int, rng: np.random.Generator, talkers: Sequence[NDArray[np.float32]]
) -> Sound:
    kind = rng.random()
    if kind < BABBLE_SHARE and len(talkers):
        chosen = rng.choice(len(talkers), min(len(talkers), int(rng.integers(2, 7))), replace=False)
        return talk([talkers[i] for i in chosen], count, sample_rate, rng)
    if BABBLE_SHARE <= kind < BABBLE_SHARE + MUSIC_SHARE:
        return chords(count, sample_rate, rng)
    return noise(count, sample_rate, rng)


def _recording(sound: Sound, sample_rate: int, rng: np.random.Generator) -> Sound:
    """Change how it is recorded: a narrower band, a level too high, a telephone line, a lossy file."""
    sound = sound / (np.abs(sound).max() + 1e-9) * 0.9
    if rng.random() < BAND_SHARE:
        limits = rng.uniform(0, 350), rng.uniform(2800, 7500)
        sound = filtered(sound, sample_rate, band(*limits, octave_slope=float(rng.integers(2, 9))))
    if rng.random() < CLIP_SHARE:
        limit = rms(sound) * rng.uniform(1.2, 3.5)
        sound = np.clip(sound, -limit, limit)
    if rng.random() < LINE_SHARE:
        sound = telephone(sound, sample_rate) if rng.random() < 0.5 else mu_law(sound)  # noqa: PLR2004 - half
    if rng.random() < FILE_SHARE:
        sound = _filed(sound, sample_rate, rng)
    return sound


def _filed(sound: Sound, sample_rate: int, rng: np.random.Generator) -> Sound:
    if rng.random() < 0.5:  # noqa: PLR2004 - half
        return ogg(sound, sample_rate, rng.uniform(0, 0.5))
    return mp3(sound, sample_rate, int(rng.choice([16, 24, 32, 48])) * 1000)


def _tone(sound: Sound, sample_rate: int, rng: np.random.Generator) -> Sound:
    length = next_fast_len(len(sound), real=True)
    curve = random_curve(rfftfreq(length, 1 / sample_rate), rng, 4.0)
    return np.asarray(irfft(rfft(sound, length) * curve, length)[: len(sound)])


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """Draw a factor so that halving is as likely as doubling."""
    return float(np.exp(rng.uniform(*np.log(limits))))
