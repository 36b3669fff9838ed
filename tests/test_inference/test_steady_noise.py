"""Steady noise is lowered in what the network hears, and nothing else is."""

import numpy as np
import pytest

from inference.audio_features import FeatureSettings, extract_features, feature_blocks
from inference.errors import LipwrightError
from inference.steady_noise import without_steady_noise

PLAIN = FeatureSettings(kind="log_mel", channels=40)
REDUCED = FeatureSettings(kind="log_mel", channels=40, noise_reduction_db=9.0)
RATE = 16_000


@pytest.fixture
def line(make_speech):
    """Four seconds of speech with a pause of a second before, between and behind."""
    pause = np.zeros(RATE, np.float32)
    return np.concatenate([pause, make_speech(2.0), pause, make_speech(2.0), pause])


def noise(count, level, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def lowered_db(samples):
    """By how much each band of each frame is lowered [F, 40]."""
    return (extract_features(samples, PLAIN) - extract_features(samples, REDUCED)) * 10 / np.log(10)


def test_a_clean_line_stays_as_it_is(line):
    assert np.array_equal(extract_features(line, PLAIN), extract_features(line, REDUCED))
    faint = line + noise(len(line), 1e-3 * float(np.abs(line).max()))
    assert np.array_equal(extract_features(faint, PLAIN), extract_features(faint, REDUCED))


def test_steady_noise_sinks_in_pauses_and_speech_stays(line):
    lowered = lowered_db(line + noise(len(line), 0.2 * float(line.std())))
    pauses = np.concatenate([lowered[20:110], lowered[-110:-20]])
    assert 6 < pauses.mean() <= 9
    loudest = extract_features(line, PLAIN)[150:350]
    strong = loudest > np.percentile(loudest, 95)
    assert lowered[150:350][strong].mean() < 0.5
    assert lowered.min() >= 0
    assert lowered.max() <= 9 + 1e-3


def test_noise_that_comes_and_goes_is_not_taken_for_steady(line):
    """Other voices, music and echo fall to a quiet that is none of theirs."""
    beats = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * np.arange(len(line)) / RATE)
    restless = line + noise(len(line), 0.4 * float(line.std())) * beats.astype(np.float32) ** 4
    assert lowered_db(restless).max() == 0


def test_a_line_too_short_to_tell_is_left_alone():
    assert lowered_db(noise(RATE // 3, 0.1)).max() == 0


def test_noise_alone_and_a_held_note_are_nothing_to_take_noise_out_of():
    assert lowered_db(noise(4 * RATE, 0.1)).max() == 0
    t = np.arange(3 * RATE) / RATE
    vowel = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 40)).astype(np.float32)
    assert lowered_db(0.1 * vowel + noise(len(t), 1e-3)).max() == 0


@pytest.mark.parametrize("length", [1, 128, 4000, 33_000, 96_003, 200_003])
def test_blocks_give_what_the_whole_gives(line, length):
    samples = (np.tile(line, 3) + noise(3 * len(line), 0.2 * float(line.std())))[:length]
    pieces = (samples[start : start + 500] for start in range(0, length, 500))
    whole = extract_features(samples, REDUCED)
    assert len(whole) == length // 128 + 1
    np.testing.assert_allclose(np.concatenate(list(feature_blocks(pieces, REDUCED))), whole, atol=1e-4)


def test_every_frame_comes_once_and_in_order():
    frames = np.arange(3000, dtype=np.float32)[:, None] * np.full((1, 40), 1e-3, np.float32)
    made = np.concatenate(list(without_steady_noise([frames[:3], frames[3:1700], frames[1700:]], 9.0)))
    np.testing.assert_array_equal(made, frames)


@pytest.mark.parametrize(
    ("kind", "most", "problem"),
    [
        ("log_mel", -1.0, "is -1.0"),
        ("log_mel", float("nan"), "is nan"),
        ("autocorrelation", 6.0, "goes with"),
    ],
)
def test_what_cannot_be_reduced_is_refused(kind, most, problem):
    with pytest.raises(LipwrightError, match=rf"'noise_reduction_db' {problem}"):
        FeatureSettings(kind=kind, noise_reduction_db=most)
