"""Several people talking at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.sound_conditions.levels import rms, speech_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.corpus.spoken_line import SpokenLine

TALKERS = 6


def babble(
    talkers: Sequence[NDArray[np.float32]], count: int, sample_rate: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return `count` samples of many voices at once, RMS 1: each at its own time and level.

    Args:
        talkers: Speech, one array for each talker.
        count: Samples.
        sample_rate: Hertz.
        rng: Source of times and levels.
    """
    sound = np.zeros(count)
    for speech in talkers:
        level = speech_level(speech, sample_rate)
        if level > 0:
            looped = np.resize(np.roll(speech, int(rng.integers(len(speech)))), count)
            sound += looped / level * 10 ** (rng.uniform(-4, 4) / 20)
    return np.asarray(sound / (rms(sound) + 1e-12))


def talkers_of(
    lines: Sequence[SpokenLine], rng: np.random.Generator, count: int = TALKERS
) -> list[NDArray[np.float32]]:
    """Return what `count` of the lines' voices say, a voice each as far as there are so many.

    Args:
        lines: Speech of several voices.
        rng: Source of the choice.
        count: How many talkers.
    """
    voices: dict[str, list[NDArray[np.float32]]] = {}
    for line in lines:
        voices.setdefault(f"{line.engine} {line.voice}", []).append(line.samples)
    names = list(voices)
    chosen = rng.permutation(len(names))[:count]
    return [np.concatenate(voices[names[i]]) for i in chosen]
