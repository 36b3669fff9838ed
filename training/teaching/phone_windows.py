"""The phones round a moment, as whoever is told them sees them: the teacher, and a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.corpus.phones import PHONES, SILENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.corpus.phones import Segment

#: Phone tracks are sampled this often (Hertz), and seen at these offsets round a frame (track samples).
TRACK_RATE = 100
OFFSETS = np.arange(-24, 25, 3)
#: How many numbers a window has.
WINDOW_SIZE = len(OFFSETS) * len(PHONES)


def phone_tracks(segments: Sequence[Segment], seconds: float) -> NDArray[np.float32]:
    """Return one-hot phone tracks [N, 40] at 100 Hz, smoothed over 30 ms."""
    track = np.zeros((int(seconds * TRACK_RATE) + 2, len(PHONES)), np.float32)
    track[:, PHONES.index(SILENCE)] = 1
    for segment in segments:
        first, last = round(segment.start * TRACK_RATE), round(segment.end * TRACK_RATE)
        for row in range(first, min(max(last, first + 1), len(track))):
            track[row] = 0
            track[row, PHONES.index(segment.phone)] = 1
    padded = np.pad(track, ((1, 1), (0, 0)), mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3, np.float32)


def phone_windows(
    segments: Sequence[Segment], times: NDArray[np.floating[Any]], seconds: float
) -> NDArray[np.float32]:
    """Return the phones within a quarter of a second of each time, [T, 17 * 40]."""
    margin = int(-OFFSETS[0])
    track = np.pad(phone_tracks(segments, seconds), ((margin, margin), (0, 0)), mode="edge")
    rows = np.round(times * TRACK_RATE).astype(int)[:, None] + margin + OFFSETS
    return track[np.clip(rows, 0, len(track) - 1)].reshape(len(times), -1)
