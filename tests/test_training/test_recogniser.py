"""The second ear for contact, and the acoustic model that it listens to."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from inference.audio_features import FeatureSettings, extract_features
from inference.errors import LipwrightError
from training.export.graph_builder import GraphBuilder
from training.export.recogniser import recogniser_nodes
from training.networks.contact_trunk import ContactTrunk
from training.networks.phone_likelihoods import PHONE_COUNT, PhoneLikelihoods
from training.networks.recogniser_trunk import RECOGNISER_WIDTH, RecogniserTrunk
from training.second_ear.acoustic_model import AcousticModel, read_acoustic_model
from training.second_ear.gaussian_teacher import GaussianTeacher
from training.second_ear.recogniser_lesson import learn_likelihoods


@pytest.fixture(scope="module")
def model():
    return read_acoustic_model()


@pytest.fixture(scope="module")
def samples():
    """Two seconds of a hum whose tone and level change, over faint noise."""
    rng = np.random.default_rng(3)
    t = np.arange(32_000) / 16_000
    hum = sum(
        np.sin(2 * np.pi * 120 * k * t) / k * (1 + np.sin(2 * np.pi * (1 + k / 9) * t)) for k in range(1, 30)
    )
    return (0.05 * hum + 0.002 * rng.standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def settings(samples):
    plain = FeatureSettings(kind="log_mel", channels=40)
    return plain.with_statistics(extract_features(samples, plain))


@pytest.fixture(scope="module")
def heard(samples, settings):
    """Return frames [N, 39] of the hum."""
    likelihoods = PhoneLikelihoods(40)
    likelihoods.tell(settings)
    return likelihoods.streams(torch.tensor(extract_features(samples, settings))[None])[0]


@pytest.fixture
def trunk(settings, heard):
    torch.manual_seed(0)
    trunk = RecogniserTrunk(40)
    trunk.likelihoods.tell(settings)
    trunk.likelihoods.get_used_to(heard)
    for block in trunk.blocks:
        torch.nn.init.normal_(block.narrow.weight, std=0.05)
    return trunk.eval()


def test_the_acoustic_model_is_one_of_probabilities(model):
    assert model.means.shape == model.variances.shape == (PHONE_COUNT, 3, 128, 13)
    np.testing.assert_allclose(model.weights.sum(axis=2), 1, rtol=1e-5)
    assert model.variances.min() > 0


def test_a_damaged_acoustic_model_is_refused(tmp_path):
    with pytest.raises(LipwrightError, match="install pocketsphinx again"):
        read_acoustic_model(tmp_path)
    for name in ("means", "variances", "sendump"):
        (tmp_path / name).write_bytes(b"s3\nendhdr\n" + bytes(40))
    with pytest.raises(LipwrightError, match=r"another form.*install pocketsphinx again"):
        read_acoustic_model(tmp_path)


def test_a_phones_own_cepstra_are_likeliest_in_it():
    """Made-up Gaussians that differ by phone: frames of one phone's mean must name that phone."""
    rng = np.random.default_rng(0)
    means = np.zeros((PHONE_COUNT, 3, 128, 13), np.float32)
    means[:, 0] = rng.normal(0, 5, (PHONE_COUNT, 1, 13))
    weights = np.full((PHONE_COUNT, 3, 128, 3), 1 / 128, np.float32)
    teacher = GaussianTeacher(AcousticModel(means, np.ones_like(means), weights))
    frames = torch.tensor(means[:, :, 0].reshape(PHONE_COUNT, 39))
    named = teacher.log_likelihoods(frames).unflatten(-1, (PHONE_COUNT, 3)).amax(-1).argmax(-1)
    assert named.tolist() == list(range(PHONE_COUNT))


def test_log_likelihoods_are_those_of_mixtures(model):
    """Against the definition, state by state, on frames that the model draws."""
    teacher = GaussianTeacher(model)
    frames = teacher.drawn(7, torch.Generator().manual_seed(0))
    expected = np.zeros((7, PHONE_COUNT, 3))
    for stream, seen in enumerate(frames.numpy().reshape(7, 3, 13).swapaxes(0, 1).astype(np.float64)):
        means, variances = model.means[:, stream], model.variances[:, stream]
        away = (seen[:, None, None] - means) ** 2 / variances + np.log(2 * np.pi * variances)
        dense = np.exp(-0.5 * away.sum(-1))  # [7, P, 128]
        expected += np.log(np.einsum("npd,pds->nps", dense, model.weights[:, stream]))
    ours = teacher.log_likelihoods(frames).numpy().reshape(7, PHONE_COUNT, 3)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=0.05)


