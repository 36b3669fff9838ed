from fractions import Fraction

import numpy as np
import pytest

from inference.fixed_point import fixed_point_rows
from inference.motion_files import timecode


def plainly(values):
    return [",".join(f"{value:.6f}" for value in row) for row in values.tolist()]


@pytest.mark.parametrize("largest", [1e-5, 1.0, 9.0, 30.0])
def test_numbers_are_written_as_python_writes_them(largest):
    values = (np.random.default_rng(0).random((500, 52)) * largest).astype(np.float32)
    values[values < 0.2 * largest] = 0
    assert fixed_point_rows(values) == plainly(values)


def test_ties_and_ends_round_as_in_python():
    values = np.array([[0.5**7, 3 * 0.5**7, 0.5**20, 0, 1, 9, 1 - 2**-24, 0.9999995, 8.9999999]], np.float32)
    assert fixed_point_rows(values) == plainly(values)


def test_negative_and_missing_numbers_are_written_too():
    values = np.array([[-0.25, 0.5], [np.inf, -np.inf], [np.nan, 1]], np.float32)
    assert fixed_point_rows(values) == plainly(values)
    assert fixed_point_rows(np.zeros((0, 3), np.float32)) == []
    assert fixed_point_rows(np.zeros((2, 0), np.float32)) == ["", ""]


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(30000, 1001), Fraction(25, 2), Fraction(7, 3)])
def test_timecodes_are_the_exact_ones(rate):
    for frame in [*range(300), 108_000, 1_234_567]:
        seconds, thousandths = divmod(round(Fraction(frame) / rate * 60 * 1000), 60 * 1000)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        frames, fraction = divmod(thousandths, 1000)
        expected = f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}:{frames:02d}.{fraction:03d}"
        assert timecode(frame, rate) == expected
