from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.audio_features import FeatureSettings
from training.config import default_config
from training.corpus.phones import PHONES, Segment
from training.dataset import Dataset, Motion

CONFIG = replace(
    default_config("lipwright"),
    batch_size=64,
    variants=0,
    other_share=0.1,
    synthetic_share=0.4,
    rest_share=0.1,
    natural_share=0.25,
    captured_after=0.05,
)

SETTINGS = FeatureSettings(kind="log_mel", channels=40)


def motion(group, segments=()):
    sound = np.random.default_rng(0).normal(0, 0.1, 3 * 16000).astype(np.float32)
    valid = np.ones(150, bool)
    return Motion(group, group, sound, 0.0, 50.0, np.zeros((150, 4), np.float32), valid, group, segments)


@pytest.fixture(scope="module")
def data():
    spoken = (Segment("P", 0.5, 0.6), Segment("AA", 0.6, 3.0))
    motions = [motion("main"), motion("other"), motion("synthetic", spoken), motion("rest")]
    return Dataset(motions, SETTINGS, CONFIG, -23.0)


def drawn(data, *, motion_learns):
    """Return how often each group is drawn."""
    batches = [
        data.draw(torch.Generator().manual_seed(seed), motion_learns=motion_learns) for seed in range(30)
    ]
    speakers = torch.cat([batch.speaker for batch in batches])
    counts = torch.bincount(speakers, minlength=len(data.speakers))
    return dict(zip(data.speakers, (counts / len(speakers)).tolist(), strict=True))


def test_capture_steps_back_when_motion_has_learned(data):
    before, after = (drawn(data, motion_learns=learns) for learns in (True, False))
    assert before["main"] == pytest.approx(0.4, abs=0.04)
    assert before["synthetic"] == pytest.approx(0.4, abs=0.04)
    assert after["main"] + after["other"] == pytest.approx(0.05, abs=0.02)
    assert after["main"] > after["other"] > 0
    assert after["rest"] == pytest.approx(0.1, abs=0.03)
    assert after["synthetic"] == pytest.approx(0.85, abs=0.04)


def test_natural_voices_are_heard_for_contact_alone(data):
    mixed = Dataset([*data.motions, motion("natural", data.motions[2].segments)], SETTINGS, CONFIG, -23.0)
    before, after = (drawn(mixed, motion_learns=learns) for learns in (True, False))
    assert before["natural"] == 0
    assert after["natural"] == pytest.approx(0.25, abs=0.04)
    assert after["synthetic"] == pytest.approx(0.6, abs=0.04)
    sounds = [mixed.owner.tolist().count(owner) for owner in (2, 4)]
    assert sounds == [1 + CONFIG.synthetic_variants] * 2, "as many rooms and noises as other made-up lines"


def test_without_made_up_speech_capture_stays():
    data = Dataset([motion("main")], SETTINGS, CONFIG, -23.0)
    assert drawn(data, motion_learns=False) == {"main": 1.0}


def test_phones_are_known_where_a_line_has_them_and_nowhere_else(data):
    batch = data.draw(torch.Generator().manual_seed(1))
    synthetic, resting = (batch.speaker == data.speakers.index(who) for who in ("synthetic", "rest"))
    assert (batch.phone[~synthetic & ~resting] == -1).all()
    assert (batch.phone[resting] == PHONES.index("SIL")).all(), "nobody speaks there, whatever is heard"
    heard = {PHONES[i] for i in batch.phone[synthetic].flatten().tolist()}
    assert heard == {"SIL", "P", "AA"}


def test_motion_may_learn_from_larger_batches(data):
    wide = Dataset(data.motions[:1], SETTINGS, replace(CONFIG, motion_batch_size=5, batch_size=3), -23.0)
    sizes = [
        len(wide.draw(torch.Generator().manual_seed(1), motion_learns=learns).features)
        for learns in (True, False)
    ]
    assert sizes == [5, 3]
