"""Every measure on constructed motion whose answer is known beforehand."""

import numpy as np
import pytest

from inference import measures
from inference.measures import PhoneInterval

RATE = 25.0
TIMES = np.arange(200) / RATE


def a_face(frames=200):
    """Landmarks of a schematic face [T, 68, 3]: eyes 1 apart, mouth 0.5 wide, lips closed, chin 0.7 down."""
    marks = np.zeros((frames, 68, 3))
    marks[:, 36, 0], marks[:, 45, 0] = -0.5, 0.5
    marks[:, 0, 0], marks[:, 16, 0] = -0.8, 0.8
    marks[:, 48:68, 2] = -0.5
    for left, right in ((48, 54), (60, 64)):
        marks[:, left, 0], marks[:, right, 0] = -0.25, 0.25
    marks[:, (61, 67), 0], marks[:, (63, 65), 0] = -0.1, 0.1
    marks[:, 33, 2], marks[:, 8, 2] = -0.3, -1.0
    return marks


def open_lips(marks, gap):
    """Move the lower inner lip and the chin down by a gap [T]."""
    moved = marks.copy()
    moved[:, (65, 66, 67), 2] -= np.asarray(gap)[:, None]
    moved[:, 8, 2] -= gap
    return moved


def test_curves_are_distances_over_the_eye_distance_whatever_the_scale():
    face = open_lips(a_face(), np.full(200, 0.1)) * 0.09
    assert np.allclose(measures.landmark_curves(face), [0.1, 0.5, 0.8])


@pytest.mark.parametrize(("scale", "shift", "expected"), [(2.0, 5.0, 1.0), (-0.1, 0.0, -1.0)])
def test_r_ignores_scale_and_shift_but_not_sign(scale, shift, expected):
    curve = np.sin(TIMES * 7)
    assert measures.correlation(scale * curve + shift, curve) == pytest.approx(expected)


def test_r_of_signals_at_a_quarter_wave_is_zero():
    whole = np.arange(250) / 250
    assert measures.correlation(
        np.sin(2 * np.pi * 5 * whole), np.cos(2 * np.pi * 5 * whole)
    ) == pytest.approx(0, abs=1e-9)


def test_a_constant_prediction_follows_nothing_and_a_constant_capture_says_nothing():
    curve, flat = np.sin(TIMES), np.full(200, 0.3)
    assert measures.correlation(flat, curve) == 0.0
    assert np.isnan(measures.correlation(curve, flat))


@pytest.mark.parametrize("late_ms", [-60.0, -13.0, 0.0, 17.0, 40.0, 100.0])
def test_a_shifted_curve_has_its_shift_for_lag(late_ms):
    def curve(t):
        return np.sin(2 * np.pi * 1.3 * t) + 0.5 * np.sin(2 * np.pi * 2.9 * t + 1)

    scores = measures.correlation_by_lag(curve(TIMES - late_ms / 1000), curve(TIMES), RATE)
    assert measures.peak_lag(scores, RATE) == pytest.approx(late_ms, abs=2.0)
    assert scores[len(scores) // 2] == pytest.approx(
        measures.correlation(curve(TIMES - late_ms / 1000), curve(TIMES))
    )


def test_a_static_face_has_no_lag():
    scores = measures.correlation_by_lag(np.ones(200), np.sin(TIMES), RATE)
    assert np.isnan(measures.peak_lag(scores, RATE))


def test_lve_takes_the_worst_lip_vertex_in_millimetres():
    captured = np.zeros((10, 4, 3))
    predicted = captured.copy()
    predicted[:, 1, 0] = 0.003
    predicted[:, 2, 2] = 0.001
    predicted[:, 3, 1] = 0.5  # not a lip
    assert measures.lip_vertex_error(predicted, captured, np.array([0, 1, 2])) == pytest.approx(3.0)


def test_fdd_is_positive_for_a_face_that_moves_too_little():
    swing = np.tile([0.0, 0.004], 50)[:, None]
    captured = np.zeros((100, 2, 3))
    captured[:, :, 2] = swing
    still = np.zeros_like(captured)
    upper = np.array([0, 1])
    assert measures.upper_face_dynamics_deviation(still, captured, upper) == pytest.approx(2.0)
    assert measures.upper_face_dynamics_deviation(captured, still, upper) == pytest.approx(-2.0)
    assert measures.upper_face_dynamics_deviation(captured, captured, upper) == 0.0


def test_landmark_deviation_is_over_the_widest_mouth_or_face():
    captured = a_face()
    predicted = captured + np.array([0.0, 0.0, 0.05])
    mouth = measures.landmark_deviation(predicted, captured, measures.JAW_AND_LIPS, measures.MOUTH_PAIR)
    assert mouth == pytest.approx(0.05 / 0.5)
    assert measures.landmark_deviation(predicted, captured) == pytest.approx(0.05 / 1.6)


