"""Steady noise lowered in mel bands: a fan, hiss, the hum of a room that lasts as long as the speech.

What a band falls to again and again within some seconds is noise (minimum statistics, Martin 2001, "Noise
power spectral density estimation based on optimal smoothing and minimum statistics", IEEE Transactions on
Speech and Audio Processing 9), and is subtracted (Boll 1979, "Suppression of acoustic noise in speech using
spectral subtraction", IEEE Transactions on Acoustics, Speech and Signal Processing 27), though never by more
than a bundle asks for. Only noise that is steady, and loud enough to matter, under something louder is
touched: the dips between other voices, or the tail of an echo, are no noise of that kind, a held vowel is not
either, and a clean recording stays as it is.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from .array_types import FloatArray
from .neighbours import with_neighbours

_GROUP = 256
"""Frames of 8 ms that are treated together: two seconds."""
_REACH = 1
"""Groups to both sides among which the noise is looked for."""
_AVERAGED = 4
"""Frames that are averaged before they are ranked, so that chance does not make a band quiet."""
_FEWEST = 16
"""Averages that it takes to tell noise from speech: half a second."""
_LOWER, _NOISE, _UPPER, _SPEECH = 0.05, 0.15, 0.30, 0.90
"""Ranks that are compared: noise is steady where the third lies little over the first."""
_BIAS = 1.5
"""What is as quiet as that rank is quieter than the noise is on average."""
_STEADY_DB = (3.0, 4.0)
"""Noise whose ranks differ by the first is steady, by the second it is not."""
_LOUD_DB = (25.0, 30.0)
"""Noise this far under what is loud matters, or does not."""
_ALONE_DB = (6.0, 9.0)
"""What varies by less than the first has nobody speaking over it, or is a voice that holds a note."""
_SMOOTHED = 5
"""Frames over which a band's power is averaged before it is compared with the noise's."""


def without_steady_noise(blocks: Iterable[FloatArray], most_db: float) -> Iterator[FloatArray]:
    """Yields logarithms of mel bands [n, C] with less of a steady noise, some seconds later.

    Args:
        blocks: consecutive frames [n, C], every 8 ms, natural logarithms of power, not normalised.
        most_db: by how much a band is lowered at most, above 0.
    """
    averaged = ((frames, _averages(frames)) for frames in _groups(blocks))
    for (frames, _), around in with_neighbours(averaged, _REACH):
        yield _quieter(frames, np.concatenate([averages for _, averages in around]), most_db)


def _groups(blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Yields groups of `_GROUP` frames; the last one holds what is left."""
    buffer: FloatArray | None = None
    for block in blocks:
        buffer = block if buffer is None else np.concatenate((buffer, block))
        while len(buffer) >= 2 * _GROUP:
            yield buffer[:_GROUP]
            buffer = buffer[_GROUP:]
    if buffer is not None and len(buffer):
        yield buffer


def _quieter(frames: FloatArray, averages: FloatArray, most_db: float) -> FloatArray:
    """Returns frames [n, C] with less noise, as the averages [m, C] of the groups around tell it."""
    found = _noise(averages)
    if found is None:
        return frames
    noise, share = found
    left = np.maximum(1.0 - share * noise / _smooth(np.exp(frames)), 10.0 ** (-0.1 * share * most_db))
    quieter: FloatArray = (frames + np.log(left)).astype(np.float32)
    return quieter


def _noise(averages: FloatArray) -> tuple[FloatArray, float] | None:
    """Returns what is to be taken out of averages [n, C]: the noise's power [C], and how much, up to 1."""
    last = len(averages) - 1
    if last < _FEWEST:
        return None
    ranked = np.sort(averages, axis=0)
    lower, noise, upper, speech = (ranked[round(r * last)] for r in (_LOWER, _NOISE, _UPPER, _SPEECH))
    spread = 10.0 * np.log10(float(np.median(upper / lower)))
    under = 10.0 * np.log10(float(speech.sum() / noise.sum()))
    share = _falling(spread, _STEADY_DB) * _falling(under, _LOUD_DB) * (1.0 - _falling(under, _ALONE_DB))
    return (_BIAS * noise, share) if share > 0 else None


def _averages(frames: FloatArray) -> FloatArray:
    """Returns powers [n // 4, C], each of four frames."""
    whole = len(frames) // _AVERAGED * _AVERAGED
    power = np.exp(frames[:whole])
    averages: FloatArray = power.reshape(-1, _AVERAGED, power.shape[1]).mean(axis=1)
    return averages


def _smooth(power: FloatArray) -> FloatArray:
    """Returns powers [n, C] averaged over `_SMOOTHED` frames; beyond the ends all is as there."""
    margin = _SMOOTHED // 2
    padded = np.pad(power, ((margin, margin), (0, 0)), mode="edge")
    smooth = np.zeros_like(power)
    for first in range(_SMOOTHED):
        smooth += padded[first : first + len(power)]
    smooth /= _SMOOTHED
    return smooth


def _falling(value: float, between: tuple[float, float]) -> float:
    """Returns 1 up to the first of two values, 0 from the second on."""
    full, none = between
    return min(1.0, max(0.0, (none - value) / (none - full)))
