"""Prosody, and the emotion that is heard in it."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from inference.__main__ import main
from inference.audio_file import AudioClip, read_audio
from inference.bundled import default_model_path, sample_line_paths
from inference.emotion import felt_emotion
from inference.emotion_hearing import hear_emotion
from inference.errors import LipwrightError
from inference.hearing_model import HearingModel
from inference.model_bundle import load_bundle
from inference.pipeline import animate_line
from inference.prosody import MEASURES, measure_prosody

RATE = 16_000


def voice(pitch, seconds=4.0, slope=1.0):
    """A steady buzz whose pitch [N] or number is in Hertz, in syllables; harmonics fall by `slope`."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch, time.shape)) / RATE
    buzz = sum(np.sin(k * phase) / k**slope for k in range(1, 20))
    return (0.05 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)) * buzz).astype(np.float32)


def measured(samples, name):
    prosody = measure_prosody([samples])
    return prosody.values[len(prosody.times) // 2, MEASURES.index(name)]


@pytest.fixture(scope="module")
def shipped():
    return load_bundle(default_model_path())


@pytest.fixture(scope="module")
def spoken():
    return read_audio(sample_line_paths()[0])


@pytest.mark.parametrize("pitch", [85.0, 130.0, 220.0, 380.0])
def test_pitch_is_that_of_the_voice(pitch):
    assert measured(voice(pitch), "pitch") == pytest.approx(12 * np.log2(pitch / 100), abs=0.2)


def test_a_voice_that_moves_has_a_spread_and_a_steady_one_has_none():
    time = np.arange(4 * RATE) / RATE
    moving = voice(150 * 2 ** (4 * np.sin(2 * np.pi * 0.8 * time) / 12))
    assert measured(voice(150.0), "spread of pitch") < 0.1
    assert measured(moving, "spread of pitch") == pytest.approx(4 / np.sqrt(2), abs=0.6)
    assert measured(moving, "line's range") > 6


def test_loudness_of_the_recording_does_not_count():
    loud, faint = (measure_prosody([gain * voice(150.0)]).values for gain in (1.0, 0.1))
    np.testing.assert_allclose(loud, faint, atol=0.02)


def test_breath_and_brightness_are_measured():
    clear, dull = voice(150.0, slope=1.0), voice(150.0, slope=2.0)
    breath = np.random.default_rng(0).standard_normal(len(clear)).astype(np.float32)
    assert measured(clear, "balance 3") > measured(dull, "balance 3") + 6
    assert measured(clear, "harmonicity above") > measured(clear + 0.02 * breath, "harmonicity above") + 0.1


def test_a_line_in_blocks_is_the_same_line():
    samples = voice(140.0, 5.0)
    whole = measure_prosody([samples])
    parts = measure_prosody(np.split(samples, [7, 300, 301, 33_000]))
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-4)
    np.testing.assert_array_equal(parts.times, whole.times)


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.05, 0.5])
def test_the_shortest_sounds_are_measured_too(seconds):
    prosody = measure_prosody([voice(150.0, seconds)])
    assert np.isfinite(prosody.values).all()
    assert len(prosody.times) == len(prosody.values) >= 1


def test_a_line_begins_neutral_and_changes_smoothly(shipped, spoken):
    heard = hear_emotion(shipped, spoken)
    assert not heard.weights[0].any()
    assert heard.weights.min() >= 0
    assert heard.weights.max() <= 1
    frames = heard.weights_at(np.arange(0, spoken.duration, 1 / 30))
    assert np.abs(np.diff(frames, axis=0)).max() < 0.05


@pytest.mark.parametrize("kind", ["silence", "noise", "hum"])
def test_nobody_who_speaks_feels_nothing(shipped, kind):
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * RATE)
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(6 * RATE) / RATE)
    samples = {"silence": np.zeros(6 * RATE), "noise": noise, "hum": hum}[kind].astype(np.float32)
    assert hear_emotion(shipped, AudioClip.from_samples(samples)).weights.max() < 0.02


def test_acted_arousal_is_heard(shipped, data):
    signs = {"anger": 1, "joy": 1, "amazement": 1, "fear": 1, "pain": 0.5, "sadness": -1}
    arousal = {}
    for name in ("anger", "joy", "neutral", "sadness"):
        mean = hear_emotion(shipped, read_audio(data / "speech" / "acted" / f"Mark_{name}.wav")).weights.mean(
            0
        )
        amounts = dict(zip(shipped.emotion_names, mean, strict=True))
        arousal[name] = sum(sign * amounts[emotion] for emotion, sign in signs.items())
    assert min(arousal["anger"], arousal["joy"]) > max(arousal["neutral"], arousal["sadness"])


def test_the_share_blends_what_is_chosen_and_what_is_heard():
    chosen, heard = np.full((3, 2), 1.0, np.float32), np.full((3, 2), 5.0, np.float32)
    strength, share = np.array([1, 1, 0.5], np.float32), np.array([0, 0.25, 1], np.float32)
    np.testing.assert_allclose(felt_emotion(chosen, strength, heard, share)[:, 0], [1, 2, 2.5])
    np.testing.assert_array_equal(felt_emotion(chosen, strength), chosen * strength[:, None])


