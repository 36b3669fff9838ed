"""Tells from the pitch of a line's turns whether two people may be speaking.

A turn is what lies between two pauses. One person's turns lie within a few semitones of each other, a man's
and a woman's mostly farther apart. Two people of like pitch cannot be told so, and nobody claims to.
"""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from ..array_types import DoubleArray, FloatArray
from ..audio_file import SAMPLE_RATE
from ..prosody import WINDOW, frame_pitch

_VOICED = 0.75
_PAUSE_S = 0.45
"""Voiced syllables farther apart than this belong to different turns."""
_SYLLABLES = 4
"""A turn of fewer has no pitch of its own."""
_MOST_SYLLABLES = 600
_MISTAKEN = 17.0
"""Turns farther apart than this (semitones) are noise, or an octave misheard, not people."""

Samples: TypeAlias = Iterable[FloatArray]


def pitch_step(blocks: Samples, syllable_times: DoubleArray) -> float:
    """Returns the widest gap between the pitches of two groups of turns, in semitones.

    Args:
        blocks: the line's samples [n], consecutive, at 16 kHz.
        syllable_times: [N] seconds of its syllables' middles, in any order.

    Returns:
        0 where there are no two turns to compare, or one of them was surely misheard.
    """
    times = np.sort(syllable_times)
    times = times[:: max(1, -(-len(times) // _MOST_SYLLABLES))]
    semitones, fit = frame_pitch(_windows(blocks, times))
    voiced = fit > _VOICED
    turns = np.split(semitones[voiced], np.flatnonzero(np.diff(times[voiced]) > _PAUSE_S) + 1)
    pitches = np.sort([np.median(turn) for turn in turns if len(turn) >= _SYLLABLES])
    step = float(np.diff(pitches).max()) if len(pitches) > 1 else 0.0
    return step if step <= _MISTAKEN else 0.0


def _windows(blocks: Samples, times: DoubleArray) -> FloatArray:
    """Returns the samples around each time, [N, 640], silent beyond the line's ends."""
    starts = np.round(times * SAMPLE_RATE).astype(np.int64) - WINDOW // 2
    windows = np.zeros((len(times), WINDOW), np.float32)
    begin = 0
    for block in blocks:
        end = begin + len(block)
        for row in np.flatnonzero((starts < end) & (starts + WINDOW > begin)):
            first, last = max(starts[row], begin), min(starts[row] + WINDOW, end)
            windows[row, first - starts[row] : last - starts[row]] = block[first - begin : last - begin]
        begin = end
    return windows
