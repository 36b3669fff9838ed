from fractions import Fraction

import numpy as np
import pytest

from inference.errors import LipwrightError
from inference.frame_timing import NetworkTiming, exact_frame_rate, frame_times, parse_frame_rate


@pytest.mark.parametrize(
    ("value", "expected"),
    [(29.97, Fraction(30000, 1001)), (23.976, Fraction(24000, 1001)), (59.94, Fraction(60000, 1001))]
    + [(value, Fraction(value)) for value in (12, 24, 25, 30, 48, 50, 60, 120)],
)
def test_frame_rates_are_exact(value, expected):
    assert exact_frame_rate(value) == expected
    assert exact_frame_rate(float(expected)) == expected


@pytest.mark.parametrize("rate", [24, 25, 29.97, 30, 48, 60])
def test_frames_begin_with_the_line_and_stay_inside(rate):
    times = frame_times(10.0, rate)
    assert times[0] == 0
    assert 10.0 - 1.0 / rate * 1.01 <= times[-1] < 10.0
    np.testing.assert_allclose(np.diff(times), 1 / float(exact_frame_rate(rate)))


def test_three_seconds_at_25_are_75_frames_and_50_ms_are_two():
    assert len(frame_times(3.0, 25)) == 75
    assert len(frame_times(0.05, 30)) == 2
    assert len(frame_times(0.001, 24)) == 1


@pytest.mark.parametrize("text", ["", "abc", "0", "-5", "nan", "inf", "1/0", "1e9"])
def test_nonsense_rates_get_a_sentence(text):
    with pytest.raises(LipwrightError, match="frame rate"):
        parse_frame_rate(text)


def test_output_windows_are_centred_on_their_time():
    timing = NetworkTiming(16_000, 128, 5, 2, 7, 2)
    assert timing.receptive_field == 17
    assert timing.frame_rate == pytest.approx(31.25)
    first_window = np.arange(timing.receptive_field) - timing.left_padding
    assert first_window.mean() == 0
    outputs = timing.output_count(1.0)
    assert (outputs - 1) / timing.frame_rate >= 1.0
    codes = (timing.padded_feature_count(outputs) - 5) // 2 + 1
    assert codes == timing.code_count(outputs)
    middle = timing.code_times(0, timing.face_receptive_field)[timing.face_receptive_field // 2]
    assert middle == pytest.approx(0.0)
