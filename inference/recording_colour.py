"""What colour a recording has: the mean of its cepstral coefficients over some seconds around each moment.

A microphone, a line and a room multiply a voice's spectrum; in the logarithm of mel bands that is a sum, and
its mean over some seconds tells it apart from what is said (cepstral mean normalisation, Atal 1974). A model
that asks for it gets the mean beside the features, and takes away what it needs.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from .array_types import DoubleArray, FloatArray
from .neighbours import with_neighbours

CEPSTRA = 13
"""Cepstral coefficients per frame, the level among them."""
_GROUP = 128
"""Frames between two means: a second."""
_REACH = 3
"""Groups to both sides that a mean is taken over."""
_BANDS, _LOWEST, _HIGHEST = 25, 130.0, 6800.0
"""Mel bands of speech recognition, and their range in Hertz (CMU Sphinx's usual front end)."""
_LIFTER = 22
_PRE_EMPHASIS = 0.97
_SAMPLE_RATE = 16_000
AROUND = (0.25, 0.5, 0.25)
"""Weights of the powers of three frames: windows of 16 ms become as long as those of speech recognition."""


def band_weights(channels: int, fmin: float, fmax: float) -> FloatArray:
    """Returns what turns the powers of mel bands into those of speech recognition, [channels, 25].

    Args:
        channels: mel bands, equally wide in mel.
        fmin: lowest band's lower edge, Hertz.
        fmax: highest band's upper edge, Hertz.
    """
    centres = np.linspace(_mel(fmin), _mel(fmax), channels + 2)[1:-1, None]
    edges = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)
    rising = (centres - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - centres) / (edges[2:] - edges[1:-1])
    weights: DoubleArray = np.maximum(0.0, np.minimum(rising, falling))
    shares: FloatArray = (weights / np.maximum(weights.sum(axis=0), 1e-9)).astype(np.float32)
    return shares


def cepstral_weights() -> tuple[FloatArray, FloatArray]:
    """Returns what is added to the logarithms of the bands [25], and what makes cepstra of them [25, 13]."""
    edges = np.linspace(_mel(_LOWEST), _mel(_HIGHEST), _BANDS + 2)[1:-1]
    turn = 2.0 * np.pi * 700.0 * (10.0 ** (edges / 2595.0) - 1.0) / _SAMPLE_RATE
    emphasis = np.log(np.abs(1.0 - _PRE_EMPHASIS * np.exp(-1j * turn)) ** 2)
    number, band = np.arange(CEPSTRA)[None], np.arange(_BANDS)[:, None] + 0.5
    cosines = np.cos(np.pi * number * band / _BANDS) * np.sqrt(2.0 / _BANDS)
    cosines[:, 0] = np.sqrt(1.0 / _BANDS)
    lifter = 1.0 + _LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / _LIFTER)
    return emphasis.astype(np.float32), (cosines * lifter).astype(np.float32)


def with_colour(blocks: Iterable[FloatArray], fmin: float, fmax: float) -> Iterator[FloatArray]:
    """Yields logarithms of mel bands [n, C] with the means behind them [n, C + 13], some seconds later.

    Args:
        blocks: consecutive frames, every 8 ms, not normalised.
        fmin: lowest band's lower edge, Hertz.
        fmax: highest band's upper edge, Hertz.
    """
    for (frames, _), around in with_neighbours(_groups(blocks, fmin, fmax), _REACH):
        yield _coloured(frames, around)


def _coloured(frames: FloatArray, known: Iterable[tuple[FloatArray, DoubleArray]]) -> FloatArray:
    mean = sum(total for _, total in known) / sum(len(part) for part, _ in known)
    coloured = np.empty((len(frames), frames.shape[1] + CEPSTRA), np.float32)
    coloured[:, :-CEPSTRA], coloured[:, -CEPSTRA:] = frames, mean
    return coloured


def _groups(
    blocks: Iterable[FloatArray], fmin: float, fmax: float
) -> Iterator[tuple[FloatArray, DoubleArray]]:
    """Yields frames [64 or, at the end, fewer, C] and the sum of their cepstra [13]."""
    buffer: FloatArray | None = None  # begins with the frame before the next group
    for block in blocks:
        if len(block):
            buffer = np.concatenate((block[:1] if buffer is None else buffer, block))
        while buffer is not None and len(buffer) > _GROUP + 1:
            yield buffer[1 : _GROUP + 1], _summed(buffer[: _GROUP + 2], fmin, fmax)
            buffer = buffer[_GROUP:]
    if buffer is not None and len(buffer) > 1:
        yield buffer[1:], _summed(np.concatenate((buffer, buffer[-1:])), fmin, fmax)


def _summed(frames: FloatArray, fmin: float, fmax: float) -> DoubleArray:
    """Returns the sum of the cepstra [13] of frames [n + 2, C], all but the first and the last."""
    bands, emphasis, cosines = _weights(frames.shape[1], fmin, fmax)
    power = np.exp(frames)
    around = AROUND[0] * power[:-2] + AROUND[1] * power[1:-1] + AROUND[2] * power[2:]
    cepstra: DoubleArray = ((np.log(around @ bands) + emphasis) @ cosines).sum(axis=0, dtype=np.float64)
    return cepstra


@lru_cache(maxsize=8)
def _weights(channels: int, fmin: float, fmax: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (band_weights(channels, fmin, fmax), *cepstral_weights())


def _mel(frequency: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency / 700.0))
