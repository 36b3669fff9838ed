import numpy as np
import onnxruntime
import pytest
import torch

from training.export.contact import share_nodes
from training.export.graph_builder import GraphBuilder
from training.networks.contact_share import CONTACT_REACH, contact_share

FRAME = 0.016


def shares(belief):
    """Shares [M, 2] of contact that is believed as far as said [M], lips' and teeth's alike."""
    logit = torch.logit(torch.tensor(belief, dtype=torch.float32).clamp(1e-9, 1 - 1e-7))
    return contact_share(logit[None, :, None].expand(1, -1, 2))[0].numpy()


def ramped(seconds, peak=1.0, ramp=0.05, length=60):
    """Belief [M] as it is learned: a closure in the middle, ramps on both sides."""
    outside = np.maximum(np.abs(np.arange(length) - length // 2) * FRAME - seconds / 2, 0)
    return peak * np.clip(1 - outside / ramp, 0, 1)


def test_the_peak_of_a_closure_is_acted_on_in_full_however_unsure():
    for peak in (1.0, 0.5, 0.12):
        np.testing.assert_allclose(shares(ramped(0.0, peak))[30], 1.0)
    lips, teeth = shares(ramped(0.0, 0.05))[30]
    assert lips == 0, "lips that close by half only hover"
    assert teeth == pytest.approx(1.0), "a lip at the teeth shuts nothing, so it may be less sure"


def test_a_peak_that_is_too_unsure_is_not_acted_on_at_all():
    assert 0 < shares(ramped(0.0, 0.08))[30, 0] < 1, "and there is no cliff between"
    assert shares(ramped(0.0, 0.07))[:, 0].max() == 0
    assert shares(ramped(0.0, 0.015)).max() == 0
    assert shares(np.zeros(60)).max() == 0


def test_a_closure_is_full_for_as_long_as_it_is_sure_and_little_longer():
    full = shares(ramped(0.1))[:, 0] > 0.99
    assert 0.09 <= full.sum() * FRAME <= 0.15
    assert full.sum() == np.ptp(np.flatnonzero(full)) + 1


def test_a_closure_of_40_ms_shows_at_24_frames_a_second():
    share = shares(ramped(0.04))[:, 0]
    for phase in np.arange(0, 1 / 24, 0.004):
        at = np.arange(phase, 59 * FRAME, 1 / 24)
        assert np.interp(at, np.arange(60) * FRAME, share).max() > 0.85


def test_a_short_vowel_between_two_closures_opens():
    belief = np.maximum(np.roll(ramped(0.06), -6), np.roll(ramped(0.06), 6))
    assert belief[30] < 0.35
    share = shares(np.maximum(belief, 0.45))[:, 0]
    assert share[24] == share[36] == 1.0
    assert share[30] < 0.1, "what lies beside a peak is no closure, however sure of itself"


def test_lips_that_rest_stay_closed():
    np.testing.assert_allclose(shares(np.full(80, 0.9)), 1.0)
    np.testing.assert_allclose(shares(np.zeros(80)), 0.0, atol=1e-4)


def test_contact_comes_and_goes_over_some_frames():
    steps = np.abs(np.diff(shares((np.arange(80) // 20 % 2).astype(float))[:, 0]))
    assert steps.max() <= 0.41


def test_log_odds_beyond_all_numbers_give_shares():
    far = contact_share(torch.tensor([-1e4, 1e4, -200.0])[None, :, None].expand(1, -1, 2))
    assert torch.isfinite(far).all()
    assert far.max() == 1


def test_the_graph_acts_on_contact_as_the_network_does():
    logit = 4 * torch.randn(1, 90, 2, generator=torch.Generator().manual_seed(4))
    logit[:, 40:60] -= 300
    build = GraphBuilder()
    build.add("Identity", [share_nodes(build, "logit")], "share")
    graph = build.finish("share", {"logit": [1, 2, "M"]}, {"share": [1, 2, "T"]})
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found = session.run(None, {"logit": logit.transpose(1, 2).numpy()})[0]
    expected = contact_share(logit).transpose(1, 2).numpy()[..., CONTACT_REACH:-CONTACT_REACH]
    assert 0 < expected.mean() < 1
    np.testing.assert_allclose(found, expected, atol=1e-5)
