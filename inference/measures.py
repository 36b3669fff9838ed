"""Measures of animated faces: how well speech moves the lips, and how still the face is without speech.

Landmarks are the 68 of iBUG, ``[T, 68, 3]``: lip gap |62-66|, mouth width |48-54|, chin drop |8-33|, each
divided by the eye distance |36-45|. Lengths are metres where a unit is said, seconds and Hertz for time.
Everything is plain NumPy.

Sources: LVE from MeshTalk (Richard et al. 2021), FDD from CodeTalker (Xing et al. 2023), D-LL, D-VL, D-A, D-L
and D-V from MakeItTalk (Zhou et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

CURVES = ("lip_gap", "mouth_width", "chin_drop")
CURVE_PAIRS = ((62, 66), (48, 54), (8, 33))
EYE_PAIR = (36, 45)
JAW_AND_LIPS = tuple(range(3, 14)) + tuple(range(48, 68))
INNER_LIPS = tuple(range(60, 68))
FACE_PAIR = (0, 16)
MOUTH_PAIR = (48, 54)

LARGEST_LAG_S = 0.2
JITTER_CUTOFF_HZ = 10.0
STILL_ENERGY = 1e-15
"""Below it a lip gap over the eye distance has nothing but rounding left."""
CLOSURE_LEVEL = 0.15
CLOSURE_MARGIN_S = 0.02
LIP_PAIRS = ((61, 67), (62, 66), (63, 65))
"""Landmarks of the inner lips, upper over lower."""
CLOSURE_PHONES = frozenset({"P", "B", "M"})
OPEN_VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "EY", "OW"})


def landmark_distance(landmarks: NDArray[np.floating], pair: tuple[int, int]) -> NDArray[np.floating]:
    """Distance [...] between two of the landmarks [..., 68, 3], in their unit."""
    distance: NDArray[np.floating] = np.linalg.norm(
        landmarks[..., pair[0], :] - landmarks[..., pair[1], :], axis=-1
    )
    return distance


def landmark_curves(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lip gap, mouth width and chin drop over the eye distance.

    Args:
        landmarks: [..., 68, 3], any unit.

    Returns:
        Curves [..., 3] in the order of `CURVES`, in eye distances.
    """
    eyes = landmark_distance(landmarks, EYE_PAIR)
    return np.stack([landmark_distance(landmarks, pair) / eyes for pair in CURVE_PAIRS], axis=-1)


