"""A network with a second ear: how it learns, and how its bundle hears."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.audio_file import read_audio
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle
from training.export.bundle import BundleLabel, export_bundle
from training.preparation import prepare
from training.trainer import Trainer
from training.validation import line_code, padded_features, predict_line

OWN = ("recogniser.", "touch_again.", "phones_again.")


@pytest.fixture(scope="module")
def config(small_config):
    return replace(
        small_config, network="lipwright", channels=40, steps=10, motion_steps=4, recognising_steps=3
    )


@pytest.fixture(scope="module")
def prepared(small_project, config):
    return prepare(small_project, config)


@pytest.fixture(scope="module")
def trainer(prepared, config, tmp_path_factory):
    return Trainer(prepared, config, tmp_path_factory.mktemp("run"), "cpu")


@pytest.fixture(scope="module")
def learned(trainer):
    """What each step changed, by the names of the network's parameters."""
    changes = []
    while trainer.step < trainer.config.steps:
        before = {n: p.detach().clone() for n, p in trainer.learner.network.named_parameters()}
        trainer.take_step()
        after = trainer.learner.network.named_parameters()
        changes.append({n for n, p in after if not torch.equal(p, before[n])})
    return changes


@pytest.fixture(scope="module")
def trained(trainer, learned):
    assert learned
    return trainer.result()


@pytest.fixture(scope="module")
def bundle(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "ears.lipmodel"
    export_bundle(trained, path, BundleLabel("ears"))
    return load_bundle(path)


def test_the_second_ear_learns_last_and_alone(learned):
    """Seven steps end with three of its own; before them it is not touched."""
    assert not any(name.startswith(OWN) for step in learned[:7] for name in step)
    for step in learned[7:]:
        assert step
        assert all(name.startswith(OWN) for name in step)


def test_both_ears_decide_on_lips_that_meet(trained, prepared):
    line = prepared.validation[0]
    samples = np.asarray(read_audio(line.audio_path).samples, np.float32)
    both = line_code(trained.network, prepared, samples)
    bias = trained.network.touch_again.bias
    with torch.no_grad():
        bias += 4.0
        sure = line_code(trained.network, prepared, samples)
        bias -= 4.0
    assert torch.equal(both[..., :-2], sure[..., :-2])
    assert torch.equal(both[..., -1], sure[..., -1])  # f and v are the first ear's alone
    assert (sure[..., -2] >= both[..., -2]).all()
    assert sure[..., -2].mean() > both[..., -2].mean()


def test_what_the_first_ear_takes_for_f_the_second_takes_less_for_p(trained, prepared):
    network = trained.network
    samples = np.asarray(read_audio(prepared.validation[0].audio_path).samples, np.float32)
    features = padded_features(network, prepared, samples)
    bands, colour = features[..., :40], features[..., 40:]
    with torch.no_grad():
        heard = network.contact(bands)
        before = network.contacts(bands, heard, colour)
        network.touch.bias[1] += 6.0
        after = network.contacts(bands, heard, colour)
        network.touch.bias[1] -= 6.0
    assert (after[..., 1] >= before[..., 1]).all()
    assert (after[..., 0] < before[..., 0]).all()


def test_the_bundle_hears_with_both_ears_as_the_network_does(trained, prepared, bundle):
    assert bundle.manifest.features.colour
    sound = read_audio(prepared.validation[0].audio_path)
    predictor = FacePredictor(bundle)
    times = np.arange(int(sound.duration * bundle.frame_rate)) / bundle.frame_rate
    ours = predictor.coefficients(predictor.analyse(sound), times)
    theirs = predict_line(trained.network, prepared, np.asarray(sound.samples, np.float32))[: len(times)]
    offsets = bundle.mean_offset + np.tensordot(ours, bundle.basis, 1)
    apart = np.abs(offsets - np.tensordot(theirs, prepared.basis, 1)).max(axis=(1, 2))
    assert np.median(apart) <= 1e-6
    assert apart.max() <= 5e-4  # a few frames, where eight bits round a sum to the other side
    streamed, _ = predictor.stream_coefficients(sound, times)
    np.testing.assert_array_equal(streamed, ours)


def test_the_microphones_tone_hardly_changes_where_the_second_ear_hears_contact(trained, prepared):
    """A fixed filter over a whole line: what is told beside the features takes it away again."""
    samples = np.asarray(read_audio(prepared.validation[0].audio_path).samples, np.float32)
    filtered = np.convolve(samples, [1.0, -0.4], mode="same").astype(np.float32)
    network = trained.network
    heard = [_second_ear(network, prepared, sound) for sound in (samples, filtered)]
    apart = (heard[0] - heard[1]).abs().mean()
    assert apart < 0.2 * heard[0].std()


def _second_ear(network, prepared, samples):
    features = padded_features(network, prepared, samples)
    with torch.no_grad():
        return network.recogniser(features[..., :40], features[..., 40:])[0, 20:-20]
