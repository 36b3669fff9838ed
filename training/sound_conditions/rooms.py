"""Rooms: what a microphone hears some steps away, with the direct sound where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.signal import fftconvolve

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Reflections begin this long after the direct sound (s).
FIRST_REFLECTION = 0.004


def room_response(
    sample_rate: int, rt60: float, direct_db: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the impulse response of a made-up room: a click at sample 0 and a decaying, darkening tail.

    Args:
        sample_rate: Hertz.
        rt60: Seconds in which the tail falls by 60 dB.
        direct_db: Energy of the direct sound over that of the tail, dB.
        rng: Source of the reflections.
    """
    count = max(16, int(rt60 * sample_rate))
    time = np.arange(count) / sample_rate
    tail = rng.standard_normal(count) * 10 ** (-3 * time / rt60)
    tail[1:] += 0.6 * tail[:-1]  # walls and air swallow high frequencies first
    tail[: int(FIRST_REFLECTION * sample_rate)] = 0
    tail *= 10 ** (-direct_db / 20) / (np.sqrt((tail**2).sum()) + 1e-12)
    tail[0] = 1.0
    return np.asarray(tail)


def in_room(samples: NDArray[np.floating[Any]], response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return samples [N] as heard in a room; the direct sound keeps its place, the length stays."""
    return np.asarray(fftconvolve(samples, response)[: len(samples)], np.float64)
