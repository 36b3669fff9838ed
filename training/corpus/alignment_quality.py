"""Whether an alignment can be believed, by what is said and by what is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from training.corpus.phones import SILENCE, VOWELS
from training.corpus.spoken_line import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.corpus.alignment import AlignedPhone
    from training.corpus.phones import Segment

#: Least mean score; share of the time that phones with a score under `BAD_SCORE` may take.
LEAST_SCORE, BAD_SCORE, MOST_BAD = -45.0, -60.0, 0.25
#: No phone of a line of more than two lasts longer (s); phones a second, of a short and of a longer line.
LONGEST_PHONE, SHORT_LINE = 0.6, 5
SLOWEST_SHORT, SLOWEST, FASTEST = 1.5, 4.0, 25.0
#: Pauses lie this far under the vowels (dB).
LEAST_PAUSE_DEPTH = 15.0
#: The quietest moments of stops of the lips lie this far under the vowels (dB).
LEAST_STOP_DEPTH = {"P": 15.0, "B": 5.0}
_HOP = 80  # samples of a level

_Phone = TypeVar("_Phone", "AlignedPhone", "Segment", "AlignedPhone | Segment")


def alignment_fault(phones: Sequence[AlignedPhone], samples: NDArray[np.float32]) -> str:
    """Return why an alignment is not to be believed, in a word or two; empty where it is.

    Args:
        phones: Of the whole recording.
        samples: [N] the recording, 16 kHz.
    """
    spoken, lengths = _spoken(phones)
    if not spoken:
        return "no speech"
    scores = np.array([p.score for p in spoken])
    faults = {
        "score": (scores * lengths).sum() / lengths.sum() < LEAST_SCORE,
        "bad phones": lengths[scores < BAD_SCORE].sum() / lengths.sum() > MOST_BAD,
    }
    return next((name for name, there in faults.items() if there), timing_fault(phones, samples))


def timing_fault(phones: Sequence[AlignedPhone | Segment], samples: NDArray[np.float32]) -> str:
    """Return why an alignment is not to be believed by its times alone, as `alignment_fault` does.

    Args:
        phones: Of the whole recording.
        samples: [N] the recording, 16 kHz.
    """
    spoken, lengths = _spoken(phones)
    if not spoken:
        return "no speech"
    rate = len(spoken) / lengths.sum()
    faults = {
        "long phone": len(spoken) > 2 and lengths.max() > LONGEST_PHONE,  # noqa: PLR2004 - one or two may be
        "rate": not (SLOWEST if len(spoken) > SHORT_LINE else SLOWEST_SHORT) < rate < FASTEST,
        "loud pause": _pause_depth(phones, samples) < LEAST_PAUSE_DEPTH,
    }
    return next((name for name, there in faults.items() if there), "")


def _spoken(phones: Sequence[_Phone]) -> tuple[list[_Phone], NDArray[np.float64]]:
    """Return the phones that are no silence, and how long each lasts (s)."""
    spoken = [p for p in phones if p.phone != SILENCE]
    return spoken, np.array([p.end - p.start for p in spoken])


def _pause_depth(phones: Sequence[AlignedPhone | Segment], samples: NDArray[np.float32]) -> float:
    """Return how far the middle pause lies under the middle vowel (dB); much where there is no pause."""
    pause, vowel = _middle(_levels(phones, samples, [SILENCE])), _middle(_levels(phones, samples, VOWELS))
    return 99.0 if pause is None or vowel is None else vowel - pause


def has_loud_stop(phones: Sequence[AlignedPhone | Segment], samples: NDArray[np.float32]) -> bool:
    """Tell whether a p or b never gets quiet, so that the lips cannot have closed where it is said to be.

    Args:
        phones: Of the whole recording.
        samples: [N] the recording, 16 kHz.
    """
    vowel = _middle(_levels(phones, samples, VOWELS))
    return vowel is not None and any(
        stop.min() > vowel - depth
        for name, depth in LEAST_STOP_DEPTH.items()
        for stop in _levels(phones, samples, [name])
    )


def _levels(
    phones: Sequence[AlignedPhone | Segment], samples: NDArray[np.float32], names: Sequence[str]
) -> list[NDArray[np.float64]]:
    """Return the levels (dB) within each of some phones, those of two hops or more."""
    count = len(samples) // _HOP
    power = (samples[: count * _HOP].astype(np.float64) ** 2).reshape(count, _HOP).mean(1)
    level = 10 * np.log10(power + 1e-10)
    spans = [
        (round(p.start * SAMPLE_RATE / _HOP), round(p.end * SAMPLE_RATE / _HOP))
        for p in phones
        if p.phone in names
    ]
    return [level[a:b] for a, b in spans if len(level[a:b]) > 1]


def _middle(levels: Sequence[NDArray[np.float64]]) -> float | None:
    """Return the median of the phones' medians; None where there is none."""
    return float(np.median([np.median(level) for level in levels])) if levels else None
