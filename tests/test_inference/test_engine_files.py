"""Live Link Face CSV and JSON, read back as an engine would: when, which shape, how much."""

import csv
import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from inference.motion_files import write_csv, write_json
from inference.pipeline import animate_line

NTSC = Fraction(30000, 1001)


def seconds(timecode):
    """The last field counts sixtieths, whatever the rows' rate."""
    hours, minutes, whole, frames = timecode.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(whole) + float(frames) / 60


@pytest.mark.parametrize("rate", [Fraction(24), NTSC, Fraction(60)])
@pytest.mark.parametrize("start", [0.0, 2.5])
def test_csv_keeps_true_time_and_every_weight(predictor, clip, tmp_path, rate, start):
    motion = replace(animate_line(predictor, clip, rate, {"joy": 0.5}), start=start)
    write_csv(motion, tmp_path / "line.csv")
    with (tmp_path / "line.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    times = [seconds(row["Timecode"]) for row in rows]
    first = round(start * float(rate)) / float(rate)  # rows lie on whole frames
    np.testing.assert_allclose(times, first + np.arange(len(rows)) / float(rate), atol=2e-3)
    assert abs(first - start) <= 0.5 / float(rate)
    for column, name in enumerate(motion.weight_names):
        written = [float(row[name[0].upper() + name[1:]]) for row in rows]
        np.testing.assert_allclose(written, motion.weights[:, column], atol=1e-6, err_msg=name)


@pytest.mark.parametrize("rate", [Fraction(24), NTSC, Fraction(60)])
@pytest.mark.parametrize("start", [0.0, 2.5])
def test_json_keeps_true_time_and_every_weight(predictor, clip, tmp_path, rate, start):
    motion = replace(animate_line(predictor, clip, rate, {"joy": 0.5}), start=start)
    write_json(motion, tmp_path / "line.json")
    read = json.loads((tmp_path / "line.json").read_text(encoding="utf-8"))
    times = read.get("start", 0.0) + np.arange(read["frames"]) / read["fps"]
    np.testing.assert_allclose(times, start + motion.times, atol=1e-6)
    assert set(read["weights"]) == set(motion.weight_names)
    for column, name in enumerate(motion.weight_names):
        np.testing.assert_allclose(read["weights"][name], motion.weights[:, column], atol=1e-4, err_msg=name)
