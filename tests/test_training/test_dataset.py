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
)


def motion(group, segments=()):
    sound = np.random.default_rng(0).normal(0, 0.1, 3 * 16000).astype(np.float32)
    valid = np.ones(150, bool)
    return Motion(group, group, sound, 0.0, 50.0, np.zeros((150, 4), np.float32), valid, group, segments)


@pytest.fixture(scope="module")
def data():
    spoken = (Segment("P", 0.5, 0.6), Segment("AA", 0.6, 3.0))
    motions = [motion("main"), motion("other"), motion("synthetic", spoken), motion("rest")]
    return Dataset(motions, FeatureSettings(kind="log_mel", channels=40), CONFIG, -23.0)


def test_groups_are_drawn_by_their_shares(data):
    batches = [data.draw(torch.Generator().manual_seed(seed)) for seed in range(30)]
    speakers = torch.cat([batch.speaker for batch in batches])
    share = dict(zip(data.speakers, (torch.bincount(speakers) / len(speakers)).tolist(), strict=True))
    for group, expected in (("main", 0.4), ("other", 0.1), ("synthetic", 0.4), ("rest", 0.1)):
        assert share[group] == pytest.approx(expected, abs=0.04)


def test_phones_are_known_where_a_line_has_them_and_nowhere_else(data):
    batch = data.draw(torch.Generator().manual_seed(1))
    synthetic = batch.speaker == data.speakers.index("synthetic")
    assert (batch.phone[~synthetic] == -1).all()
    heard = {PHONES[i] for i in batch.phone[synthetic].flatten().tolist()}
    assert heard == {"SIL", "P", "AA"}
