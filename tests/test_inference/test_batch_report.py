"""The report: the worst first, nothing in it runs, and its pictures are pictures."""

import json
import struct
import zlib

import numpy as np
import pytest
import soundfile

from inference.__main__ import main
from inference.audio_file import read_audio
from inference.batch.face_picture import HEIGHT, WIDTH, face_png
from inference.batch.measures import LineMeasures
from inference.batch.sound_measures import Clipping, measure_sound
from inference.batch.suspicion import suspicions
from inference.batch.turn_pitch import pitch_step
from inference.bundled import default_head_path, sample_line_paths
from inference.head_mesh import load_head

EVIL = "<script>alert('x')</script>&\"<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def speech():
    """A line in one voice, and one in another."""
    return np.concatenate([soundfile.read(path, dtype="float32")[0] for path in sample_line_paths()])


@pytest.fixture
def run(tmp_path, tiny_model_path, capfd):
    def call(source, *more):
        out = tmp_path / "out"
        command = ["batch", str(source), "-o", str(out), "--model", str(tiny_model_path), "--workers", "1"]
        code = main([*command, "--quiet", *more])
        captured = capfd.readouterr()
        return (
            code,
            json.loads((out / "report.json").read_text()),
            (out / "report.html").read_text(),
            captured,
        )

    return call


def kinds(samples):
    """What a line of such samples is suspected of for its sound."""
    sound = measure_sound([samples.astype(np.float32)])
    clipping = Clipping()
    clipping.hear(samples)
    measures = LineMeasures(
        duration=len(samples) / 16_000,
        frames=1,
        peak_opening=10.0,
        mean_opening=3.0,
        closures=3,
        silence_share=sound.silence_share,
        clipped_share=clipping.share,
        level_db=sound.level_db,
        floor_db=sound.floor_db,
        syllable_rate=sound.syllable_rate,
        flatness=sound.flatness,
        steadiness=sound.steadiness,
        pitch_step=pitch_step([samples.astype(np.float32)], sound.syllable_times),
        moments=(),
        faces=(),
    )
    return [suspicion.kind for suspicion in suspicions(measures)]


def mixed(speech, other, decibels):
    level = np.sqrt(np.mean(speech**2)) / np.sqrt(np.mean(other**2))
    return speech + other * level * 10 ** (-decibels / 20)


def chord(count):
    t = np.arange(count) / 16_000
    return sum(np.sin(2 * np.pi * f * t) for f in (262, 330, 392, 524, 660))


def test_clean_speech_is_not_suspected_but_that_of_two_voices_is(speech):
    for path in sample_line_paths():
        assert kinds(soundfile.read(path, dtype="float32")[0]) == []
    assert kinds(speech) == ["two speakers"]


@pytest.mark.parametrize("decibels", [0, 10, 18])
def test_noise_and_music_are_told_apart(speech, decibels):
    noise = np.random.default_rng(0).standard_normal(len(speech))
    assert kinds(mixed(speech, noise, decibels)) == ["noise"]
    assert kinds(mixed(speech, chord(len(speech)), decibels)) == ["music"]


def test_clipping_silence_and_quiet_are_found(speech):
    assert "clipped" in kinds(np.clip(speech * 12, -1, 1))
    assert "too quiet" in kinds(speech * 0.01)
    assert kinds(np.zeros(16_000))[0] == "silent"
    assert "mostly silence" in kinds(np.concatenate([np.zeros(10 * 16_000), speech[:32_000]]))


def test_fast_speech_is_found(speech):
    fast = speech[::2]  # an octave too high as well, which does not matter here
    assert "very fast" in kinds(fast)


def test_a_long_line_is_measured_in_blocks_as_in_one(speech):
    long = np.tile(speech, 4)
    whole = measure_sound([long])
    parts = measure_sound(np.array_split(long, 17))
    assert parts.level_db == pytest.approx(whole.level_db, abs=0.1)
    assert parts.silence_share == pytest.approx(whole.silence_share, abs=0.01)
    assert parts.flatness == pytest.approx(whole.flatness, abs=0.05)


@pytest.mark.parametrize("count", [0, 1, 100, 159, 160, 1023, 1024, 1025])
def test_the_shortest_sounds_have_measures(count):
    measures = measure_sound([np.full(count, 0.1, np.float32)])
    assert np.isfinite(
        [measures.level_db, measures.floor_db, measures.flatness, measures.syllable_rate]
    ).all()


def test_the_most_suspicious_line_comes_first(run, lines):
    soundfile.write(lines / "zz.wav", np.zeros(16_000), 16_000)
    (lines / "broken.wav").write_bytes(b"")
    code, report, page, captured = run(lines)
    assert code == 1
    order = [line["id"] for line in report["lines"]]
    assert order[0] == "broken"
    scores = [line["score"] for line in report["lines"][1:]]
    assert scores == sorted(scores, reverse=True)
    assert report["counts"] == {"done": 5, "failed": 1}
    silent = report["lines"][order.index("zz")]
    assert silent["suspicions"] == {"silent": "holds no speech (-120 dB)"}
    assert {"duration", "peak_opening", "mean_opening", "closures", "silence_share", "floor_db"} <= set(
        silent
    )
    assert "broken.wav: is empty" in page
    assert captured.err.count("\n") == 1


def test_whatever_a_user_writes_is_escaped(run, lines):
    rows = [
        {"wav": "line0.wav", "text": EVIL},
        {"wav": "line1.wav", "id": EVIL},
        {"wav": EVIL, "id": "x"},
        {"wav": "line2.wav", "id": "y", "emotion": EVIL},
    ]
    manifest = lines / "LINES.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows))
    _, report, page, _ = run(manifest, "--draw", "*")
    assert len(report["lines"]) == 4
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_pictures_are_drawn_for_the_suspicious_and_for_the_asked_for(run, lines):
    soundfile.write(lines / "zz.wav", np.zeros(16_000), 16_000)
    assert run(lines, "--pictures", "0")[2].count("data:image/png") == 0
    assert run(lines, "--pictures", "0", "--draw", "zz")[2].count("data:image/png") == 1
    first = run(lines, "--draw", "zz")[2]
    assert run(lines, "--draw", "zz")[2].count("data:image/png") == first.count("data:image/png") > 0


def test_a_face_is_a_png_that_moves():
    head = load_head(default_head_path())
    weights = np.zeros(52, np.float32)
    rest = decoded(face_png(head, weights))
    weights[head.shape_names.index("jawOpen")] = 0.6
    opened = decoded(face_png(head, weights))
    assert rest.shape == opened.shape == (HEIGHT, WIDTH, 3)
    changed = np.abs(opened.astype(int) - rest).max(axis=2) > 30
    rows = np.flatnonzero(changed.any(axis=1))
    assert 200 < changed.sum() < 4000
    assert rows.min() > HEIGHT * 0.5  # the mouth and the jaw, not the forehead


def decoded(png):
    """The pixels of an unfiltered 8-bit RGB PNG."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    rows = np.frombuffer(zlib.decompress(png[start + 4 : start + 4 + length]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_a_mans_and_a_womans_lines_in_one_recording_are_suspected(data):
    woman, man = (
        read_audio(data / "speech" / name).samples
        for name in ("ljspeech/LJ001-0001.wav", "acted/Mark_sadness.wav")
    )
    pause = np.zeros(8000, np.float32)
    assert kinds(np.concatenate([woman, pause, man, pause, woman])) == ["two speakers"]
    assert kinds(np.concatenate([woman, pause, woman])) == []