def test_without_a_share_a_motion_is_what_it_was_and_with_one_it_is_felt(shipped, spoken):
    plain = animate_line(shipped, spoken, 30, {"joy": 0.5})
    none = animate_line(shipped, spoken, 30, {"joy": 0.5}, from_voice=0.0, analysis=plain.analysis)
    np.testing.assert_array_equal(none.weights, plain.weights)
    half = animate_line(shipped, spoken, 30, {"joy": 0.5}, from_voice=0.5, analysis=plain.analysis)
    heard = hear_emotion(shipped, spoken)
    np.testing.assert_allclose(
        half.emotion, 0.5 * plain.emotion + 0.5 * heard.weights_at(half.times), atol=1e-6
    )
    np.testing.assert_allclose(half.emotion_latent, half.emotion @ shipped.emotion_vectors, atol=1e-5)
    neutral, whole = (animate_line(shipped, spoken, 30, from_voice=share) for share in (0.0, 1.0))
    np.testing.assert_allclose(whole.weights[0], neutral.weights[0], atol=1e-3)


def test_a_model_that_hears_nothing_says_so(tiny_model_path, tmp_path, capfd):
    soundfile.write(tmp_path / "line.wav", voice(150.0, 1.0), RATE)
    arguments = [str(tmp_path / "line.wav"), "-o", str(tmp_path), "--model", str(tiny_model_path)]
    assert main([*arguments, "--from-voice", "0.5"]) == 1
    assert "does not hear emotion" in capfd.readouterr().err
    assert not (tmp_path / "line.csv").exists()
    assert main([*arguments, "--from-voice", "0"]) == 0


@pytest.mark.parametrize("share", ["1.1", "-0.1", "nan", "much"])
def test_an_impossible_share_is_refused(share, tmp_path, capfd):
    with pytest.raises(SystemExit):
        main(["line.wav", "-o", str(tmp_path), "--from-voice", share])
    assert f"'{share}' is no number from 0 to 1" in capfd.readouterr().err


def test_the_command_line_hears(tmp_path):
    line = sample_line_paths()[0]
    rows = {}
    for share in ("0", "1"):
        assert main([str(line), "-o", str(tmp_path / share), "--format", "npz", "--from-voice", share]) == 0
        with np.load(tmp_path / share / f"{line.stem}.npz") as file:
            rows[share] = file["emotion"]
    assert not rows["0"].any()
    heard = hear_emotion(load_bundle(default_model_path()), read_audio(line))
    assert rows["1"].max() == pytest.approx(heard.weights.max(), abs=0.02)


def test_hearing_is_written_read_and_checked(tiny_bundle_with_hearing, tmp_path):
    write, hearing = tiny_bundle_with_hearing
    bundle = load_bundle(write(tmp_path / "hears.lipmodel", hearing.arrays()))
    for name, array in hearing.arrays().items():
        np.testing.assert_array_equal(bundle.hearing.arrays()[name], array)
    damaged = {
        "short": {"weight": hearing.weight[:-1]},
        "endless": {"bias": np.full_like(hearing.bias, np.nan)},
        "flat": {"scale": np.zeros_like(hearing.scale)},
        "whole": {"mean": hearing.mean.astype(np.int32)},
    }
    for name, change in damaged.items():
        with pytest.raises(LipwrightError, match=r"hearing\.npz.*export the model again"):
            write(tmp_path / f"{name}.lipmodel", {**hearing.arrays(), **change})
        assert not (tmp_path / f"{name}.lipmodel").exists()
    with pytest.raises(LipwrightError, match=r"without 'hearing' in model\.json"):
        write(tmp_path / "lacks.lipmodel", None)
    other = replace(hearing, names=("unknown",))
    with pytest.raises(LipwrightError, match="different ones of the model's emotions"):
        write(tmp_path / "other.lipmodel", other.arrays(), names=other.names)


@pytest.fixture
def tiny_bundle_with_hearing(tiny_model_path, bundle):
    """Writes the tiny model with what hears one emotion, and what that is."""
    import json  # noqa: PLC0415 - used by this fixture only
    import zipfile  # noqa: PLC0415 - likewise

    from inference.model_bundle import write_bundle  # noqa: PLC0415 - likewise
    from inference.npz_file import read_npz  # noqa: PLC0415 - likewise

    rng = np.random.default_rng(0)
    shapes = HearingModel.shapes(1)
    arrays = {name: np.abs(rng.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}
    hearing = HearingModel.from_arrays((bundle.emotion_names[0],), arrays)
    with zipfile.ZipFile(tiny_model_path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def write(path, arrays, names=hearing.names):
        page = json.loads(members["model.json"])
        page["hearing"] = {"names": list(names), "measures": len(MEASURES)}
        held = {name: read_npz(members[name], name, "", 1 << 30) for name in ("face.npz", "emotion.npz")}
        graphs = {name: members[name] for name in ("speech.onnx", "face.onnx")}
        write_bundle(path, page, graphs, held if arrays is None else {**held, "hearing.npz": arrays})
        return path

    return write, hearing
