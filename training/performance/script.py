"""What a line's performer is told: which emotions, how strongly, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from training.corpus.phones import SILENCE
from training.performance.expressions import EMOTIONS, EXPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.dataset import Motion

#: A pause that parts phrases (s), and what counts as sound where phones are unknown: dB under the loudest.
PAUSE, QUIET_DB = 0.18, 30.0
#: A change between two emotions takes at least this long (s).
QUICKEST = 0.15
_BLOCK = 400  # samples, 25 ms of 16 kHz
_RATE = 16000


@dataclass(frozen=True)
class Cue:
    """A stretch of a line in one mixture of emotions.

    Attributes:
        start: When the mixture is reached, seconds; its onset lies before.
        end: When it begins to fade, unless another cue takes over.
        mixture: Intensities by emotion, 0 to 1; none is neutral.
    """

    start: float
    end: float
    mixture: Mapping[str, float]


@dataclass(frozen=True)
class EmotionScript:
    """The cues of a line, in order; an empty script is neutral."""

    cues: tuple[Cue, ...] = ()

    @classmethod
    def held(cls, mixture: Mapping[str, float]) -> EmotionScript:
        """Return a script that holds one mixture from before a line until after it."""
        return cls((Cue(-np.inf, np.inf, dict(mixture)),))

    def windows(self, times: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return how much of each cue is on the face at `times` [T] (s): [T, K], at most 1 together.

        Every rise and fall is smooth to its first derivative.
        """
        rises = self._rises()
        steps = [_smooth_step(times, begin, end) for begin, end in rises]
        return np.stack([a - b for a, b in pairwise(steps)], 1)

    def _rises(self) -> list[tuple[float, float]]:
        """Return when each cue begins to come and has come, and when the last begins to go and has gone."""
        rises: list[tuple[float, float]] = []
        for cue in self.cues:
            begin, end = cue.start - self._onset(cue), cue.start
            if rises:
                begin, end = max(begin, rises[-1][0]), max(end, rises[-1][1] + QUICKEST)
            rises.append((begin, end))
        last = self.cues[-1]
        end = max(last.end, rises[-1][1] + QUICKEST)
        return [*rises, (end, end + _time("offset", last.mixture))]

    def _onset(self, cue: Cue) -> float:
        before = [c for c in self.cues if c.start < cue.start]
        fading = _time("offset", before[-1].mixture) / 2 if before and not cue.mixture else QUICKEST
        return max(_time("onset", cue.mixture), fading)

    def mixtures(self) -> NDArray[np.float64]:
        """Return the intensities of every cue [K, 10]."""
        table = np.zeros((len(self.cues), len(EMOTIONS)))
        for row, cue in zip(table, self.cues, strict=True):
            for name, intensity in cue.mixture.items():
                row[EMOTIONS.index(name)] = min(max(intensity, 0.0), 1.0)
        return table

    def labels(self, times: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the intensities [T, 10] at `times` [T] (s), 0 to 1."""
        if not self.cues:
            return np.zeros((len(times), len(EMOTIONS)), np.float32)
        return np.clip(self.windows(times) @ self.mixtures(), 0, 1).astype(np.float32)


def _time(name: str, mixture: Mapping[str, float]) -> float:
    times = [getattr(EXPRESSIONS[emotion], name) for emotion, amount in mixture.items() if amount > 0]
    return max(times, default=0.4)


def _smooth_step(times: NDArray[np.floating], begin: float, end: float) -> NDArray[np.float64]:
    if not np.isfinite(begin):
        return np.full(len(times), float(begin < 0))
    share = np.clip((times - begin) / max(end - begin, 1e-6), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float64)


def phrases(motion: Motion) -> list[tuple[float, float]]:
    """Return the phrases of a take, start and end (s) each: what lies between pauses."""
    spoken = [(s.start, s.end) for s in motion.segments if s.phone != SILENCE]
    if not motion.segments and motion.group != "rest":
        spoken = _sounding(motion.samples)
    joined: list[tuple[float, float]] = []
    for start, end in spoken:
        if joined and start - joined[-1][1] < PAUSE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _sounding(samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    count = len(samples) // _BLOCK
    power = np.square(samples[: count * _BLOCK].reshape(count, _BLOCK), dtype=np.float64).mean(1)
    loud = power > power.max(initial=0) * 10 ** (-QUIET_DB / 10)
    return [(i * _BLOCK / _RATE, (i + 1) * _BLOCK / _RATE) for i in np.flatnonzero(loud)]


def speech_share(spoken: Sequence[tuple[float, float]], times: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return from 0 to 1 how much each time [T] (s) belongs to speech, smoothly, phrases' edges included."""
    share = np.zeros(len(times))
    for start, end in spoken:
        rise = _smooth_step(times, start - 0.2, start)
        share = np.maximum(share, rise - _smooth_step(times, end, end + 0.3))
    return share
