"""Emotion learned after speech, from performances or from labelled takes, and what a bundle then offers."""

from dataclasses import replace

import numpy as np
import pytest

from inference.audio_file import AudioClip
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle
from training.emotion.finished import FILE, load_stage, stage_key
from training.emotion.stage import with_emotion
from training.export.bundle import BundleLabel, export_bundle
from training.performance.expressions import EMOTIONS
from training.preparation import prepare
from training.trainer import train_project

LABEL = BundleLabel("small", "CC0-1.0", "nobody")


@pytest.fixture(scope="module")
def config(small_config):
    return replace(small_config, network="lipwright", steps=40, emotion_steps=120, performances=1)


@pytest.fixture(scope="module")
def bundles(small_project, config, tmp_path_factory):
    """The same network before and after it learned emotion."""
    folder = tmp_path_factory.mktemp("emotion")
    trained = train_project(small_project, config, folder / "run")
    export_bundle(trained, folder / "plain.lipmodel", LABEL)
    export_bundle(with_emotion(trained, folder), folder / "felt.lipmodel", LABEL)
    return load_bundle(folder / "plain.lipmodel"), load_bundle(folder / "felt.lipmodel")


@pytest.fixture(scope="module")
def clip():
    rng = np.random.default_rng(0)
    return AudioClip.from_samples(0.1 * rng.standard_normal(32000).astype(np.float32), 16000, "clip")


def test_a_bundle_offers_the_emotions_that_were_performed(bundles):
    _, felt = bundles
    *emotions, manner = felt.emotion_names
    assert manner == "speaker another"
    assert set(emotions) <= set(EMOTIONS)
    assert (
        len(emotions) >= 3
    )  # after 40 steps the lips hardly close: most emotions break that little and are refused
    assert felt.emotion_size == 32
    assert not felt.emotion_vectors[:-1, :16].any()
    assert not felt.emotion_vectors[-1, 16:].any()
    assert felt.emotion_database.shape[1] == 32


def test_the_neutral_face_is_what_it_was_before(bundles, clip):
    times = np.arange(0, 2, 1 / 30)
    plain, felt = (FacePredictor(b, 1) for b in bundles)
    before, after = (p.coefficients(p.analyse(clip), times) for p in (plain, felt))
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_what_was_learned_is_taken_up_again_but_not_by_another_network(small_project, config, tmp_path):
    folder = tmp_path / "run"
    first = with_emotion(train_project(small_project, config, folder), folder)
    again = with_emotion(train_project(small_project, config, folder), folder)
    assert again.points.keys() == first.points.keys()
    np.testing.assert_array_equal(again.latents, first.latents)
    for path, trained in ((tmp_path / "a.lipmodel", first), (tmp_path / "b.lipmodel", again)):
        export_bundle(trained, path, LABEL)
    assert load_bundle(tmp_path / "a.lipmodel").graphs == load_bundle(tmp_path / "b.lipmodel").graphs
    other = train_project(small_project, replace(config, seed=5), tmp_path / "other")
    assert load_stage(folder, stage_key(other), other) is None
    (folder / FILE).write_bytes(b"damaged")
    assert load_stage(folder, "", other) is None


def test_the_exported_emotions_are_the_learned_ones_where_lips_touch_too(bundles):
    assert bundles[1].manifest.training["parity_m"] <= 1e-5


def test_an_emotion_moves_the_face_and_half_of_it_moves_it_less(bundles, clip):
    predictor = FacePredictor(bundles[1], 1)
    analysis, times = predictor.analyse(clip), np.arange(0, 2, 1 / 30)
    neutral = predictor.coefficients(analysis, times)
    for vector in bundles[1].emotion_vectors:
        full, half = (predictor.coefficients(analysis, times, s * vector) - neutral for s in (1.0, 0.5))
        assert np.linalg.norm(full) > 0
        assert np.linalg.norm(half) < np.linalg.norm(full)


def test_labelled_takes_are_learned_from_instead_of_performances(small_project, config, tmp_path):
    project = prepare(small_project, config).project
    labels = ("neutral", "neutral", "glee", "glee", "woe", "neutral")
    takes = list(project.takes)
    for index, label in enumerate(labels):
        takes[index] = replace(takes[index], emotion=label)
    from training import preparation  # noqa: PLC0415 - patched below

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "load_project", lambda _: replace(project, takes=tuple(takes)))
        prepared = preparation.prepare(small_project, config)
        assert [name for _, name in prepared.felt] == ["glee", "glee", "woe"]
        assert {m.name for m in prepared.motions if m.group == "main"} == {"take0", "take1"}
        trained = with_emotion(train_project(small_project, config, tmp_path / "run"), tmp_path)
    assert set(trained.points) <= {"glee", "woe"}
    assert trained.points
