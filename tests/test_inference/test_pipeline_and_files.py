import csv
import json
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from inference.blendshape_names import ARKIT_NAMES, LIVE_LINK_COLUMNS
from inference.character import apply_character, load_character
from inference.errors import Cancelled, LipwrightError
from inference.motion_files import timecode, write_csv, write_json, write_npz
from inference.pipeline import animate_line
from inference.shape_matching import match_shapes


@pytest.fixture
def motion(predictor, clip):
    return animate_line(predictor, clip, 30, {"joy": 0.5})


def weight(motion, name):
    return motion.weights[:, motion.weight_names.index(name)]


def test_a_line_opens_the_jaw_and_smiles_with_joy(motion):
    assert len(motion.times) == len(motion.weights) == 120
    assert np.ptp(weight(motion, "jawOpen")) > 0.2
    assert weight(motion, "mouthSmileLeft").mean() == pytest.approx(0.4, abs=0.02)
    assert motion.emotion[0].tolist() == [0, 0.5, 0]


def test_the_weights_rebuild_the_vertices(motion, bundle):
    rebuilt = np.tensordot(motion.weights, bundle.arkit_deltas, 1)
    assert np.abs(rebuilt - motion.vertex_offsets()).max() < 2e-4
    np.testing.assert_allclose(motion.vertex_offsets(5, 9), motion.vertex_offsets()[5:9], atol=1e-7)


def test_a_second_emotion_reuses_the_analysis(predictor, clip, motion):
    again = animate_line(predictor, clip, 30, {"anger": 1.0}, analysis=motion.analysis)
    assert again.analysis is motion.analysis
    fresh = animate_line(predictor, clip, 30, {"anger": 1.0})
    np.testing.assert_array_equal(again.weights, fresh.weights)
    assert weight(again, "browDownLeft").mean() > 0.7


