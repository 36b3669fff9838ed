import numpy as np
import pytest
import torch

from training import losses


@pytest.fixture
def metric():
    rng = np.random.default_rng(0)
    template = rng.random((100, 3)).astype(np.float32)
    q = np.linalg.qr(rng.standard_normal((300, 5)))[0].T
    samples = rng.standard_normal((50, 5)).astype(np.float32)
    landmarks = np.arange(68, dtype=np.int32)
    basis = q.reshape(5, 100, 3).astype(np.float32)
    return template, landmarks, basis, losses.build_metric(template, landmarks, basis, samples, 1.0)


def test_position_loss_is_the_vertex_error_relative_to_the_spread(metric):
    _, _, basis, built = metric
    samples = np.random.default_rng(0)
    a, b = (torch.tensor(samples.standard_normal((1, 4, 5)), dtype=torch.float32) for _ in range(2))
    ours = float(losses.position_loss(built, a, b, torch.ones(1, 4)))
    vertices = np.tensordot((a - b)[0].numpy(), basis, axes=1)
    unit = float(losses.position_loss(built, a, a + torch.eye(5)[0], torch.ones(1, 4)))
    assert ours == pytest.approx((vertices**2).sum(2).sum(1).mean() * unit, rel=1e-4)


def test_motion_loss_ignores_a_constant_offset_and_frames_without_capture(metric):
    built = metric[3]
    target = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(1))
    weight = torch.ones(2, 6)
    assert float(losses.motion_loss(built, target + 3, target, weight)) < 1e-9
    broken = target.clone()
    broken[:, 2] += 100
    weight[:, 2] = 0
    assert float(losses.motion_loss(built, broken, target, weight)) < 1e-9


def test_measures_are_distances_over_the_eye_distance(metric):
    template, landmarks, basis, built = metric
    coefficients = torch.tensor([0.3, -0.1, 0.2, 0.0, 0.5])
    moved = template + np.tensordot(coefficients.numpy(), basis, axes=1)
    eyes = np.linalg.norm(template[36] - template[45])
    expected = [np.linalg.norm(moved[landmarks[a]] - moved[landmarks[b]]) / eyes for a, b in losses.MEASURES]
    np.testing.assert_allclose(built.measures(coefficients).numpy(), expected, rtol=1e-4)


def test_closure_weighs_a_hovering_lip_more_than_a_wide_one(metric):
    built = metric[3]

    class Gaps:
        def measures(self, c):
            return torch.cat([c, torch.ones_like(c), torch.ones_like(c)], -1)

    def closure(ours, theirs):
        values = torch.tensor([[[ours]]]), torch.tensor([[[theirs]]])
        return float(losses.mouth_losses(Gaps(), *values, torch.ones(1, 1), torch.ones(3))[1])

    assert closure(0.03, 0.0) > 5 * closure(0.33, 0.30)
    assert built.eye_distance > 0


def test_terms_of_any_scale_become_one():
    rms = losses.RunningRms()
    for scale in (1e-6, 1.0, 1e6):
        assert float(rms.normalise(str(scale), torch.tensor(scale))) == pytest.approx(1.0, abs=1e-4)
    for _ in range(2000):
        value = rms.normalise("falling", torch.tensor(2.0))
    assert float(value) == pytest.approx(1.0, abs=1e-3)
    assert float(rms.normalise("falling", torch.tensor(0.2))) == pytest.approx(0.1, rel=0.02)


def test_emotion_loss_is_not_fooled_by_small_latents():
    latents = torch.randn(1, 50, 4, generator=torch.Generator().manual_seed(0))
    slow = torch.cumsum(latents, 1)
    assert float(losses.emotion_loss(slow)) < 0.2 * float(losses.emotion_loss(latents))
    assert float(losses.emotion_loss(latents * 0.1)) == pytest.approx(
        float(losses.emotion_loss(latents)), rel=1e-3
    )
