import numpy as np
import pytest
import torch

from training.alteration.augmentation import (
    FeatureAugmentation,
    alter_sound,
    band_music,
    bursts,
    chords,
    gusts,
    noise,
)

RATE = 16000


def augmentation(kind="log_mel", noise_octaves=0.0, mask_share=0.0):
    return FeatureAugmentation(kind, torch.zeros(32), torch.ones(32), noise_octaves, 3.0, 0.35, mask_share)


def two_clicks(seconds=3.0):
    """Return noise bursts of 20 ms at 1 s and 2 s."""
    sound = np.zeros(int(seconds * RATE), np.float32)
    for at in (RATE, 2 * RATE):
        sound[at : at + 320] = np.random.default_rng(at).normal(0, 0.3, 320)
    return sound


def burst_times(samples, time_scale):
    """Return the loudest 20 ms in each half, in seconds of the recording."""
    power = np.convolve(samples.astype(float) ** 2, np.ones(round(320 / time_scale)), "valid")
    half = round(1.5 * RATE / time_scale)
    return np.array([power[:half].argmax(), half + power[half:].argmax()]) / RATE * time_scale


def test_altered_sound_says_when_the_recording_said_it():
    rng = np.random.default_rng(0)
    sound, scales = two_clicks(), set()
    for _ in range(60):
        altered = alter_sound(sound, RATE, rng)
        assert altered.samples.dtype == np.float32
        assert np.isfinite(altered.samples).all()
        assert burst_times(altered.samples, altered.time_scale) == pytest.approx([1, 2], abs=0.025)
        assert len(altered.samples) / RATE * altered.time_scale == pytest.approx(3.0, abs=0.01)
        assert 0.7 < altered.time_scale < 1.4
        scales.add(round(altered.time_scale, 2))
    assert len(scales) > 10


def test_about_a_quarter_stays_nearly_clean():
    rng = np.random.default_rng(1)
    sound = two_clicks()
    clean = 0
    for _ in range(200):
        copy = alter_sound(sound, RATE, rng).samples
        clean += len(copy) == len(sound) and np.corrcoef(copy, sound)[0, 1] > 0.99
    assert 0.2 < clean / 200 < 0.5


def test_other_voices_talk_in_the_background_of_some():
    talk = [np.sin(np.arange(RATE) * 2 * np.pi * 3000 / RATE).astype(np.float32)] * 3
    heard = 0
    for seed in range(40):
        copy = alter_sound(two_clicks(), RATE, np.random.default_rng(seed), talk)
        alone = alter_sound(two_clicks(), RATE, np.random.default_rng(seed))
        heard += not (len(copy.samples) == len(alone.samples) and np.allclose(copy.samples, alone.samples))
    assert 2 < heard < 25


def test_the_same_generator_alters_alike_and_silence_stays_finite():
    first, again = (alter_sound(two_clicks(), RATE, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.samples, again.samples)
    assert np.isfinite(alter_sound(np.zeros(RATE, np.float32), RATE, np.random.default_rng(0)).samples).all()


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


@pytest.mark.parametrize("make", [noise, chords, bursts, gusts, band_music])
def test_made_up_sounds_are_as_loud_as_each_other_and_never_the_same(make):
    sounds = [make(2 * RATE, RATE, np.random.default_rng(seed)) for seed in range(4)]
    for sound in sounds:
        assert sound.shape == (2 * RATE,)
        assert np.isfinite(sound).all()
        assert np.sqrt((sound**2).mean()) == pytest.approx(1, abs=0.01)
    assert abs(np.corrcoef(sounds[0], sounds[1])[0, 1]) < 0.5


def test_gusts_swell_and_bursts_are_short():
    def loudness(sound):
        return np.sqrt((sound.reshape(-1, RATE // 20) ** 2).mean(1))

    rng = np.random.default_rng(3)
    swelling = loudness(gusts(4 * RATE, RATE, rng))
    assert swelling.max() > 3 * np.quantile(swelling, 0.1)
    peaks = [np.abs(s).max() for s in (bursts(4 * RATE, RATE, rng) for _ in range(8))]
    assert max(peaks) > 8