def test_progress_rises_to_one_and_cancel_raises(predictor, clip):
    shares = []
    animate_line(predictor, clip, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        animate_line(predictor, clip, cancelled=lambda: len(shares) > 0)


def test_long_files_are_streamed_to_the_same_result(predictor, make_speech, tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", make_speech(20.0, 44_100), 44_100, subtype="PCM_16")
    short = animate_line(predictor, tmp_path / "a.wav", 25)
    monkeypatch.setattr("inference.pipeline._LONG_LINE", 5.0)
    streamed = animate_line(predictor, tmp_path / "a.wav", 25)
    assert streamed.analysis is None
    np.testing.assert_allclose(streamed.weights, short.weights, atol=1e-5)


def test_csv_is_the_live_link_layout(motion, tmp_path):
    write_csv(motion, tmp_path / "a.csv")
    rows = list(csv.reader((tmp_path / "a.csv").open(encoding="utf-8")))
    assert rows[0] == ["Timecode", "BlendshapeCount", *LIVE_LINK_COLUMNS]
    assert [len(row) for row in rows] == [63] * 121
    assert rows[1][:2] == ["00:00:00:00.000", "61"]
    assert rows[32][0] == "00:00:01:02.000"
    column = rows[0].index("JawOpen")
    np.testing.assert_allclose([float(row[column]) for row in rows[1:]], weight(motion, "jawOpen"), atol=1e-6)


def test_csv_columns_are_those_of_a_real_recording(data):
    with next((data / "capture" / "livelink").glob("*.csv")).open(encoding="utf-8-sig") as stream:
        assert tuple(stream.readline().strip().split(",")[2:]) == LIVE_LINK_COLUMNS


@pytest.mark.parametrize(
    ("frame", "rate", "expected"),
    [
        (0, Fraction(30), "00:00:00:00.000"),
        (59, Fraction(60), "00:00:00:59.000"),
        (25 * 3661 + 7, Fraction(25), "01:01:01:16.800"),
        (1, Fraction(30000, 1001), "00:00:00:02.002"),
        (30, Fraction(30000, 1001), "00:00:01:00.060"),
        (107892, Fraction(30000, 1001), "00:59:59:59.784"),
    ],
)
def test_timecodes_keep_true_time(frame, rate, expected):
    assert timecode(frame, rate) == expected


def test_npz_holds_everything_and_needs_no_pickle(motion, tmp_path):
    write_npz(motion, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as stored:
        assert stored["fps"] == 30
        np.testing.assert_allclose(stored["vertex_offsets"], motion.vertex_offsets(), atol=1e-7)
        assert stored["weights"].shape == (120, 52)
        assert tuple(stored["weight_names"]) == ARKIT_NAMES
        assert stored["head_rotation"].shape == (120, 3)
        assert stored["emotion"].shape == (120, 3)
        assert stored["landmarks68"].shape == (68,)
        np.testing.assert_array_equal(stored["template"], motion.geometry.template)
        np.testing.assert_array_equal(stored["time"], motion.times)
    write_npz(motion, tmp_path / "b.npz", vertices=False)
    assert "vertex_offsets" not in np.load(tmp_path / "b.npz")


def test_npz_written_in_many_blocks_is_the_same(motion, tmp_path, monkeypatch):
    write_npz(motion, tmp_path / "a.npz")
    monkeypatch.setattr("inference.motion_files._BLOCK_BYTES", 7 * motion.geometry.template.nbytes)
    write_npz(motion, tmp_path / "b.npz")
    stored = [np.load(tmp_path / name)["vertex_offsets"] for name in ("a.npz", "b.npz")]
    np.testing.assert_allclose(stored[0], stored[1], atol=1e-7)


def test_json_holds_weights_by_name(motion, tmp_path):
    write_json(motion, tmp_path / "a.json")
    stored = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (stored["fps"], stored["frames"]) == (30.0, 120)
    assert set(stored["weights"]) == set(ARKIT_NAMES)
    np.testing.assert_allclose(stored["weights"]["jawOpen"], weight(motion, "jawOpen"), atol=1e-4)


def test_cancelled_writing_leaves_nothing(motion, tmp_path):
    with pytest.raises(Cancelled):
        write_npz(motion, tmp_path / "a.npz", cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_needs_more_than_the_disk_has_is_refused_first(motion, tmp_path, monkeypatch):
    monkeypatch.setattr("inference.motion_files.npz_size", lambda _: 10**18)
    with pytest.raises(LipwrightError, match="free some space"):
        write_npz(motion, tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("own", "arkit"),
    [
        ("eyeBlink_L", "eyeBlinkLeft"),
        ("EyeBlinkRight", "eyeBlinkRight"),
        ("eye_blink_left", "eyeBlinkLeft"),
        ("Head.mouthSmile.R", "mouthSmileRight"),
        ("blendShape1.jawOpen", "jawOpen"),
        ("ARKit_mouthLeft", "mouthLeft"),
        ("browInnerUp_L", "browInnerUp"),
        ("cheekPuffR", "cheekPuff"),
        ("JAWOPEN", "jawOpen"),
        ("Basis", None),
        ("cheekRaiser_L", None),
        ("", None),
    ],
)
def test_shapes_are_recognised_under_many_names(own, arkit):
    assert match_shapes([own]).get(own) == arkit


def test_a_character_gets_its_own_names_and_topology(motion, data, tmp_path):
    character = load_character(data / "mesh" / "ict_facekit" / "ict_expressions.npz")
    theirs = apply_character(motion, character)
    assert theirs.weight_names == character.names
    np.testing.assert_array_equal(weight(theirs, "mouthSmile_L"), weight(motion, "mouthSmileLeft"))
    np.testing.assert_array_equal(weight(theirs, "browInnerUp_R"), weight(motion, "browInnerUp"))
    assert not weight(theirs, "PupilDilate_L").any()
    assert theirs.vertex_offsets(0, 2).shape == (2, 26719, 3)
    write_csv(theirs, tmp_path / "a.csv")
    header = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[2:-9] == list(character.names)


def test_a_missing_shape_that_moves_is_named(motion, tmp_path):
    arrays = {"neutral": np.zeros((4, 3), np.float32), "faces": np.array([[0, 1, 2, 3]])}
    np.savez(tmp_path / "c.npz", names=["mouthSmile_L"], deltas=np.zeros((1, 4, 3), np.float32), **arrays)
    theirs = apply_character(motion, load_character(tmp_path / "c.npz"))
    assert "jawOpen" in theirs.warnings[-1]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"deltas": np.zeros((2, 4, 3), np.float32)}, "deltas"),
        ({"neutral": np.full((4, 3), np.nan)}, "finite"),
        ({"deltas": np.full((1, 4, 3), 1e300)}, "finite"),
        ({"names": np.array(["jaw\nOpen"])}, "cannot name a shape"),
        ({"neutral": np.zeros((0, 3), np.float32), "deltas": np.zeros((1, 0, 3), np.float32)}, "no vertices"),
        ({"faces": np.array([[0, 1, 2, 9]])}, "beyond"),
        ({"names": np.array(["Basis"])}, "ARKit"),
        ({"faces": None}, "lacks faces"),
        ({"names": np.array([object()], dtype=object)}, "npz"),
    ],
)
def test_bad_characters_get_a_sentence(tmp_path, change, problem):
    arrays = {
        "neutral": np.zeros((4, 3), np.float32),
        "faces": np.array([[0, 1, 2, 3]]),
        "names": np.array(["jawOpen"]),
        "deltas": np.zeros((1, 4, 3), np.float32),
    } | change
    np.savez(tmp_path / "c.npz", **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(LipwrightError, match=problem):
        load_character(tmp_path / "c.npz")


def test_another_emotion_does_not_read_the_sound_again(predictor, make_speech, tmp_path):
    path = tmp_path / "line.wav"
    soundfile.write(path, make_speech(1.0), 22_050)
    first = animate_line(predictor, path, 30, {"joy": 1.0})
    path.unlink()
    second = animate_line(predictor, path, 30, {"anger": 1.0}, analysis=first.analysis)
    assert second.duration == first.duration
    assert np.abs(second.weights - first.weights).max() > 0
