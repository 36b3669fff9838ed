import numpy as np
import pytest

from inference.audio_features import FeatureSettings, extract_features, feature_blocks, silence_features
from inference.errors import LipwrightError
from inference.loudness import measure_level, normalise_loudness


@pytest.mark.parametrize("gain_db", [-45, -25, 0, 12])
def test_gain_does_not_change_the_normalised_sound(make_speech, gain_db):
    speech = make_speech(3.0)
    quieter = speech * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(
        normalise_loudness(quieter, -20.0), normalise_loudness(speech, -20.0), atol=1e-5
    )


def test_pauses_do_not_count_as_speech(make_speech):
    speech = make_speech(3.0)
    padded = np.concatenate((speech, np.zeros(16_000 * 20, np.float32)))
    assert measure_level([padded]) == pytest.approx(measure_level([speech]), abs=0.7)


def test_level_does_not_depend_on_blocks(make_speech):
    speech = make_speech(3.0)
    blocks = [speech[start : start + 1234] for start in range(0, len(speech), 1234)]
    assert measure_level(blocks) == pytest.approx(measure_level([speech]), abs=1e-9)


def test_silence_stays_silence():
    assert not normalise_loudness(np.zeros(16_000, np.float32), -20.0).any()
    assert not normalise_loudness(np.full(16_000, 1e-5, np.float32), -20.0).any()


def test_autocorrelation_is_that_of_the_definition(make_speech):
    samples = make_speech(1.5)
    settings = FeatureSettings(floor_db=-60.0)
    features = extract_features(samples, settings)
    frame = samples[90 * 128 - 128 : 90 * 128 + 128].astype(np.float64)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    windowed = (frame - frame.mean()) * hann
    lags = np.array([windowed[: 256 - lag] @ windowed[lag:] for lag in range(32)]) / (hann**2).sum()
    energy = lags[0] + 1e-6
    np.testing.assert_allclose(features[90], [np.log(energy), *lags[1:] / energy], atol=1e-4)
    assert features.dtype == np.float32
    assert features.shape == (len(samples) // 128 + 1, 32)


def test_log_mel_puts_a_tone_into_its_band():
    settings = FeatureSettings(kind="log_mel", channels=40)
    peaks = []
    for frequency in (200, 800, 3000):
        samples = np.sin(2 * np.pi * frequency * np.arange(16_000) / 16_000).astype(np.float32) * 0.1
        peaks.append(int(extract_features(samples, settings)[60].argmax()))
    assert peaks == sorted(set(peaks))
    mel = 2595 * np.log10(1 + np.array([50, 800, 7600]) / 700)
    assert peaks[1] == pytest.approx((mel[1] - mel[0]) / (mel[2] - mel[0]) * 41 - 1, abs=1)


@pytest.mark.parametrize("kind", ["autocorrelation", "log_mel"])
@pytest.mark.parametrize("length", [1, 127, 128, 800, 16_000, 70_001])
def test_blocks_give_the_features_of_the_whole(kind, length):
    samples = np.random.default_rng(1).standard_normal(length).astype(np.float32) * 0.1
    settings = FeatureSettings(kind=kind)
    whole = extract_features(samples, settings)
    blocks = list(feature_blocks((samples[start : start + 500] for start in range(0, length, 500)), settings))
    assert len(whole) == length // 128 + 1
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-5)


def test_statistics_normalise_and_survive_json(make_speech):
    plain = FeatureSettings()
    settings = plain.with_statistics(extract_features(make_speech(3.0), plain))
    features = extract_features(make_speech(3.0), settings)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-2)
    assert FeatureSettings.from_json(settings.to_json(), 16_000) == settings
    np.testing.assert_allclose(
        silence_features(settings), extract_features(np.zeros(4000, np.float32), settings)[10], atol=1e-6
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kind", "mfcc"),
        ("win_length", 0),
        ("hop_length", 10**9),
        ("channels", 10**6),
        ("std", [0.0] * 32),
        ("x", 1),
    ],
)
def test_impossible_settings_are_refused(setting, value):
    with pytest.raises(LipwrightError, match=setting):
        FeatureSettings.from_json({**FeatureSettings().to_json(), setting: value}, 16_000)
