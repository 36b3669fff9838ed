"""The bundled model as it lies in the repository, and the program that makes it."""

import numpy as np
import pytest

from inference.audio_file import AudioClip, read_audio
from inference.bundled import default_head_path, default_model_path
from inference.face_prediction import FacePredictor
from inference.head_mesh import load_head
from inference.measures import landmark_curves
from inference.model_bundle import load_bundle
from training import default_model
from training.config import TrainingConfig
from training.mouth.lip_contact import lip_lines, signed_gaps

LINE = default_model.REPOSITORY / "assets" / "lines" / "every_voice.wav"


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(default_model_path())


def gaps(bundle, sound):
    """Return the lip gap over the eye distance, 30 frames a second, leaving out the edges."""
    predictor = FacePredictor(bundle)
    clip = AudioClip.from_samples(sound.astype(np.float32), 16000, "made up")
    times = np.arange(int(clip.duration * 30)) / 30
    coefficients = predictor.coefficients(predictor.analyse(clip), times)
    rows = bundle.landmarks68
    basis = np.tensordot(coefficients, bundle.basis[:, rows], 1)
    return landmark_curves(bundle.template[rows] + bundle.mean_offset[rows] + basis)[15:-15, 0]


def test_it_was_made_for_the_bundled_head(bundle):
    assert bundle.manifest.head_hash == load_head(default_head_path()).hash


def test_it_is_small_enough_for_the_repository_and_says_what_it_is():
    path = default_model_path()
    card = path.with_name("MODEL_CARD.md").read_text()
    assert path.stat().st_size < 40e6
    assert all(word in card for word in ("GRID", "FACEGOOD", "CC BY 4.0", "MIT", "r lip gap"))


def test_it_was_trained_as_the_program_that_makes_it_trains(bundle):
    assert TrainingConfig.from_json(bundle.manifest.training["config"]) == default_model.CONFIG
    assert bundle.manifest.training["steps"] == default_model.CONFIG.steps


def test_its_graphs_are_its_network(bundle):
    assert bundle.manifest.training["parity_m"] <= 1e-5


def test_lips_stay_together_through_silence_and_hum(bundle):
    t = np.arange(3 * 16000) / 16000
    hum = 0.02 * np.sin(2 * np.pi * 50 * t) + 0.01 * np.sin(2 * np.pi * 100 * t)
    hiss = 0.01 * np.random.default_rng(0).standard_normal(len(t))
    for sound in (np.zeros(len(t)), hum, hiss):
        gap = gaps(bundle, sound)
        assert gap.max() < 0.02
        assert np.ptp(gap) < 0.01


def test_lips_seal_and_never_press_through_each_other(bundle):
    lines = [read_audio(path) for path in sorted((default_model_path().parents[1] / "lines").glob("*.wav"))]
    assert lines
    lips = lip_lines(load_head(default_head_path()), bundle.basis)
    for line in lines:
        predictor = FacePredictor(bundle)
        times = np.arange(int(line.duration * 60)) / 60
        gap = signed_gaps(lips, predictor.coefficients(predictor.analyse(line), times)) * 1000
        assert gap.min() > -0.3  # millimetres
        assert np.median(gap, axis=1).min() < 0.2
        assert np.percentile(gap, 95) > 5


def test_every_slider_moves_a_speaking_face(bundle):
    predictor, times = FacePredictor(bundle), np.arange(90) / 30
    analysis = predictor.analyse(read_audio(LINE))
    neutral = predictor.coefficients(analysis, times)
    for name, vector in zip(bundle.emotion_names, bundle.emotion_vectors, strict=True):
        moved = np.tensordot(predictor.coefficients(analysis, times, vector) - neutral, bundle.basis, 1)
        assert np.linalg.norm(moved, axis=-1).max() > 4e-4, name


def test_natural_voices_can_be_left_out():
    assert default_model.asked_config() == default_model.CONFIG
    asked = default_model.asked_config(steps=10, kokoro_minutes=0)
    assert (asked.steps, asked.kokoro_minutes) == (10, 0)
    assert "Kokoro" in default_model.credits_of(default_model.CONFIG)
    assert "Kokoro" not in default_model.credits_of(asked)


def test_missing_capture_is_one_sentence(tmp_path, capsys):
    status = default_model.main(["--data", str(tmp_path / "nothing"), "--work", str(tmp_path / "work")])
    error = capsys.readouterr().err
    assert status == 1
    assert error.startswith("lipwright: error: ")
    assert "LIPWRIGHT_DATA" in error
    assert "Traceback" not in error


def test_what_cannot_be_left_out_is_one_sentence(tmp_path, capsys):
    status = default_model.main(["--left-out", "everything", "--work", str(tmp_path)])
    error = capsys.readouterr().err
    assert status == 1
    assert error.startswith("lipwright: error: 'everything' cannot be left out; choose from facegood, espeak")


def test_something_has_to_speak_when_engines_are_left_out(tmp_path, capsys):
    status = default_model.main(
        ["--left-out", "espeak,flite,festival,real", "--work", str(tmp_path), "--data", str(tmp_path)]
    )
    assert status == 1
    assert "leaves no made-up speech to learn from; leave out fewer" in capsys.readouterr().err


def test_models_that_never_heard_something_are_measured_on_just_that(tmp_path):
    both, real = tmp_path / "no-facegood-flite.lipmodel", tmp_path / "no-real.lipmodel"
    for path in (both, real):
        path.touch()
    assert default_model.left_out_models(tmp_path) == {"facegood": both, "flite": both}