def signed_lip_gaps(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """How far the upper inner lip lies above the lower one, along the face's up axis.

    Args:
        landmarks: [T, 68, 3], Z up.

    Returns:
        Gaps [T, 3] at the pairs of `LIP_PAIRS`, in the landmarks' unit; negative where lips pass through
        each other.
    """
    upper, lower = np.array(LIP_PAIRS).T
    gaps: NDArray[np.floating] = landmarks[:, upper, 2] - landmarks[:, lower, 2]
    return gaps


def head_rotation_deviation(predicted: NDArray[np.floating], captured: NDArray[np.floating]) -> float:
    """MakeItTalk's D-Rot: mean difference of the head's pitch, yaw and roll.

    Args:
        predicted: Angles [T, 3], radians.
        captured: The same of the capture.

    Returns:
        Degrees; each side is taken relative to its own mean, as where a camera stood is no motion.
    """
    x, y = (angles - angles.mean(axis=0) for angles in (predicted, captured))
    return float(np.degrees(np.abs(x - y).mean()))


def correlation(predicted: NDArray[np.floating], captured: NDArray[np.floating]) -> float:
    """Pearson's r of two curves [T].

    Returns:
        -1..1; 0 for a constant prediction, which follows nothing; NaN where the capture itself is constant.
    """
    x = np.asarray(predicted, dtype=np.float64) - np.mean(predicted)
    y = np.asarray(captured, dtype=np.float64) - np.mean(captured)
    spread_x, spread_y = np.sqrt(np.mean(x * x)), np.sqrt(np.mean(y * y))
    if spread_y < 1e-9 * max(1.0, float(np.abs(np.mean(captured)))):
        return float("nan")
    if spread_x < 1e-9 * max(1.0, float(np.abs(np.mean(predicted)))):
        return 0.0
    return float(np.mean(x * y) / (spread_x * spread_y))


def correlation_by_lag(
    predicted: NDArray[np.floating],
    captured: NDArray[np.floating],
    frame_rate: float,
    largest_s: float = LARGEST_LAG_S,
) -> NDArray[np.floating]:
    """Pearson's r of two curves [T] with the prediction moved earlier by -n..n whole frames.

    Args:
        predicted: Curve [T].
        captured: Curve [T] at the same frame times.
        frame_rate: Frames a second.
        largest_s: The largest shift either way, in seconds.

    Returns:
        r [2 n + 1], n whole frames within ``largest_s``; the middle is the plain r.
    """
    span = round(largest_s * frame_rate)
    shifts = [_overlap(predicted, captured, lag) for lag in range(-span, span + 1)]
    return np.array([correlation(x, y) if len(x) > 1 else np.nan for x, y in shifts])


def peak_lag(scores: NDArray[np.floating], frame_rate: float) -> float:
    """Lag at which r peaks, refined between frames by a parabola.

    Args:
        scores: r by lag [2 n + 1] of one take, or better the mean over takes, see `correlation_by_lag`.
        frame_rate: Frames a second.

    Returns:
        Milliseconds; positive where the prediction comes late. NaN where r is undefined or does not vary.
    """
    if not np.isfinite(scores).all() or np.ptp(scores) == 0.0:
        return float("nan")
    peak = int(np.argmax(scores))
    frames = peak - len(scores) // 2 + _parabola_peak(scores, peak)
    return float(frames / frame_rate * 1000.0)


def _overlap(
    predicted: NDArray[np.floating], captured: NDArray[np.floating], lag: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The prediction moved ``lag`` frames earlier over the capture, both cut to where they meet."""
    if lag >= 0:
        return predicted[lag:], captured[: max(len(captured) - lag, 0)]
    return predicted[:lag], captured[-lag:]


def _parabola_peak(scores: NDArray[np.floating], peak: int) -> float:
    if peak in (0, len(scores) - 1):
        return 0.0
    left, middle, right = (float(score) for score in scores[peak - 1 : peak + 2])
    bend = left - 2.0 * middle + right
    return 0.0 if bend == 0.0 else 0.5 * (left - right) / bend


def lip_vertex_error(
    predicted: NDArray[np.floating], captured: NDArray[np.floating], lip_vertices: NDArray[np.integer]
) -> float:
    """LVE: the largest lip-vertex error of every frame, averaged over the frames.

    Args:
        predicted: Vertices or offsets [T, V, 3], metres.
        captured: The same of the capture.
        lip_vertices: Vertex numbers of the lips.

    Returns:
        Millimetres (the distance, not MeshTalk's squared distance).
    """
    errors = np.linalg.norm(predicted[:, lip_vertices] - captured[:, lip_vertices], axis=-1)
    return float(errors.max(axis=1).mean() * 1000.0)


def upper_face_dynamics_deviation(
    predicted: NDArray[np.floating], captured: NDArray[np.floating], upper_vertices: NDArray[np.integer]
) -> float:
    """FDD: how much less (positive) or more the upper face moves than in the capture.

    Args:
        predicted: Offsets from the neutral face [T, V, 3], metres.
        captured: The same of the capture.
        upper_vertices: Vertex numbers of brows, lids and forehead.

    Returns:
        Mean over the vertices of the difference in the standard deviation over time of the offset's length,
        millimetres.
    """
    spread = [np.linalg.norm(o[:, upper_vertices], axis=-1).std(axis=0) for o in (captured, predicted)]
    return float((spread[0] - spread[1]).mean() * 1000.0)


def landmark_deviation(
    predicted: NDArray[np.floating],
    captured: NDArray[np.floating],
    points: Sequence[int] = tuple(range(68)),
    width_pair: tuple[int, int] = FACE_PAIR,
    velocity: bool = False,
) -> float:
    """MakeItTalk's D-L family: mean distance of landmarks (or of their velocities) over a width of the face.

    D-LL: ``points=JAW_AND_LIPS, width_pair=MOUTH_PAIR``; D-VL the same with ``velocity``; D-L and D-V are the
    defaults.

    Args:
        predicted: Landmarks [T, 68, 3].
        captured: The same of the capture.
        points: Landmarks that count.
        width_pair: Landmarks whose widest distance in the capture is the unit.
        velocity: Compare differences of successive frames instead of positions.

    Returns:
        Fraction of the width (per frame for velocities).
    """
    x, y = (np.asarray(marks, dtype=np.float64)[:, list(points)] for marks in (predicted, captured))
    if velocity:
        x, y = np.diff(x, axis=0), np.diff(y, axis=0)
    width = float(landmark_distance(captured, width_pair).max())
    return float(np.linalg.norm(x - y, axis=-1).mean() / width)


def mouth_area(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Area [T] within the inner lips of landmarks [T, 68, 3], seen from the front (x right, z up)."""
    ring = np.asarray(landmarks)[:, list(INNER_LIPS)][..., [0, 2]]
    following = np.roll(ring, -1, axis=1)
    cross = ring[..., 0] * following[..., 1] - ring[..., 1] * following[..., 0]
    area: NDArray[np.floating] = np.abs(cross.sum(axis=1)) / 2.0
    return area


def open_mouth_area_deviation(predicted: NDArray[np.floating], captured: NDArray[np.floating]) -> float:
    """MakeItTalk's D-A: mean difference of the open mouth's area over the largest area of the capture.

    Args:
        predicted: Landmarks [T, 68, 3].
        captured: The same of the capture.
    """
    x, y = mouth_area(predicted), mouth_area(captured)
    return float(np.abs(x - y).mean() / y.max())


def energy_above(
    curve: NDArray[np.floating], frame_rate: float, cutoff_hz: float = JITTER_CUTOFF_HZ
) -> float:
    """Mean energy a frame of a curve [T] above a frequency, in the curve's unit squared."""
    values = np.asarray(curve, dtype=np.float64)
    window = np.hanning(len(values) + 2)[1:-1]
    spectrum = np.abs(np.fft.rfft((values - values.mean()) * window)) ** 2
    above = np.fft.rfftfreq(len(values), 1.0 / frame_rate) >= cutoff_hz
    return float(2.0 * spectrum[above].sum() / (len(values) * (window**2).sum()))


def jitter(predicted: NDArray[np.floating], captured: NDArray[np.floating], frame_rate: float) -> float:
    """Energy of the predicted lip gap [T] above 10 Hz over the capture's; 1 is as restless as the real face.

    Args:
        predicted: Lip gap at the capture's frame times.
        captured: The capture's lip gap.
        frame_rate: Frames a second; NaN at 20 or less, where nothing above 10 Hz is left.
    """
    if frame_rate <= 2 * JITTER_CUTOFF_HZ:
        return float("nan")
    reference = energy_above(captured, frame_rate)
    return energy_above(predicted, frame_rate) / reference if reference > STILL_ENERGY else float("nan")


def mean_landmark_speed(
    landmarks: NDArray[np.floating], frame_rate: float, frames: NDArray[np.bool_] | None = None
) -> float:
    """Mean speed of the landmarks, in their unit a second.

    Args:
        landmarks: [T, 68, 3].
        frame_rate: Frames a second.
        frames: Which frames [T] count; all by default.
    """
    steps = np.linalg.norm(np.diff(landmarks, axis=0), axis=-1).mean(axis=1) * frame_rate
    if frames is not None:
        steps = steps[frames[1:] & frames[:-1]]
    return float(steps.mean()) if len(steps) else float("nan")


def stillness(quiet: NDArray[np.floating], speech: NDArray[np.floating], frame_rate: float) -> float:
    """Mean landmark speed of a line without speech over that of speech; 0 is perfectly still.

    Args:
        quiet: Landmarks [T, 68, 3] animated from silence, noise or music.
        speech: Landmarks [S, 68, 3] animated from speech.
        frame_rate: Frames a second of both.
    """
    return mean_landmark_speed(quiet, frame_rate) / mean_landmark_speed(speech, frame_rate)


@dataclass(frozen=True)
class PhoneInterval:
    """One phone of an aligned line: ARPAbet name (stress digits allowed), start and end in seconds."""

    name: str
    start: float
    end: float

    @property
    def symbol(self) -> str:
        """The name in capitals, without its stress digit."""
        return self.name.rstrip("012").upper()


@dataclass(frozen=True)
class LipClosure:
    """How often the lips close where they must, and where they must not.

    Attributes:
        recall: Share of p, b, m during which the lips close; NaN without any.
        false_closures: Share of open vowels whose centre is closed; NaN without any. A mouth that never opens
            scores high on both.
        closures: How many p, b, m were looked at.
        vowels: How many open vowels were looked at.
    """

    recall: float
    false_closures: float
    closures: int
    vowels: int


def lip_closure(
    gap: NDArray[np.floating],
    times: NDArray[np.floating],
    phones: Iterable[PhoneInterval],
    sealed: float = 0.0,
) -> LipClosure:
    """Lip closure on p, b, m, with open vowels as the control.

    Args:
        gap: Lip gap [T] of one line, any unit, zero at closed lips.
        times: Frame times [T] in seconds.
        phones: The line's aligned phones.
        sealed: Lips this near are closed however little the line opens; the share of 15 % alone would call a
            mouth open that never moves, where its lips at rest do not lie at exactly zero.
    """
    level = max(CLOSURE_LEVEL * float(np.percentile(gap, 95)), sealed)
    phones = tuple(phones)
    closed = [lowest_during(gap, times, p) <= level for p in phones if p.symbol in CLOSURE_PHONES]
    middles = [(p.start + p.end) / 2 for p in phones if p.symbol in OPEN_VOWELS]
    shut = [float(np.interp(middle, times, gap)) <= level for middle in middles]
    return LipClosure(_share(closed), _share(shut), len(closed), len(shut))


def lowest_during(gap: NDArray[np.floating], times: NDArray[np.floating], phone: PhoneInterval) -> float:
    """Lowest value of a curve [T] during a phone widened by 20 ms either side."""
    # Linear between frames, so the lowest value lies on a frame or at an end.
    start, end = phone.start - CLOSURE_MARGIN_S, phone.end + CLOSURE_MARGIN_S
    inside = gap[(times >= start) & (times <= end)]
    return float(min([*inside, *np.interp([start, end], times, gap)]))


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else float("nan")
