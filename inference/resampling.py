"""Brings sound of any rate to the model's, block by block, with the same result as in one piece.

A polyphase windowed sinc (Kaiser 5.0, ten zero crossings a side): the filter of `scipy.signal.resample_poly`.
Written here because importing scipy.signal takes longer than animating a line.
"""

from fractions import Fraction

import numpy as np

from .array_types import DoubleArray, FloatArray

_ZERO_CROSSINGS = 10
_KAISER_BETA = 5.0
_MIN_GROUP = 64
_MAX_MATRIX_SIZE = 1 << 20
_GATHER_BLOCK = 4096
_MAX_DOWN = 50_000
"""Odd rates above 50 kHz are met to a few parts in 10^9, as their exact filter would take seconds to make."""


class Resampler:
    """A stream from one sample rate to another: `push` blocks, then `finish`."""

    def __init__(self, source_rate: int, target_rate: int) -> None:
        """Prepares the filter for a pair of rates, in Hertz."""
        ratio = Fraction(target_rate, source_rate).limit_denominator(_MAX_DOWN)
        self._up, self._down = ratio.numerator, ratio.denominator
        self._same = self._up == self._down
        self._received = 0
        self._produced = 0
        if not self._same:
            self._half = _ZERO_CROSSINGS * max(self._up, self._down)
            self._left = self._half // self._up + 1
            self._prepare()
            self._buffer = np.zeros(self._left, np.float32)

    def push(self, samples: FloatArray) -> FloatArray:
        """Takes the next samples [N] and returns those that can be computed by now."""
        self._received += len(samples)
        if self._same:
            return samples
        self._buffer = np.concatenate((self._buffer, samples))
        return self._drain()

    def finish(self) -> FloatArray:
        """Returns the last samples; the stream's whole length is ceil(N * target / source)."""
        if self._same:
            return np.empty(0, np.float32)
        due = -(-self._received * self._up // self._down) - self._produced
        self._buffer = np.concatenate((self._buffer, np.zeros(self._width + self._step, np.float32)))
        return self._drain()[:due]

    def _prepare(self) -> None:
        """Chooses between one matrix per group of outputs and, for awkward rate pairs, a table of phases."""
        repeat = -(-_MIN_GROUP // self._up)
        group = self._up * repeat
        width = self._left + ((group - 1) * self._down + self._half) // self._up + 1
        self._as_matrix = group * width <= _MAX_MATRIX_SIZE
        self._group, self._step, self._width = group, self._down * repeat, width
        taps = _kaiser_sinc(self._up, self._down, self._half)
        if self._as_matrix:
            self._matrix = self._group_matrix(taps)
        else:
            self._table = self._phase_table(taps)

    def _group_matrix(self, taps: DoubleArray) -> FloatArray:
        """Output j of a group is the product of `width` inputs with column j."""
        inputs = np.arange(self._width)[:, None] - self._left
        outputs = np.arange(self._group)[None, :]
        return _taps_at(taps, outputs * self._down - inputs * self._up + self._half)

    def _phase_table(self, taps: DoubleArray) -> FloatArray:
        """Row p holds the taps of outputs whose position falls p/up past an input."""
        phase = np.arange(self._up)[:, None]
        offset = np.arange(-self._left, self._left + 1)[None, :]
        return _taps_at(taps, phase - offset * self._up + self._half)

    def _drain(self) -> FloatArray:
        groups = (len(self._buffer) - self._width) // self._step + 1
        if groups <= 0:
            return np.empty(0, np.float32)
        result = self._by_matrix(groups) if self._as_matrix else self._by_table(groups)
        self._buffer = self._buffer[groups * self._step :].copy()
        self._produced += len(result)
        return result

    def _by_matrix(self, groups: int) -> FloatArray:
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, self._width)[:: self._step]
        rows = np.ascontiguousarray(windows[:groups])  # BLAS takes no overlapping rows
        result: FloatArray = (rows @ self._matrix).reshape(-1)
        return result

    def _by_table(self, groups: int) -> FloatArray:
        total = groups * self._group
        result = np.empty(total, np.float32)
        reach = np.arange(2 * self._left + 1)
        for start in range(0, total, _GATHER_BLOCK):
            position = np.arange(start, min(start + _GATHER_BLOCK, total)) * self._down
            inputs = self._buffer[(position // self._up)[:, None] + reach]
            result[start : start + _GATHER_BLOCK] = (inputs * self._table[position % self._up]).sum(axis=1)
        return result


def _kaiser_sinc(up: int, down: int, half: int) -> DoubleArray:
    """Returns the low-pass at the narrower of the two rates, [2 * half + 1], gain `up`."""
    index = np.arange(-half, half + 1)
    taps = np.sinc(index / max(up, down)) * np.kaiser(2 * half + 1, _KAISER_BETA)
    result: DoubleArray = taps * (up / taps.sum())
    return result


def _taps_at(taps: DoubleArray, index: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> FloatArray:
    inside = (index >= 0) & (index < len(taps))
    return np.where(inside, taps[np.clip(index, 0, len(taps) - 1)], 0.0).astype(np.float32)
