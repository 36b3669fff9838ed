"""Learning to hear emotion: voices performed, what is learned of them, and a bundle that hears afterwards."""

import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from inference.audio_file import AudioClip
from inference.bundled import default_model_path
from inference.emotion_hearing import hear_emotion
from inference.errors import LipwrightError
from inference.model_bundle import load_bundle
from inference.prosody import MEASURES
from training.__main__ import main
from training.config import TrainingConfig
from training.hearing.figures import AROUSAL, clear_labels, hearing_figures
from training.hearing.learning import learn_hearing, shares_of
from training.hearing.performed_speech import HeardLine, Voice, heard_line, heard_lines, performed, utterance
from training.hearing.stage import add_hearing
from training.performance.expressions import EMOTIONS

RATE = 16_000


def said(seconds=3.0, pitch=140.0, seed=0):
    """A buzz in syllables, whose pitch wanders."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    height = pitch * 2 ** (
        np.interp(
            time, np.arange(0, seconds + 1, 0.3), rng.normal(0, 2, 40)[: len(np.arange(0, seconds + 1, 0.3))]
        )
        / 12
    )
    phase = 2 * np.pi * np.cumsum(height) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 24))
    return (0.06 * np.clip(np.sin(2 * np.pi * 3.3 * time), 0.05, 1) * buzz).astype(np.float32)


@pytest.fixture(scope="module")
def voices():
    return [Voice(f"voice {i}", [(said(pitch=100 + 40 * i, seed=i), ())]) for i in range(3)]


@pytest.fixture(scope="module")
def lines(voices):
    return heard_lines(voices, 24, seed=4)


def test_the_same_seed_performs_the_same_utterances(voices, lines):
    again = heard_lines(voices, 2, seed=4, first=3)
    for one, other in zip(again, lines[3:5], strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert not np.array_equal(heard_lines(voices, 1, seed=5)[0].values, lines[0].values)


def test_workers_change_nothing(voices, lines):
    for one, other in zip(heard_lines(voices, 4, seed=4, workers=2), lines[:4], strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_labels_are_amounts_beside_their_prosody(lines):
    for line in lines:
        assert line.values.shape == (len(line.labels), len(MEASURES))
        assert line.labels.min() >= 0
        assert line.labels.max() <= 1 + 1e-6
    assert {line.voice for line in lines} == {"voice 0", "voice 1", "voice 2"}


def test_an_angry_voice_is_brighter_and_livelier_than_a_sad_one(voices):
    def mean(leading):
        rows = []
        for seed in range(12):
            rng = np.random.default_rng([7, seed])
            sound, labels = performed(utterance(voices[0], rng), leading, rng)
            heard = heard_line(sound, labels, "")
            rows.append(heard.values[heard.labels[:, EMOTIONS.index(leading)] > 0.4])
        return np.concatenate(rows).mean(0)

    angry, sad = mean("anger"), mean("sadness")
    for measure in ("balance 3", "spread of pitch", "pitch above the line's lowest"):
        assert angry[MEASURES.index(measure)] > sad[MEASURES.index(measure)]


def made_up_lines(count, rng, mark=3.0):
    """Lines in which one measure tells of anger and another of sadness."""
    lines = []
    for index in range(count):
        labels = np.zeros((40, len(EMOTIONS)), np.float32)
        values = rng.standard_normal((40, len(MEASURES))).astype(np.float32)
        if index % 3:
            name = ("anger", "sadness")[index % 3 - 1]
            labels[:, EMOTIONS.index(name)] = 1
            values[:, index % 3] += mark
        lines.append(HeardLine(f"v{index}", values, np.ones(40, np.float32), labels))
    return lines


def test_what_measures_tell_is_learned_and_neutral_stays_neutral():
    rng = np.random.default_rng(1)
    kept = [EMOTIONS.index(name) for name in ("anger", "sadness")]
    learned = learn_hearing(made_up_lines(60, rng), ("anger", "sadness"), kept, seed=1)
    found = hearing_figures(learned, made_up_lines(30, rng), kept)
    assert found["right"] > 0.8
    assert found["arousal_r"] > 0.7
    neutral = learned.amounts(rng.standard_normal((500, len(MEASURES))).astype(np.float32))
    assert neutral.mean() < 0.1
    again = learn_hearing(made_up_lines(60, np.random.default_rng(1)), ("anger", "sadness"), kept, seed=1)
    np.testing.assert_array_equal(again.weight, learned.weight)


def test_measures_that_tell_nothing_are_at_chance():
    rng = np.random.default_rng(2)
    kept = [EMOTIONS.index(name) for name in ("anger", "sadness")]
    learned = learn_hearing(made_up_lines(60, rng, 0.0), ("anger", "sadness"), kept, seed=1)
    assert abs(hearing_figures(learned, made_up_lines(30, rng, 0.0), kept)["arousal_r"]) < 0.2


def test_labels_become_shares_and_classes():
    labels = np.zeros((4, len(EMOTIONS)), np.float32)
    labels[1, 2], labels[2, [2, 3]], labels[3, 2] = 0.9, 0.8, 0.3
    assert clear_labels(labels, range(len(EMOTIONS))).tolist() == [0, 3, -1, -1]
    np.testing.assert_allclose(shares_of(labels).sum(1), 1, atol=1e-6)
    assert set(AROUSAL) == set(EMOTIONS)


@pytest.fixture
def own_model(tmp_path):
    return shutil.copy(default_model_path(), tmp_path / "own.lipmodel")


def test_a_finished_bundle_hears_afterwards_and_keeps_all_else(own_model, small_project, tmp_path):
    project = shutil.copytree(small_project, tmp_path / "project")
    config = TrainingConfig(heard_utterances=30)
    before = load_bundle(own_model)
    figures = add_hearing(own_model, project, config, workers=1)
    after = load_bundle(own_model)
    assert figures["utterances"] == 30
    assert set(after.hearing.names) <= set(after.emotion_names)
    assert after.manifest.training["config"]["heard_utterances"] == 30
    with zipfile.ZipFile(own_model) as new, zipfile.ZipFile(default_model_path()) as old:
        for name in ("speech.onnx", "face.onnx", "face.npz", "emotion.npz"):
            assert new.read(name) == old.read(name)
    assert not np.array_equal(after.hearing.weight, before.hearing.weight)
    assert np.isfinite(hear_emotion(after, AudioClip.from_samples(said(4.0))).weights).all()
    first = own_model.read_bytes()
    assert len(list((project / "heard").iterdir())) == 1
    add_hearing(own_model, project, config, workers=1)  # from what was kept
    assert own_model.read_bytes() == first


def test_a_project_without_voices_is_refused(own_model, small_project, tmp_path):
    import soundfile  # noqa: PLC0415 - used by this test only

    project = shutil.copytree(small_project, tmp_path / "project")
    for path in (project / "audio").iterdir():
        soundfile.write(path, 0.01 * np.random.default_rng(0).standard_normal(48000), RATE)
    before = own_model.read_bytes()
    with pytest.raises(LipwrightError, match="too little voice"):
        add_hearing(own_model, project, TrainingConfig(heard_utterances=6), workers=1)
    assert own_model.read_bytes() == before


def test_the_command_refuses_what_teaches_nothing(own_model, small_project, capsys):
    assert main(["hear", str(own_model), str(small_project), "--utterances", "0"]) == 1
    assert "0 utterances teach nothing" in capsys.readouterr().err


def test_a_checkpoint_from_before_hearing_goes_on():
    config = TrainingConfig(steps=7, heard_utterances=3000)
    older = replace(config, heard_utterances=0).to_json()
    del older["heard_utterances"]
    assert config.speaks_like(older)
    assert not replace(config, steps=8).speaks_like(older)
    assert not config.speaks_like([])
