import numpy as np
import pytest
import torch

from inference.audio_features import FeatureSettings, extract_features
from training.alteration.feature_places import FeaturePlaces

RATE, CHANNELS = 16000, 40
MEAN, STD = torch.full((CHANNELS,), -8.0), torch.full((CHANNELS,), 2.0)


def places():
    return FeaturePlaces(MEAN, STD)


def spoken(chunks=8, frames=250):
    """Return log-mel features of loud half-seconds between silences, normalised, [B, N, C]."""
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.1, (chunks, frames * 128))
    sound *= np.repeat(np.tile([1, 1e-4], 8), frames * 8)[: frames * 128]
    settings = FeatureSettings(kind="log_mel", channels=CHANNELS)
    raw = np.stack([extract_features(s.astype(np.float32), settings)[:frames] for s in sound])
    return (torch.tensor(raw) - MEAN) / STD


def power(features):
    return torch.exp(features * STD + MEAN)


@pytest.mark.parametrize("seed", range(5))
def test_places_keep_each_chunks_level_and_stay_finite(seed):
    features = spoken()
    there = places()(features, torch.Generator().manual_seed(seed))
    assert there.shape == features.shape
    assert torch.isfinite(there).all()
    torch.testing.assert_close(power(there).mean((1, 2)), power(features).mean((1, 2)), rtol=1e-3, atol=0)


def test_pauses_fill_up_and_speech_stays_the_loudest():
    features, generator = spoken(), torch.Generator().manual_seed(1)
    level = features.mean((0, 2))
    quiet, loud = level < torch.quantile(level, 0.3), level > torch.quantile(level, 0.7)
    filled = total = 0
    for _ in range(10):
        there = places()(features, generator)
        filled += int((there[:, quiet].mean((1, 2)) > features[:, quiet].mean((1, 2)) + 0.3).sum())
        total += len(there)
        level = power(there).mean(2)
        assert (level[:, loud].mean(1) > level[:, quiet].mean(1)).float().mean() > 0.9
    assert 0.5 < filled / total < 0.95


def test_the_same_seed_gives_the_same_places():
    features = spoken()
    one, two, other = (places()(features, torch.Generator().manual_seed(s)) for s in (3, 3, 4))
    torch.testing.assert_close(one, two)
    assert (one - other).abs().max() > 0.5
