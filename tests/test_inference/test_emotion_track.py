"""Emotion keyed over a line, from a file and in the command."""

import numpy as np
import pytest
import soundfile

from inference.__main__ import main
from inference.emotion_track import read_emotion_track
from inference.errors import LipwrightError
from inference.pipeline import animate_line


@pytest.fixture
def track(tmp_path):
    def write(*rows, header="time,name,value"):
        path = tmp_path / "track.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write


def smile(motion):
    return motion.weights[:, motion.weight_names.index("mouthSmileLeft")]


def test_a_line_follows_its_track_frame_by_frame(predictor, clip, track):
    keys = read_emotion_track(track("1,joy,0", "1.8,Joy,1", "2.2,joy,1", "3,joy,0", "3,anger,0.25"))
    motion = animate_line(predictor, clip, 30, keys)
    joy = motion.emotion[:, motion.emotion_names.index("joy")]
    np.testing.assert_allclose(joy, np.interp(motion.times, [1, 1.8, 2.2, 3], [0, 1, 1, 0]), atol=1e-6)
    assert set(motion.emotion[:, motion.emotion_names.index("anger")]) == {0.25}
    full = smile(animate_line(predictor, clip, 30, {"joy": 1.0, "anger": 0.25}))
    none = smile(animate_line(predictor, clip, 30, {"anger": 0.25}))
    np.testing.assert_allclose(smile(motion)[:29], none[:29], atol=0.02)
    assert smile(motion)[60] == pytest.approx(full[60], abs=0.02)
    assert none[42] + 0.1 < smile(motion)[42] < full[42] - 0.1
    np.testing.assert_allclose(smile(motion)[92:], none[92:], atol=0.02)


def test_a_track_joins_constant_emotions(predictor, clip, track):
    keys = read_emotion_track(track("0,joy,0.5")).with_constants({"anger": 0.5})
    both = animate_line(predictor, clip, 30, {"joy": 0.5, "anger": 0.5})
    np.testing.assert_allclose(animate_line(predictor, clip, 30, keys).weights, both.weights, atol=1e-5)
    with pytest.raises(LipwrightError, match="moves the emotion 'joy'"):
        keys.with_constants({"joy": 1.0})


def test_values_outside_are_clamped_with_a_warning(track):
    keys = read_emotion_track(track("0,joy,-1", "1,joy,2.5", "2,joy,0.5"))
    assert keys.keys["joy"][1].tolist() == [0.0, 1.0, 0.5]
    assert len(keys.warnings) == 1
    assert "2 emotion values lie outside 0 to 1" in keys.warnings[0]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["1,joy,0.5", "0.5,joy,0.6"], "line 3 goes back from 1 to 0.5 s"),
        (["0,joy,0.5", "0,joy,0.6"], "line 3 sets 'joy' a second time at 0 s"),
        (["0,joy,nan"], "line 2 has a time or value that is no number"),
        (["inf,joy,1"], "line 2 has a time or value that is no number"),
        (["0,joy,much"], "line 2 has a time or value that is no number"),
        (["-1,joy,1"], "line 2 lies 1 s before the line begins"),
        (["0,joy"], "line 2 is not time,name,value"),
        (["0,,1"], "line 2 is not time,name,value"),
        ([], "holds no keys"),
    ],
)
def test_bad_tracks_get_a_sentence(track, rows, problem):
    with pytest.raises(LipwrightError) as refused:
        read_emotion_track(track(*rows))
    assert problem in str(refused.value)
    assert "track.csv" in str(refused.value)


def test_a_file_that_is_no_track_gets_a_sentence(track, tmp_path):
    with pytest.raises(LipwrightError, match="header time,name,value"):
        read_emotion_track(track("0,joy,1", header="when,what,how"))
    with pytest.raises(LipwrightError, match="no such emotion track"):
        read_emotion_track(tmp_path / "gone.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(LipwrightError, match="UTF-8"):
        read_emotion_track(tmp_path / "binary.csv")


def test_the_command_follows_a_track(track, tmp_path, make_speech, tiny_model_path, capfd):
    soundfile.write(tmp_path / "line.wav", make_speech(2.0), 16_000)

    def run(*arguments):
        model = ["--model", str(tiny_model_path), "--format", "npz", "--no-vertices"]
        code = main([str(tmp_path / "line.wav"), "-o", str(tmp_path), *model, *map(str, arguments)])
        return code, capfd.readouterr().err

    path = track("0.5,joy,0", "1.5,joy,3")
    assert run("--emotion-track", path) == (
        0,
        f"lipwright: warning: {path}: 1 emotion value lies outside 0 to 1, so clamped\n",
    )
    with np.load(tmp_path / "line.npz") as stored:
        assert stored["emotion"][[0, 30, 59], 1] == pytest.approx([0.0, 0.5, 1.0], abs=1e-3)
    code, err = run("--emotion-track", track("0,bliss,1"))
    assert code == 1
    assert "track.csv: emotion 'bliss' is unknown" in err
    assert "choose among neutral, joy, anger" in err
    code, err = run("--emotion-track", track("2.5,joy,1"))
    assert code == 1
    assert "has a key at 2.5 s, but the line ends at 2.00 s" in err
    assert run("--emotion", "joy=1.5") == (
        0,
        "lipwright: warning: 1 emotion value lies outside 0 to 1, so clamped\n",
    )
