import numpy as np
import pytest
import torch

from training.amplitude import best_gain, restore_amplitude
from training.trainer import train_project
from training.validation import predict_line


def test_a_timid_prediction_is_enlarged_but_not_to_the_noise():
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((500, 4)).astype(np.float32)
    assert best_gain(0.85 * truth, truth) == pytest.approx(1 / 0.85, rel=1e-3)
    assert best_gain(truth, truth) == pytest.approx(1.0)
    assert best_gain(0.2 * truth, truth) == 1.3
    unrelated = rng.standard_normal((500, 4)).astype(np.float32)
    assert best_gain(unrelated, truth) == 1.0


def test_motion_grows_about_the_face_in_silence(small_project, small_config, tmp_path):
    trained = train_project(small_project, small_config, tmp_path)
    network, prepared = trained.network, trained.prepared
    silence = np.zeros(16000, np.float32)
    sound = prepared.motions[0].samples
    rest, before = predict_line(network, prepared, silence), predict_line(network, prepared, sound)
    with torch.no_grad():
        network.output.weight *= 0.9
        network.output.bias.copy_(0.9 * network.output.bias + 0.1 * torch.tensor(rest.mean(0)))
    smaller = predict_line(network, prepared, sound)
    gain = restore_amplitude(network, prepared)
    after = predict_line(network, prepared, sound)
    assert gain >= 1.0
    np.testing.assert_allclose(predict_line(network, prepared, silence), rest, atol=1e-5)
    np.testing.assert_allclose(after - rest.mean(0), gain * (smaller - rest.mean(0)), atol=1e-4)
    assert np.abs(after - before).max() < np.abs(before).max() * 0.5
