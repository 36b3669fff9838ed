"""What the mouth does at the phones of a line: closes, meets the teeth, rounds, opens, presses.

Every figure is a count or a sum over the phones of all lines of a set, so a long line counts for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference import measures
from training.corpus.phones import SILENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inference.measures import PhoneInterval
    from training.evaluation.face_regions import FaceRegions
    from training.evaluation.lip_teeth import LipToTeeth
    from training.evaluation.motion import Motion

CLOSED_M = 3e-4
"""A middle gap this small is closed however little a line opens: the bundled head's is 0.12 mm at rest."""
SEALED_M = 5e-4
"""Lips this near along the whole mouth are sealed to the eye."""
TEETH_M = 2e-3
"""A lower lip this near to the incisors' edge is at the teeth."""
PRESSED_M = -1e-4
"""A gap below this is one lip passing through the other."""
ROUNDED = frozenset({"UW", "UH", "OW", "AO", "W"})
SPREAD = frozenset({"IY", "IH", "EH", "EY"})
LABIODENTALS = frozenset({"F", "V"})
STRAY_MARGIN_S = 0.06
"""Lips that shut no farther than this from a p, b, m or a pause may do so on its account."""
STRONG_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
"""The vowels with the lowest tongue, at which the mouth opens most."""
_SHARES = np.linspace(0.25, 0.75, 5)
"""Where a phone's middle half is looked at, as shares of its length."""

Line = tuple["Motion", "NDArray[np.floating]", "Sequence[PhoneInterval]"]
"""Motion, its frame times [T] in seconds, and the phones."""


def articulation_figures(lines: Sequence[Line], regions: FaceRegions) -> dict[str, float]:
    """Everything here for one system over the lines of a set; what a system cannot show is left out.

    Args:
        lines: Motions with their times and phones.
        regions: Of the head that moves; gives the unit of the curves, and the teeth.
    """
    lines = [line for line in lines if line[2]]
    if not lines:
        return {}
    figures = closure_figures(lines, regions.eye_distance) | stray_figures(lines, regions.eye_distance)
    figures |= rounding_figures(lines)
    if all(motion.landmarks is not None for motion, _, _ in lines):
        figures |= opening_figures(lines)
        marks = [(motion.landmarks, times, phones) for motion, times, phones in lines]
        figures |= contact_figures([(m, t, p) for m, t, p in marks if m is not None])
    if all(motion.solved is not None for motion, _, _ in lines):
        solved = [(motion.solved, times, phones) for motion, times, phones in lines]
        made = contact_figures([(m, t, p) for m, t, p in solved if m is not None])
        figures |= {f"{name}_solved": value for name, value in made.items()}
    if regions.teeth is not None and all(motion.lower_lip is not None for motion, _, _ in lines):
        figures |= teeth_figures(lines, regions.teeth)
    return figures


def closure_figures(lines: Sequence[Line], eye_distance: float) -> dict[str, float]:
    """Recall of closure on p, b, m, and the share of open vowels falsely closed."""
    closed_gap = CLOSED_M / eye_distance
    rows = [measures.lip_closure(motion.gap, times, phones, closed_gap) for motion, times, phones in lines]
    closed = [row.recall * row.closures for row in rows if row.closures]
    shut = [row.false_closures * row.vowels for row in rows if row.vowels]
    return {
        "lip_closure": _ratio(sum(closed), sum(row.closures for row in rows)),
        "false_closure": _ratio(sum(shut), sum(row.vowels for row in rows)),
    }


def stray_figures(lines: Sequence[Line], eye_distance: float) -> dict[str, float]:
    """How often a minute of speech the lips shut where no p, b, m and no pause is near.

    Recall and open vowels alone do not show lips that shut on every t and n.
    """
    closed_gap = CLOSED_M / eye_distance
    strays, seconds = 0, 0.0
    for motion, times, phones in lines:
        strays += sum(_is_stray(*when, phones) for when in _runs_below(motion.gap, times, closed_gap))
        seconds += sum(phone.end - phone.start for phone in phones if phone.symbol != SILENCE)
    return {"stray_closures": _ratio(60.0 * strays, seconds)}


def rounding_figures(lines: Sequence[Line]) -> dict[str, float]:
    """How much narrower the mouth is in the middle of rounded sounds than of spread ones, as a share."""
    widths = []
    for group in (ROUNDED, SPREAD):
        found = [
            float(np.mean(_middle(motion.curves[:, 1], times, phone)))
            for motion, times, phones in lines
            for phone in phones
            if phone.symbol in group
        ]
        widths.append(float(np.mean(found)) if found else float("nan"))
    if not np.isfinite(widths).all():
        return {}
    return {"rounding": 1.0 - widths[0] / widths[1]}


def opening_figures(lines: Sequence[Line]) -> dict[str, float]:
    """Lip gap in the middle of the strong vowels, mm."""
    found = [
        float(np.mean(_middle(gap, times, phone)))
        for gap, times, phones in _central_gaps(lines)
        for phone in phones
        if phone.symbol in STRONG_VOWELS
    ]
    return {"opening_mm": float(np.mean(found)) * 1e3} if found else {}


