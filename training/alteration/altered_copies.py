"""The altered copies of many sounds, as features, made by several processes: one alone would take long."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_features import FeatureSettings, extract_features
from inference.loudness import normalise_loudness
from training.alteration.sound_alteration import alter_sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: Seconds of sound that other processes are worth starting for.
WORTH_SECONDS = 1200.0
_CHUNK = 16


@dataclass(frozen=True)
class CopyMaker:
    """How copies are made.

    Attributes:
        settings: Of the features.
        target_db: Loudness of the training sound.
        talkers: Speech to be heard in the background.
        seed: Of everything random; a copy's own choices hang on it, its sound's number and its own alone.
    """

    settings: FeatureSettings
    target_db: float
    talkers: tuple[NDArray[np.float32], ...]
    seed: int

    def copy(self, samples: NDArray[np.float32], number: int, variant: int) -> Copy:
        """Return a copy of sound `number`, and how much faster it is."""
        rng = np.random.default_rng([self.seed, number, variant])
        altered = alter_sound(samples, self.settings.sample_rate, rng, self.talkers)
        return features_of(altered.samples, self.settings, self.target_db), altered.time_scale


#: Features [F, C], and seconds of the sound per second of the copy.
Copy = tuple["NDArray[np.float32]", float]
_Task = tuple["NDArray[np.float32]", int, int]


def features_of(
    samples: NDArray[np.float32], settings: FeatureSettings, target_db: float
) -> NDArray[np.float32]:
    """Return the features [F, C] of a sound brought to the training level, as inference computes them."""
    return np.asarray(extract_features(normalise_loudness(samples, target_db), settings), np.float32)


def altered_copies(
    sounds: Sequence[NDArray[np.float32]], counts: Sequence[int], maker: CopyMaker, workers: int = 0
) -> Iterator[Copy]:
    """Yield the copies of all sounds, those of the first one first; the same for any number of workers.

    Args:
        sounds: [N] each, 16 kHz.
        counts: How many copies of each.
        maker: Makes one.
        workers: Processes; 0 for as many as there are cores, where there is enough to do.
    """
    tasks = [(s, k, v) for k, (s, count) in enumerate(zip(sounds, counts, strict=True)) for v in range(count)]
    if not workers:
        seconds = sum(len(samples) for samples, _, _ in tasks) / maker.settings.sample_rate
        workers = (os.cpu_count() or 1) if seconds > WORTH_SECONDS else 1
    if workers == 1:
        yield from (maker.copy(*task) for task in tasks)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _take_maker, (maker,)) as pool:
        yield from pool.imap(_made, tasks, chunksize=_CHUNK)


_maker: list[CopyMaker] = []


def _take_maker(maker: CopyMaker) -> None:
    _maker[:] = [maker]


def _made(task: _Task) -> Copy:
    return _maker[0].copy(*task)