def test_the_teacher_draws_the_states_that_it_then_hears(model):
    """Of 126 states the one that a frame was drawn from is among the ten likeliest most of the time."""
    teacher = GaussianTeacher(model)
    generator = torch.Generator().manual_seed(3)
    likely = teacher.log_likelihoods(teacher.drawn(400, generator))
    generator.manual_seed(3)
    phone, state = (torch.randint(0, n, (400,), generator=generator) for n in (PHONE_COUNT, 3))
    among = (likely.argsort(1, descending=True)[:, :10] == (3 * phone + state)[:, None]).any(1)
    assert among.float().mean() > 0.7


def test_a_pupil_learns_to_answer_as_the_teacher_does(model):
    torch.manual_seed(0)
    pupil, teacher = PhoneLikelihoods(40), GaussianTeacher(model)
    assert not pupil.learned
    explained = learn_likelihoods(pupil, teacher, teacher.drawn(2000, torch.Generator()), 40, 1)
    assert pupil.learned
    assert explained > 0.25


def test_the_same_seed_makes_the_same_pupil(model, heard):
    torch.manual_seed(0)
    pupils = PhoneLikelihoods(40), PhoneLikelihoods(40)
    pupils[1].load_state_dict(pupils[0].state_dict())
    figures = [learn_likelihoods(pupil, GaussianTeacher(model), heard, 3, 1) for pupil in pupils]
    assert figures[0] == figures[1]


def test_the_microphones_tone_is_not_heard(trunk, samples, settings):
    """A fixed filter adds to the logarithms of all bands: the same is heard without it."""
    features = torch.tensor(extract_features(samples, settings))[None]
    tone = torch.linspace(-0.3, 0.3, 40)
    with torch.no_grad():
        plain, filtered, upside_down = (trunk.heard(x) for x in (features, features + tone, features.flip(2)))
    assert (plain - filtered).abs().mean() < 0.2 * (plain - upside_down).abs().mean()


@pytest.mark.parametrize("frames", [185, 186, 240, 301])
def test_both_ears_end_at_the_same_moments(trunk, frames):
    """A click moves both ears' outputs around the same frame, and they are as many."""
    first = ContactTrunk(40).eval()
    for block in first.blocks:
        torch.nn.init.normal_(block.narrow.weight, std=0.05)
    features = torch.zeros(1, frames, 40)
    clicked = features.clone()
    clicked[:, frames // 2] = 3.0
    steady = trunk.likelihoods.cepstra(features)[:, :1].expand(-1, frames, -1)
    with torch.no_grad():
        moved = [
            (ear(clicked) - ear(features)).abs().sum(2)[0] for ear in (first, lambda x: trunk(x, steady))
        ]
    assert moved[0].shape == moved[1].shape
    middles = [float((m * torch.arange(len(m))).sum() / m.sum()) for m in moved]
    assert middles[0] == pytest.approx(middles[1], abs=1.0)


@pytest.mark.parametrize("rounded", [False, True])
def test_the_exported_ear_hears_the_same(trunk, settings, samples, rounded):
    features = torch.tensor(extract_features(samples, replace(settings, colour=True)))[None]
    if rounded:
        trunk.round_off(features[..., :40])
    with torch.no_grad():
        expected = trunk(features[..., :40], features[..., 40:]).numpy()
    build = GraphBuilder()
    build.add("Identity", [recogniser_nodes(build, "features", trunk, 40)], "heard")
    graph = build.finish("ear", {"features": [1, "N", 53]}, {"heard": [1, "M", RECOGNISER_WIDTH]})
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    ours = session.run(None, {"features": features.numpy()})[0]
    assert ours.shape == expected.shape
    assert np.abs(ours - expected).mean() < (0.02 if rounded else 1e-4)
