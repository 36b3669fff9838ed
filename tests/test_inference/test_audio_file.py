import numpy as np
import pytest
import scipy.signal
import soundfile

from inference.audio_file import AudioFile, read_audio
from inference.resampling import Resampler


def tone(seconds, rate, frequency=440.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_U8"),
        ("a.wav", "PCM_16"),
        ("a.wav", "PCM_24"),
        ("a.wav", "FLOAT"),
        ("a.wav", "DOUBLE"),
        ("a.wav", "ULAW"),
        ("a.flac", "PCM_16"),
        ("a.ogg", "VORBIS"),
        ("a.ogg", "OPUS"),
        ("a.mp3", "MPEG_LAYER_III"),
    ],
)
def test_every_format_comes_out_as_the_same_sound(tmp_path, name, subtype):
    soundfile.write(tmp_path / name, tone(1.0, 48_000), 48_000, subtype=subtype)
    clip = read_audio(tmp_path / name)
    assert clip.sample_rate == 16_000
    assert clip.duration == pytest.approx(1.0, abs=0.08)
    middle = clip.samples[4000:12000]
    spectrum = np.abs(np.fft.rfft(middle))
    assert np.argmax(spectrum) / (len(middle) / 16_000) == pytest.approx(440, abs=2)
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize(
    "rate", [8000, 11025, 16000, 22050, 22255, 32000, 44100, 44099, 48000, 96000, 192000]
)
def test_any_rate_becomes_16_khz_as_scipy_would_do_it(rate):
    samples = np.random.default_rng(0).standard_normal(rate // 2 + 7).astype(np.float32)
    resampler = Resampler(rate, 16_000)
    ours = np.concatenate((resampler.push(samples), resampler.finish()))
    divisor = np.gcd(rate, 16_000)
    theirs = scipy.signal.resample_poly(samples, 16_000 // divisor, rate // divisor)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, atol=3e-6)


@pytest.mark.parametrize("rate", [8000, 44100, 44099, 192000])
def test_blocks_resample_like_the_whole(rate):
    samples = np.random.default_rng(0).standard_normal(rate).astype(np.float32)
    whole = Resampler(rate, 16_000)
    blocks = Resampler(rate, 16_000)
    expected = np.concatenate((whole.push(samples), whole.finish()))
    pieces = [blocks.push(samples[start : start + 777]) for start in range(0, rate, 777)]
    np.testing.assert_allclose(np.concatenate((*pieces, blocks.finish())), expected, atol=2e-6)


def test_eight_channels_are_averaged(tmp_path):
    channels = np.stack([tone(0.5, 16_000) * (index % 2) for index in range(8)], axis=1)
    soundfile.write(tmp_path / "eight.wav", channels, 16_000)
    np.testing.assert_allclose(read_audio(tmp_path / "eight.wav").samples, tone(0.5, 16_000) / 2, atol=1e-4)


def test_192_khz_and_50_ms_and_a_path_with_spaces_and_umlauts(tmp_path):
    folder = tmp_path / "Außen Aufnahme 日本"
    folder.mkdir()
    soundfile.write(folder / "Zeile é 1.wav", tone(0.05, 192_000), 192_000)
    clip = read_audio(folder / "Zeile é 1.wav")
    assert len(clip.samples) == 800
    assert clip.duration == pytest.approx(0.05)


def test_an_mp3_under_another_name_is_read(tmp_path):
    soundfile.write(tmp_path / "real.mp3", tone(1.0, 44_100), 44_100)
    renamed = (tmp_path / "real.mp3").rename(tmp_path / "wrong.wav")
    assert read_audio(renamed).duration == pytest.approx(1.0, abs=0.08)


def test_a_file_is_the_same_in_blocks_and_whole(tmp_path):
    soundfile.write(tmp_path / "long.wav", tone(40.0, 44_100), 44_100)
    blocks = list(AudioFile(tmp_path / "long.wav").blocks())
    assert len(blocks) > 3
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(tmp_path / "long.wav").samples)


def test_a_streamed_wav_without_a_length_is_read(tmp_path):
    path = tmp_path / "piped.wav"
    soundfile.write(path, tone(1.0, 16_000), 16_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert read_audio(path).duration == pytest.approx(1.0)
