"""Power spectra, by matrices and by transform."""

import numpy as np
import pytest

from inference.power_spectrum import hann, power_spectrum


def by_definition(frames, length):
    window = hann(frames.shape[1]).astype(np.float64)
    spectrum = np.fft.rfft(frames * window, n=length, axis=1)
    return np.abs(spectrum) ** 2 / (length * (window**2).sum())


@pytest.mark.parametrize(
    ("size", "length"), [(256, 512), (255, 512), (512, 1024), (1024, 2048), (8320, 8352)]
)
def test_short_frames_and_long_ones_have_the_power_that_the_transform_tells(size, length):
    frames = np.random.default_rng(size).standard_normal((20, size)).astype(np.float32)
    expected = by_definition(frames, length)
    power = power_spectrum(frames, length)
    assert power.dtype == np.float32
    np.testing.assert_allclose(power, expected, atol=3e-6 * expected.max())


def test_a_whisper_beside_a_shout_keeps_its_power():
    """70 dB apart, which is as deep as speech goes."""
    time = np.arange(256) / 16_000
    tone = np.sin(2 * np.pi * 500 * time) + 3e-4 * np.sin(2 * np.pi * 5000 * time)
    expected = by_definition(tone[None], 512)[0]
    at = round(5000 / 16_000 * 512)
    assert power_spectrum(tone[None].astype(np.float32), 512)[0, at] == pytest.approx(expected[at], rel=0.01)


def test_both_sides_sum_to_the_mean_square():
    frames = np.random.default_rng(1).standard_normal((1, 256)).astype(np.float32)
    power = power_spectrum(frames, 512)[0]
    window = hann(256)
    expected = np.sum((frames[0] * window) ** 2) / np.sum(window**2)
    assert 2 * power.sum() - power[0] - power[-1] == pytest.approx(expected, rel=1e-5)