def test_velocity_deviation_does_not_see_a_constant_offset():
    captured = open_lips(a_face(), 0.1 + 0.1 * np.sin(TIMES))
    assert measures.landmark_deviation(captured + 1.0, captured, velocity=True) == pytest.approx(
        0.0, abs=1e-12
    )
    drifting = captured + (0.01 * np.arange(200))[:, None, None] * np.array([1.0, 0, 0])
    assert measures.landmark_deviation(drifting, captured, velocity=True) == pytest.approx(0.01 / 1.6)


def test_mouth_area_of_a_known_hexagon():
    face = open_lips(a_face(1), np.array([0.2]))
    # Corners 0.5 apart, upper lip flat on the line of the corners, lower lip 0.2 wide and 0.2 below.
    assert measures.mouth_area(face)[0] == pytest.approx((0.5 + 0.2) / 2 * 0.2)


def test_open_area_deviation_is_over_the_largest_area():
    captured = open_lips(a_face(), np.linspace(0, 0.2, 200))
    closed = a_face()
    assert measures.open_mouth_area_deviation(closed, captured) == pytest.approx(0.5, abs=0.01)


def test_jitter_counts_only_what_is_faster_than_ten_hertz():
    slow, fast = np.sin(2 * np.pi * 3 * TIMES), 0.1 * np.sin(2 * np.pi * 11.5 * TIMES)
    captured = slow + fast
    assert measures.jitter(slow + 2 * fast, captured, RATE) == pytest.approx(4.0, rel=0.02)
    assert measures.jitter(5 * slow + fast, captured, RATE) == pytest.approx(1.0, rel=0.02)
    assert measures.jitter(slow, captured, RATE) < 0.01
    assert np.isnan(measures.jitter(slow, captured, 20.0))


def test_energy_above_a_frequency_is_that_of_the_sine():
    assert measures.energy_above(0.4 * np.sin(2 * np.pi * 11.5 * TIMES), RATE) == pytest.approx(
        0.08, rel=0.05
    )


def test_stillness_is_the_ratio_of_speeds():
    speech = open_lips(a_face(), 0.1 + 0.1 * np.sin(7 * TIMES))
    quiet = open_lips(a_face(), 0.1 + 0.01 * np.sin(7 * TIMES))
    assert measures.stillness(quiet, speech, RATE) == pytest.approx(0.1)
    assert measures.stillness(a_face(), speech, RATE) == 0.0


def test_speed_counts_only_the_chosen_frames():
    moving = a_face() + (np.arange(200) >= 100)[:, None, None] * (np.arange(200)[:, None, None] * 0.01)
    assert measures.mean_landmark_speed(moving, RATE, np.arange(200) < 100) == 0.0
    assert measures.mean_landmark_speed(moving, RATE, np.arange(200) >= 100) == pytest.approx(
        0.01 * np.sqrt(3) * RATE
    )


PHONES = [
    PhoneInterval("AA1", 0.4, 0.8),
    PhoneInterval("B", 0.96, 1.04),
    PhoneInterval("EH0", 1.2, 1.6),
    PhoneInterval("m", 1.96, 2.04),
    PhoneInterval("S", 2.2, 2.4),
]


def gap_closing_at(*moments):
    return np.clip(np.min([np.abs(TIMES - moment) for moment in moments], axis=0) * 2, 0, 0.3)


@pytest.mark.parametrize(
    ("gap", "recall", "false"),
    [
        (gap_closing_at(1.0, 2.0), 1.0, 0.0),
        (gap_closing_at(1.0), 0.5, 0.0),
        (gap_closing_at(0.6, 1.0, 2.0), 1.0, 0.5),
        (np.full(200, 0.3), 0.0, 0.0),
        (np.zeros(200), 1.0, 1.0),
    ],
)
def test_lip_closure_recall_and_its_control(gap, recall, false):
    result = measures.lip_closure(gap, TIMES, PHONES)
    assert (result.recall, result.false_closures) == (recall, false)
    assert (result.closures, result.vowels) == (2, 2)


def test_closing_just_outside_a_phone_counts_within_20_ms():
    phones = [PhoneInterval("P", 1.015, 1.06)]
    assert measures.lip_closure(gap_closing_at(1.0), TIMES, phones).recall == 1.0
    assert measures.lip_closure(gap_closing_at(0.84), TIMES, phones).recall == 0.0


def test_a_line_without_such_phones_has_no_closure_figure():
    result = measures.lip_closure(np.ones(200), TIMES, [PhoneInterval("S", 0.1, 0.2)])
    assert np.isnan(result.recall)
    assert np.isnan(result.false_closures)
