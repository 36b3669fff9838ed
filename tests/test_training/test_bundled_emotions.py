"""What the bundled model's emotions do to the face of a spoken line."""

import numpy as np
import pytest

from assets.head.generator.intersections import intersecting_quads
from inference.audio_file import AudioClip, read_audio
from inference.bundled import default_model_path
from inference.emotion import emotion_vector
from inference.face_prediction import FacePredictor
from inference.measures import signed_lip_gaps
from inference.model_bundle import load_bundle
from inference.pipeline import animate_line, model_solver
from training.performance.expressions import EMOTIONS

MM = 0.001
#: iBUG landmarks: corners of the mouth, inner ends of the brows, all of both brows, upper and lower lids.
CORNERS, INNER_BROWS, BROWS = [48, 54], [21, 22], list(range(17, 27))
LIDS = ([37, 38, 43, 44], [41, 40, 47, 46])
FRAME_RATE = 30.0


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(default_model_path())


@pytest.fixture(scope="module")
def line(pytestconfig):
    return read_audio(pytestconfig.rootpath / "assets" / "lines" / "every_voice.wav")


@pytest.fixture(scope="module")
def face(bundle, line):
    """Landmarks [T, 68, 3] of the line with weights of emotions."""
    predictor = FacePredictor(bundle, 1)
    analysis = predictor.analyse(line)
    times = np.arange(0, line.duration, 1 / FRAME_RATE)
    marks = bundle.basis[:, bundle.landmarks68]

    def landmarks(**weights):
        coefficients = predictor.coefficients(analysis, times, emotion_vector(bundle, weights))
        return (bundle.template + bundle.mean_offset)[bundle.landmarks68] + np.tensordot(
            coefficients, marks, axes=1
        )

    return landmarks


@pytest.fixture(scope="module")
def neutral(face):
    return face()


def raised(after, before, marks):
    """By how much landmarks rise, mean over the line, mm."""
    return float((after[:, marks, 2] - before[:, marks, 2]).mean()) / MM


def eyes_open(marks):
    upper, lower = LIDS
    return float((marks[:, upper, 2] - marks[:, lower, 2]).mean()) / MM


def test_all_ten_emotions_have_a_slider(bundle):
    assert set(EMOTIONS) <= set(bundle.emotion_names)


@pytest.mark.parametrize(
    ("name", "corners", "inner_brows"),
    [("joy", 2, None), ("sadness", -2, 1), ("grief", -2, 1), ("anger", None, -2), ("amazement", None, 2)],
)
def test_mouth_corners_and_brows_go_where_the_emotion_takes_them(face, neutral, name, corners, inner_brows):
    felt = face(**{name: 1.0})
    for marks, least in ((CORNERS, corners), (INNER_BROWS, inner_brows)):
        if least is not None:
            assert raised(felt, neutral, marks) * np.sign(least) > abs(least)


def test_fear_widens_the_eyes_and_pain_shuts_them(face, neutral):
    assert eyes_open(face(fear=1.0)) > eyes_open(neutral) + 0.3
    assert eyes_open(face(pain=1.0)) < 0.5 * eyes_open(neutral)


def test_cheekiness_is_lopsided(face, neutral):
    change = (face(cheekiness=1.0) - neutral)[:, CORNERS].mean(0)
    assert abs(change[0, 2] - change[1, 2]) > 1 * MM


@pytest.fixture(scope="module")
def speaking(line):
    """Frames from the first to the last in which somebody speaks: before and after that lips rest."""
    voiced = np.flatnonzero(np.abs(line.samples) > 0.05 * np.abs(line.samples).max())
    times = np.arange(0, line.duration, 1 / FRAME_RATE) * line.sample_rate
    return (times > voiced[0]) & (times < voiced[-1])


@pytest.mark.parametrize("name", EMOTIONS)
def test_lips_close_with_an_emotion_where_they_close_without(face, neutral, speaking, name):
    closed = (signed_lip_gaps(neutral).max(1) < 0.4 * MM) & speaking
    ends = np.flatnonzero(np.diff(np.concatenate([[0], closed, [0]]).astype(int))).reshape(-1, 2)
    assert len(ends) > 5
    gaps = signed_lip_gaps(face(**{name: 1.0})).max(1)
    assert all(gaps[first:last].min() < 0.7 * MM for first, last in ends)


@pytest.mark.parametrize("name", EMOTIONS)
def test_a_slider_moves_the_face_enough_to_be_worth_its_place(face, neutral, name):
    moved = np.linalg.norm(face(**{name: 1.0}) - neutral, axis=2).max(1)
    assert np.median(moved) > 2 * MM


def test_lips_that_rest_are_parted_by_fear_and_amazement_and_kept_together_by_cheekiness(bundle):
    quiet = AudioClip.from_samples(np.zeros(32000, np.float32), 16000, "silence")
    predictor = FacePredictor(bundle, 1)
    analysis, times = predictor.analyse(quiet), np.arange(0.5, 1.5, 1 / FRAME_RATE)
    marks = bundle.basis[:, bundle.landmarks68]

    def gaps(**weights):
        coefficients = predictor.coefficients(analysis, times, emotion_vector(bundle, weights))
        rest = (bundle.template + bundle.mean_offset)[bundle.landmarks68]
        return signed_lip_gaps(rest + np.tensordot(coefficients, marks, axes=1)).max(1)

    assert gaps().max() < 0.5 * MM
    assert gaps(cheekiness=1.0).max() < 0.7 * MM
    for name in ("amazement", "fear", "outofbreath"):
        assert gaps(**{name: 1.0}).min() > 1.5 * MM


def test_any_mix_of_sliders_intersects_itself_hardly_more_than_a_mouth_that_speaks(bundle, line):
    """Lips that press and lids that shut leave some of the head's 7240 quads in each other."""
    rng = np.random.default_rng(11)
    predictor = FacePredictor(bundle, 1)
    analysis, times = predictor.analyse(line), np.linspace(0.2, line.duration - 0.2, 3)
    for _ in range(6):
        weights = {name: float(rng.integers(2)) for name in EMOTIONS}
        coefficients = predictor.coefficients(analysis, times, emotion_vector(bundle, weights))
        faces = bundle.template + bundle.mean_offset + np.tensordot(coefficients, bundle.basis, axes=1)
        for vertices in faces:
            assert len(intersecting_quads(vertices, bundle.faces)) < 0.03 * len(bundle.faces)


def test_any_mix_of_sliders_keeps_the_face_whole(bundle, line, face):
    rng = np.random.default_rng(3)
    solver, predictor = model_solver(bundle), FacePredictor(bundle, 1)
    for _ in range(8):
        weights = {name: float(rng.integers(2)) for name in EMOTIONS}
        marks = face(**weights)
        assert signed_lip_gaps(marks).min() > -0.5 * MM
        made = animate_line(predictor, line, FRAME_RATE, weights, solver=solver)
        assert np.isfinite(made.coefficients).all()
        assert 0 <= made.weights.min() <= made.weights.max() <= 1
        offsets = np.tensordot(made.coefficients[::15], bundle.basis, axes=1)
        assert np.linalg.norm(offsets, axis=2).max() < 40 * MM
