"""Emotions keyed over a line, by manifest and for all lines, in a batch."""

import numpy as np
import pytest

from inference.__main__ import main
from inference.bundled import default_model_path, sample_line_paths

TRACK = "time,name,value\n0.2,joy,0\n0.8,joy,1\n"


@pytest.fixture
def manifest(lines):
    """Four lines; the first has a track of its own."""

    def write(first, *more, header="wav,emotion_track"):
        rows = [f"line0.wav,{first}", *(f"line{n}.wav,{cell}" for n, cell in enumerate(more, 1))]
        (lines / "LINES.csv").write_text("\n".join([header, *rows]))
        return lines / "LINES.csv"

    return write


def read(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(2, 54))


def test_a_track_moves_its_line_as_the_single_command_does(batch, lines, manifest, tmp_path, tiny_model_path):
    (lines / "t.csv").write_text(TRACK)
    assert batch(manifest("t.csv", "", ""), "--format", "csv").code == 0
    single = [
        str(lines / "line0.wav"),
        "-o",
        str(tmp_path),
        "--model",
        str(tiny_model_path),
        "--threads",
        "1",
    ]
    assert main([*single, "--emotion-track", str(lines / "t.csv")]) == 0
    assert (tmp_path / "line0.csv").read_bytes() == (tmp_path / "out" / "line0.csv").read_bytes()
    assert main(single) == 0
    assert np.abs(read(tmp_path / "line0.csv") - read(tmp_path / "out" / "line0.csv"))[-1].max() > 0.01


def test_a_track_is_known_by_content(batch, lines, manifest):
    track = lines / "t.csv"
    track.write_text(TRACK)
    lines_of = manifest("t.csv", "", "")
    assert batch(lines_of).states == {"line0": "done", "line1": "done", "line2": "done"}
    track.write_text(TRACK)
    assert set(batch(lines_of).states.values()) == {"unchanged"}
    track.write_text(TRACK.replace(",1\n", ",0.5\n"))
    answer = batch(lines_of)
    assert answer.states == {"line0": "done", "line1": "unchanged", "line2": "unchanged"}
    track.rename(lines / "moved.csv")
    assert set(batch(manifest("moved.csv", "", "")).states.values()) == {"unchanged"}


def test_the_default_track_is_for_lines_that_name_none(batch, lines, manifest, tmp_path):
    (lines / "own.csv").write_text(TRACK)
    default = tmp_path / "default.csv"
    default.write_text("time,name,value\n0,joy,1\n")
    assert batch(manifest("own.csv", ""), "--emotion-track", default).code == 0
    assert (
        batch(lines / "line0.wav", lines / "line1.wav", "--emotion", "joy=1", output=tmp_path / "full").code
        == 0
    )
    full, out = tmp_path / "full", tmp_path / "out"
    np.testing.assert_allclose(read(out / "line1.csv"), read(full / "line1.csv"), atol=1e-6)
    assert np.abs(read(out / "line0.csv") - read(full / "line0.csv"))[0].max() > 0.01


@pytest.mark.parametrize(
    ("track", "problem"),
    [
        ("0,boredom,1", "t.csv: emotion 'boredom' is unknown"),
        ("0.5,joy,1\n0.2,joy,0", "goes back from 0.5 to 0.2 s"),
        ("5,joy,1", "has a key at 5 s, but the line ends at 1.00 s"),
        ("-1,joy,1", "lies 1 s before the line begins"),
        ("0,joy,much", "no number"),
        (None, "t.csv: there is no such file"),
    ],
)
def test_a_bad_track_fails_its_line_alone(batch, lines, manifest, track, problem):
    if track is not None:
        (lines / "t.csv").write_text(f"time,name,value\n{track}\n")
    answer = batch(manifest("t.csv", "", "", ""))
    assert answer.code == 1
    assert answer.states == {"line0": "failed", **{f"line{n}": "done" for n in (1, 2, 3)}}
    assert problem in answer.errors["line0"]
    assert "\n" not in answer.errors["line0"]


def test_values_outside_are_clamped_and_the_report_says_so(batch, lines, manifest, tmp_path):
    (lines / "t.csv").write_text("time,name,value\n0,joy,1.5\n0.5,joy,-1\n")
    answer = batch(manifest("t.csv", ""))
    assert answer.code == 0
    told = {line["id"]: line["warnings"] for line in answer.report["lines"]}
    assert "2 emotion values lie outside 0 to 1, so clamped" in " ".join(told["line0"])
    assert "clamped" not in " ".join(told["line1"])
    assert "so clamped" in (tmp_path / "out" / "report.html").read_text()


def test_a_constant_and_a_track_of_one_emotion_contradict_each_other(batch, lines, manifest):
    (lines / "t.csv").write_text(TRACK)
    header = "wav,emotion_track,emotion"
    answer = batch(manifest("t.csv,joy=1", "t.csv,anger=0.5", header=header))
    assert answer.states == {"line0": "failed", "line1": "done"}
    assert "moves the emotion 'joy', which is given a constant too" in answer.errors["line0"]


def test_a_result_never_replaces_its_track(batch, lines, manifest):
    track = lines / "line0.csv"
    track.write_text(TRACK)
    answer = batch(manifest("line0.csv", ""), "--overwrite-edited", output=lines)
    assert answer.states == {"line0": "failed", "line1": "done"}
    assert track.read_text() == TRACK


def test_the_voice_is_heard_where_a_line_asks_for_it(batch, lines, tmp_path, capfd):
    """By column and by option, as the single command hears it; a model without hearing fails the line."""
    sound = sample_line_paths()[0]
    rows = [f"heard,{sound},1", f"half,{sound},0.5", f"deaf,{sound},0", f"default,{sound},", f"bad,{sound},2"]
    (lines / "LINES.csv").write_text("\n".join(["id,wav,from_voice", *rows]))
    answer = batch(lines / "LINES.csv", "--from-voice", "0.5", model=default_model_path())
    assert answer.states.pop("bad") == "failed"
    assert "from_voice '2' is no number from 0 to 1" in answer.errors["bad"]
    found = {
        name: (tmp_path / "out" / f"{name}.csv").read_bytes() for name in ("heard", "half", "deaf", "default")
    }
    assert found["half"] == found["default"]
    assert len(set(found.values())) == 3
    for share, name in (("1", "heard"), ("0", "deaf")):
        single = [str(sound), "-o", str(tmp_path), "--threads", "1", "--from-voice", share]
        assert main(single) == 0
        assert (tmp_path / f"{sound.stem}.csv").read_bytes() == found[name]
    capfd.readouterr()
    (lines / "LINES.csv").write_text("wav,from_voice\nline0.wav,1\nline1.wav,")
    assert batch(lines / "LINES.csv").states == {"line0": "failed", "line1": "done"}
