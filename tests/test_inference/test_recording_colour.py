"""The colour of a recording: what a microphone adds, told apart from what is said."""

from dataclasses import replace

import numpy as np
import pytest

from inference.audio_features import FeatureSettings, extract_features, feature_blocks, silence_features
from inference.errors import LipwrightError
from inference.recording_colour import CEPSTRA, with_colour

SETTINGS = FeatureSettings(kind="log_mel", channels=40, colour=True)


def test_the_colour_stands_behind_the_channels_as_it_is(make_speech):
    plain = FeatureSettings(kind="log_mel", channels=40)
    features = extract_features(make_speech(2.0), SETTINGS)
    assert features.shape[1] == SETTINGS.width == 40 + CEPSTRA
    np.testing.assert_array_equal(features[:, :40], extract_features(make_speech(2.0), plain))
    normalised = SETTINGS.with_statistics(features[:, :40])
    np.testing.assert_array_equal(extract_features(make_speech(2.0), normalised)[:, 40:], features[:, 40:])


def test_a_louder_recording_has_another_level_and_the_same_tone(make_speech):
    unfloored = replace(SETTINGS, floor_db=-150.0)
    noise = np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    sound = make_speech(2.0) + 1e-3 * noise
    quiet, loud = (extract_features(gain * sound, unfloored)[:, 40:] for gain in (0.3, 0.6))
    change = (loud - quiet).mean(axis=0)
    assert change[0] == pytest.approx(5 * np.log(4), rel=0.1)  # the bands' 25 logarithms, over their root
    assert np.abs(change[1:]).max() < 0.1 * change[0]


def test_a_short_line_has_one_colour_and_a_long_one_follows_its_rooms(make_speech):
    short = extract_features(make_speech(3.0), SETTINGS)[:, 40:]
    np.testing.assert_allclose(short, short[:1].repeat(len(short), 0), atol=1e-4)
    moved = np.concatenate([make_speech(10.0), 0.1 * make_speech(10.0)])
    colour = extract_features(moved, SETTINGS)[:, 40]
    assert colour[0] - colour[-1] > 3
    before, behind = colour[: 5 * 125], colour[-5 * 125 :]
    assert np.ptp(before) < 2
    assert np.ptp(behind) < 2


@pytest.mark.parametrize("length", [1, 127, 128, 800, 16_000, 200_003])
def test_blocks_give_the_colour_of_the_whole(length):
    samples = np.random.default_rng(1).standard_normal(length).astype(np.float32) * 0.1
    whole = extract_features(samples, SETTINGS)
    pieces = (samples[start : start + 500] for start in range(0, length, 500))
    assert len(whole) == length // 128 + 1
    np.testing.assert_allclose(np.concatenate(list(feature_blocks(pieces, SETTINGS))), whole, atol=1e-4)


def test_every_frame_comes_once_and_in_order():
    frames = np.arange(1000, dtype=np.float32)[:, None] * np.full((1, 40), 1e-3, np.float32)
    made = np.concatenate(list(with_colour([frames[:3], frames[3:700], frames[700:]], 50.0, 7600.0)))
    np.testing.assert_array_equal(made[:, :40], frames)


def test_silence_has_the_colour_of_silence():
    silence = silence_features(SETTINGS)
    np.testing.assert_allclose(silence, extract_features(np.zeros(4000, np.float32), SETTINGS)[10], atol=1e-3)


def test_autocorrelation_has_no_colour():
    with pytest.raises(LipwrightError, match="'colour' goes with the kind log_mel alone"):
        FeatureSettings(colour=True)


def test_colour_survives_json_and_refuses_other_types():
    assert FeatureSettings.from_json(SETTINGS.to_json(), 16_000) == SETTINGS
    with pytest.raises(LipwrightError, match="colour must be true or false"):
        FeatureSettings.from_json({**SETTINGS.to_json(), "colour": 1}, 16_000)
