import numpy as np
import pytest
import torch

from training.augmentation import FeatureAugmentation, alter_sound, chords, noise

RATE = 16000


def augmentation(kind="log_mel", noise_octaves=0.0, mask_share=0.0):
    return FeatureAugmentation(kind, torch.zeros(32), torch.ones(32), noise_octaves, 3.0, 0.35, mask_share)


def click_time(samples):
    return np.argmax(np.abs(samples)) / RATE


def test_altered_sound_says_when_the_recording_said_it():
    rng = np.random.default_rng(0)
    sound = np.zeros(2 * RATE, np.float32)
    sound[RATE] = 1.0
    scales = set()
    for _ in range(12):
        altered = alter_sound(sound, RATE, rng)
        assert click_time(altered.samples) * altered.time_scale == pytest.approx(1.0, abs=0.002)
        assert len(altered.samples) / RATE * altered.time_scale == pytest.approx(2.0, abs=0.01)
        scales.add(altered.time_scale)
    assert len(scales) > 3


def test_noise_is_steady():
    sound = noise(4 * RATE, RATE, np.random.default_rng(1))
    levels = np.sqrt((sound.reshape(8, -1) ** 2).mean(1))
    assert np.sqrt((sound**2).mean()) == pytest.approx(1.0, abs=1e-6)
    assert levels.max() / levels.min() < 1.5


def test_multiplicative_noise_is_as_strong_as_asked():
    features = torch.ones(4, 500, 32)
    generator = torch.Generator().manual_seed(0)
    lags = augmentation("autocorrelation", noise_octaves=0.485)(
        features, torch.ones(len(features)), generator
    )
    assert float(torch.log2(lags[..., 1:]).std()) == pytest.approx(0.485, rel=0.05)


def test_masks_hit_the_asked_share_of_chunks():
    features = torch.ones(200, 250, 32)
    masked = augmentation("autocorrelation", mask_share=0.3)(
        features, torch.ones(len(features)), torch.Generator().manual_seed(0)
    )
    hit = (masked == 0).flatten(1).any(1).float().mean()
    assert 0.2 < float(hit) < 0.4


def test_same_generator_same_change():
    features = torch.randn(3, 100, 32)
    first, second = (
        augmentation(noise_octaves=0.3)(features, torch.ones(len(features)), torch.Generator().manual_seed(7))
        for _ in range(2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, features)


def test_chords_are_sounds_and_change():
    sound = chords(4 * RATE, RATE, np.random.default_rng(2))
    spectra = np.abs(np.fft.rfft(sound.reshape(8, -1), axis=1)).argmax(1)
    assert np.isfinite(sound).all()
    assert len(set(spectra)) > 2
