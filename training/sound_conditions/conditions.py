"""What happens to speech before a model hears it: noise, other voices, lines, rooms, codecs, bad levels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from training.sound_conditions import codecs
from training.sound_conditions.babble import babble, talkers_of
from training.sound_conditions.levels import mixed, speech_level
from training.sound_conditions.noises import coloured
from training.sound_conditions.rooms import in_room, room_response

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.corpus.spoken_line import SpokenLine

SNR_DB = 10.0
_MP3_RATE = 32_000
_QUIETER_DB = 25.0
#: Clipping: speech is raised until this share of its spoken samples is cut off.
_CLIPPED_SHARE = 0.05


def noise_10db(
    samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] with pink noise 10 dB under it."""
    noise = coloured(len(samples), sample_rate, 0.5, rng)
    return mixed(samples, noise, sample_rate, SNR_DB).astype(np.float32)


def babble_10db(
    samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] with six other voices 10 dB under it, which read lines that only tests use.

    Raises:
        LipwrightError: espeak-ng is not installed.
    """
    voices = talkers_of(_test_lines(), rng)
    noise = babble(voices, len(samples), sample_rate, rng)
    return mixed(samples, noise, sample_rate, SNR_DB).astype(np.float32)


@cache
def _test_lines() -> tuple[SpokenLine, ...]:
    from training.corpus.test_sets import engine_lines, other_language_lines  # noqa: PLC0415 - only babble speaks

    return (*engine_lines("espeak"), *other_language_lines())


def telephone(
    samples: NDArray[np.float32], sample_rate: int, _rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] over a telephone."""
    return codecs.telephone(samples, sample_rate).astype(np.float32)


def reverb_06s(
    samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] in a room of 0.6 s, as far away as the direct sound equals all the rest."""
    return in_room(samples, room_response(sample_rate, 0.6, 0.0, rng)).astype(np.float32)


def mp3_32k(samples: NDArray[np.float32], sample_rate: int, _rng: np.random.Generator) -> NDArray[np.float32]:
    """Return speech [N] after MP3 at 32 kbit/s."""
    return codecs.mp3(samples, sample_rate, _MP3_RATE).astype(np.float32)


def quiet_25db(
    samples: NDArray[np.float32], _sample_rate: int, _rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] recorded 25 dB too quietly, in 16 bits."""
    soft = np.round(samples.astype(np.float64) * 10 ** (-_QUIETER_DB / 20) * 32768) / 32768
    return soft.astype(np.float32)


def clipping(
    samples: NDArray[np.float32], sample_rate: int, _rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return speech [N] recorded too loudly: the loudest twentieth of its spoken samples is cut off."""
    floor = 0.1 * speech_level(samples, sample_rate)
    spoken = np.abs(samples[np.abs(samples) > floor])
    limit = float(np.quantile(spoken, 1 - _CLIPPED_SHARE)) if len(spoken) else 1.0
    return np.asarray(np.clip(samples / (limit + 1e-12), -1, 1), np.float32)