def teeth_figures(lines: Sequence[Line], teeth: LipToTeeth) -> dict[str, float]:
    """Share of f and v with the lower lip at the upper teeth, and of open vowels with it there (control)."""
    near: dict[str, list[bool]] = {"teeth": [], "teeth_vowels": []}
    for motion, times, phones in lines:
        if motion.lower_lip is None:
            continue
        frames = _frames_at(times, [p for p in phones if p.symbol in LABIODENTALS | measures.OPEN_VOWELS])
        if not frames.any():
            continue
        distance, times = teeth.distance(motion.lower_lip[frames]), times[frames]  # noqa: PLW2901 - as short
        for phone in phones:
            if phone.symbol in LABIODENTALS:
                near["teeth"].append(measures.lowest_during(distance, times, phone) <= TEETH_M)
            elif phone.symbol in measures.OPEN_VOWELS:
                middle = (phone.start + phone.end) / 2
                near["teeth_vowels"].append(float(np.interp(middle, times, distance)) <= TEETH_M)
    return {name: _ratio(sum(hits), len(hits)) for name, hits in near.items()}


def contact_figures(
    lines: Sequence[tuple[NDArray[np.floating], NDArray[np.floating], Sequence[PhoneInterval]]],
) -> dict[str, float]:
    """How well the lips meet on the face itself, from landmarks [T, 68, 3] in metres.

    Gaps are those of the pair that is open widest, overlaps those of the pair that is pressed most.

    Returns:
        `contact_mm` and `contact_95_mm`: mean and 95th percentile over p, b, m of the gap at the moment when
        it is smallest; `middle_mm`: the mean gap over the phones' middle halves; `sealed`: share of p, b, m
        whose gap falls to half a millimetre; `pressed_mm`: the deepest overlap; `pressed`: share of all
        frames that overlap by more than 0.1 mm.
    """
    closest, middles, deepest, pressed = [], [], [], []
    for landmarks, times, phones in lines:
        gaps = measures.signed_lip_gaps(landmarks)
        widest = gaps.max(axis=1)
        deepest.append(float(gaps.min()))
        pressed.append(gaps.min(axis=1) < PRESSED_M)
        for phone in phones:
            if phone.symbol in measures.CLOSURE_PHONES:
                closest.append(max(0.0, measures.lowest_during(widest, times, phone)))
                middles.append(float(np.mean(np.maximum(_middle(widest, times, phone), 0.0))))
    figures = {
        "pressed_mm": max(0.0, -min(deepest)) * 1e3,
        "pressed": float(np.concatenate(pressed).mean()),
    }
    if closest:
        figures["sealed"] = float(np.mean(np.array(closest) <= SEALED_M))
        figures["contact_mm"] = float(np.mean(closest)) * 1e3
        figures["contact_95_mm"] = float(np.percentile(closest, 95)) * 1e3
        figures["middle_mm"] = float(np.mean(middles)) * 1e3
    return figures


def phone_gaps(lines: Iterable[Line], steps: int = 11) -> dict[str, NDArray[np.float64]]:
    """Signed lip gap over every phone, its time brought to 0..1.

    Returns:
        Phone to gaps [N, steps] in mm at the middle pair, one row per occurrence.
    """
    found: dict[str, list[NDArray[np.float64]]] = {}
    shares = np.linspace(0.0, 1.0, steps)
    for gap, times, phones in _central_gaps(lines):
        for phone in phones:
            moments = phone.start + shares * (phone.end - phone.start)
            found.setdefault(phone.symbol, []).append(np.interp(moments, times, gap) * 1e3)
    return {name: np.array(rows) for name, rows in found.items()}


def _runs_below(
    gap: NDArray[np.floating], times: NDArray[np.floating], level: float
) -> Iterator[tuple[float, float]]:
    """Yield the first and the last time of every run of frames with a gap [T] below a level."""
    below = np.concatenate([[False], np.asarray(gap) < level, [False]])
    edges = np.flatnonzero(below[1:] != below[:-1])
    for first, behind in zip(edges[::2], edges[1::2], strict=True):
        yield float(times[first]), float(times[behind - 1])


def _is_stray(start: float, end: float, phones: Sequence[PhoneInterval]) -> bool:
    """Return whether nothing that lips shut for is near a closure; beyond the phones is a pause."""
    excuses = measures.CLOSURE_PHONES | {SILENCE}
    first, last = start - STRAY_MARGIN_S, end + STRAY_MARGIN_S
    if first < phones[0].start or last > phones[-1].end:
        return False
    return not any(p.symbol in excuses and p.end > first and p.start < last for p in phones)


def _frames_at(times: NDArray[np.floating], phones: Sequence[PhoneInterval]) -> NDArray[np.bool_]:
    """The frames [T] during some phones, and one to either side; the rest need not be looked at."""
    wanted = np.zeros(len(times), bool)
    for phone in phones:
        margin = measures.CLOSURE_MARGIN_S
        first, last = np.searchsorted(times, (phone.start - margin, phone.end + margin))
        wanted[max(first - 1, 0) : last + 1] = True
    return wanted


def _central_gaps(
    lines: Iterable[Line],
) -> list[tuple[NDArray[np.floating], NDArray[np.floating], Sequence[PhoneInterval]]]:
    """Signed gap [T] of the middle pair, with times and phones, of the lines that have a face."""
    return [
        (measures.signed_lip_gaps(motion.landmarks)[:, 1], times, phones)
        for motion, times, phones in lines
        if motion.landmarks is not None
    ]


def _middle(
    curve: NDArray[np.floating], times: NDArray[np.floating], phone: PhoneInterval
) -> NDArray[np.floating]:
    """A curve [T] at five moments of a phone's middle half."""
    moments = phone.start + _SHARES * (phone.end - phone.start)
    return np.asarray(np.interp(moments, times, curve))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
