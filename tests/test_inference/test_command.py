import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from inference.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
TINY_MODEL = Path(__file__).parent / "fixtures" / "tiny.lipmodel"


@pytest.fixture
def run(tmp_path, tiny_model_path, capfd):
    def call(*arguments, model=tiny_model_path):
        code = main(
            [*map(str, arguments), "-o", str(tmp_path / "out"), "--model", str(model), "--threads", "1"]
        )
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def line(tmp_path, make_speech):
    soundfile.write(tmp_path / "line.wav", make_speech(1.0), 16_000)
    return tmp_path / "line.wav"


def outputs(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("kind", ["csv", "npz", "json"])
def test_every_format_is_written(run, line, tmp_path, kind):
    code, out, err = run(line, "--format", kind, "--fps", "29.97", "--emotion", "joy=0.6,anger=0.2")
    assert (code, err) == (0, "")
    assert outputs(tmp_path) == [f"line.{kind}"]
    assert "30 frames" in out


def make_nan(path):
    soundfile.write(path, np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")


def make_some_infinite(path):
    samples = np.zeros(16_000, np.float32)
    samples[15_999] = np.inf
    soundfile.write(path, samples, 16_000, subtype="FLOAT")


def make_truncated(path):
    soundfile.write(path, np.zeros(16_000, np.float32), 16_000)
    path.write_bytes(path.read_bytes()[:9000])


def make_header_only(path):
    soundfile.write(path, np.zeros(16_000, np.float32), 16_000)
    path.write_bytes(path.read_bytes()[:20])


def make_truncated_flac(path):
    samples = np.random.default_rng(0).standard_normal(32_000) * 0.1
    soundfile.write(path, samples, 16_000, format="FLAC")
    path.write_bytes(path.read_bytes()[:20_000])


def make_truncated_ogg(path):
    samples = np.random.default_rng(0).standard_normal(64_000) * 0.1
    soundfile.write(path, samples, 16_000, format="OGG")
    path.write_bytes(path.read_bytes()[:15_000])


def make_damaged_mp3(path):
    samples = np.random.default_rng(0).standard_normal(64_000) * 0.1
    soundfile.write(path, samples, 16_000, format="MP3")
    content = path.read_bytes()
    path.write_bytes(content[:4000] + bytes(range(256)) * 20 + content[9000:])


def make_endless(path):
    """A FLAC header that claims 2**35 samples, 24 days, in front of one second."""
    soundfile.write(path, np.zeros(16_000), 16_000, format="FLAC")
    content = bytearray(path.read_bytes())
    content[21] |= 0x08
    path.write_bytes(content)


BAD_SOUNDS = {
    "missing": (lambda path: path.unlink(missing_ok=True), "no such file"),
    "folder": (Path.mkdir, "is a folder"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (
        lambda path: path.write_text("Hello, this is no sound.\nNöt at all.", encoding="utf-8"),
        "holds text",
    ),
    "noise": (lambda path: path.write_bytes(bytes(range(256)) * 50), "not a sound file"),
    "zero length": (lambda path: soundfile.write(path, np.zeros(0), 16_000), "no sound"),
    "truncated": (make_truncated, "cut off"),
    "header only": (make_header_only, "cut off"),
    "truncated flac": (make_truncated_flac, "cut off|damaged"),
    "truncated ogg": (make_truncated_ogg, "cut off"),
    "damaged mp3": (make_damaged_mp3, "damaged|cut off"),
    "endless": (make_endless, "hours|cut off|damaged"),
    "nan": (make_nan, "no numbers"),
    "infinite": (make_some_infinite, "no numbers"),
    "device": (os.mkfifo, "not an ordinary file"),
}


@pytest.mark.parametrize("case", BAD_SOUNDS)
def test_bad_sounds_get_one_sentence_and_the_others_are_done(run, line, tmp_path, case):
    make, problem = BAD_SOUNDS[case]
    bad = tmp_path / "bäd one.wav"
    make(bad)
    code, _, err = run(bad, line)
    assert code == 1
    assert err.startswith(f"lipwright: error: {bad}: ")
    assert err.count("\n") == 1
    assert any(part in err for part in problem.split("|")), err
    assert outputs(tmp_path) == ["line.csv"]


def test_an_unreadable_file_gets_one_sentence(run, line, monkeypatch):
    real_open = Path.open

    def refuse(self, *arguments, **options):
        if self.suffix == ".wav":
            raise PermissionError(13, "Permission denied")
        return real_open(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    code, _, err = run(line)
    assert code == 1
    assert "may not be read (Permission denied)" in err


GOOD_BUT_ODD = {
    "silent.wav": (np.zeros(16_000), 16_000, "PCM_16"),
    "short.wav": (np.ones(800) * 0.1, 16_000, "PCM_16"),
    "eight.wav": (np.random.default_rng(0).standard_normal((16_000, 8)) * 0.1, 16_000, "PCM_16"),
    "fast.wav": (np.random.default_rng(0).standard_normal(192_000) * 0.1, 192_000, "PCM_24"),
    "coarse.wav": (np.random.default_rng(0).standard_normal(16_000) * 0.1, 16_000, "PCM_U8"),
    "Zeile mit Ümlaut 日本.wav": (np.random.default_rng(0).standard_normal(16_000) * 0.1, 16_000, "PCM_16"),
}


@pytest.mark.parametrize("name", GOOD_BUT_ODD)
def test_odd_sounds_are_animated(run, tmp_path, name):
    samples, rate, subtype = GOOD_BUT_ODD[name]
    soundfile.write(tmp_path / name, samples, rate, subtype=subtype)
    code, _, err = run(tmp_path / name, "--format", "npz")
    assert code == 0
    assert outputs(tmp_path) == [name.replace(".wav", ".npz")]
    assert ("is silent" in err) == (name == "silent.wav")


def test_a_silent_file_is_a_face_at_rest(run, tmp_path):
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    run(tmp_path / "silent.wav", "--format", "json")
    weights = json.loads((tmp_path / "out" / "silent.json").read_text())["weights"]
    assert max(max(values) for values in weights.values()) < 0.01


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--emotion", "bliss=1"], "choose among neutral, joy, anger"),
        (["--emotion", "joy=much"], "NAME=NUMBER"),
        (["--emotion", "joy=nan"], "NAME=NUMBER"),
        (["--fps", "fast"], "frame rate"),
        (["--fps", "0"], "frame rate"),
        (["--character", "nowhere.npz"], "no such file"),
        (["--model", "nowhere.lipmodel"], "no such model"),
        (["--model", __file__], "not a whole model bundle"),
    ],
)
def test_bad_options_get_one_sentence_and_nothing_is_written(tmp_path, line, capfd, arguments, problem):
    code = main([str(line), "-o", str(tmp_path / "out"), "--model", str(TINY_MODEL), *arguments])
    err = capfd.readouterr().err
    assert code == 1
    assert err.startswith("lipwright: error: ")
    assert err.count("\n") == 1
    assert problem in err
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_gets_one_sentence(run, line, tmp_path):
    (tmp_path / "out").write_text("here already")
    code, _, err = run(line)
    assert code == 1
    assert "cannot hold results" in err
    assert (tmp_path / "out").read_text() == "here already"


@pytest.mark.parametrize("kind", ["csv", "npz", "json"])
def test_a_full_disk_leaves_nothing_behind_and_keeps_the_old_file(run, line, tmp_path, monkeypatch, kind):
    def on_full_disk(*, prefix, suffix, dir):  # noqa: A002 - mkstemp's own keywords
        name = dir / f"{prefix}x{suffix}"
        name.symlink_to("/dev/full")
        return os.open(os.devnull, os.O_RDONLY), str(name)

    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f"line.{kind}").write_text("the old result")
    monkeypatch.setattr("inference.atomic_file.tempfile.mkstemp", on_full_disk)
    code, _, err = run(line, "--format", kind)
    assert code == 1
    assert "the disk is full: free some space or choose another folder" in err
    assert err.count("\n") == 1
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["the old result"]


def test_two_lines_of_one_name_do_not_replace_each_other(run, line, tmp_path):
    (tmp_path / "b").mkdir()
    second = tmp_path / "b" / "line.wav"
    second.write_bytes(line.read_bytes())
    code, _, err = run(line, second)
    assert code == 1
    assert "would replace" in err
    assert outputs(tmp_path) == ["line.csv"]


def test_a_line_is_never_replaced_by_its_result(tmp_path, line, capfd):
    odd = line.rename(tmp_path / "line.csv")
    before = odd.read_bytes()
    code = main([str(odd), "-o", str(tmp_path), "--model", str(TINY_MODEL)])
    assert code == 1
    assert "replace the line itself" in capfd.readouterr().err
    assert odd.read_bytes() == before


def test_a_file_name_that_is_no_text_works(line, tmp_path):
    odd = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    os.rename(line, odd)  # noqa: PTH104 - a name of bytes, which Path does not take
    command = [
        sys.executable,
        "-m",
        "inference",
        odd,
        "-o",
        tmp_path / "out",
        "--model",
        TINY_MODEL,
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"]
    assert len(os.listdir(tmp_path / "out")) == 1  # noqa: PTH208 - likewise


@pytest.mark.skipif(os.name == "nt", reason="closes streams as a POSIX shell does")
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_do_not_keep_a_line_from_being_animated(line, tmp_path, streams):
    code = f'exec "$0" -m inference "$1" -o "$2" --model "$3" {streams}'
    command = ["sh", "-c", code, sys.executable, str(line), str(tmp_path / "out"), str(TINY_MODEL)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    assert outputs(tmp_path) == ["line.csv"]


@pytest.mark.parametrize("library", ["soundfile", "onnxruntime"])
def test_a_missing_library_gets_one_sentence(line, tmp_path, library):
    code = f"import sys\nsys.modules['{library}'] = None\n"
    code += "from inference.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, line, "-o", tmp_path / "out", "--model", TINY_MODEL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"lipwright: error: {library}")
    assert done.stderr.count("\n") == 1


def test_json_reports_every_line(run, line, tmp_path):
    code, out, _ = run(line, tmp_path / "none.wav", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["ok"] is False
    assert [entry["ok"] for entry in report["lines"]] == [True, False]
    assert report["lines"][0]["frames"] == 30
    assert "no such file" in report["lines"][1]["error"]


def test_a_character_comes_out_under_its_own_names(run, line, data, tmp_path):
    code, _, _ = run(
        line,
        "--format",
        "npz",
        "--character",
        data / "mesh" / "ict_facekit" / "ict_expressions.npz",
        "--no-vertices",
    )
    assert code == 0
    assert "jawOpen" in np.load(tmp_path / "out" / "line.npz")["weight_names"]
    assert len(np.load(tmp_path / "out" / "line.npz")["weight_names"]) == 57


def test_an_interrupt_leaves_no_half_file(run, line, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("inference.motion_files.timecode", interrupt)
    code, _, err = run(line)
    assert code == 130
    assert "interrupted" in err
    assert outputs(tmp_path) == []


def test_the_module_runs_as_a_program_and_prints_no_noise(line, tmp_path, tiny_model_path):
    command = [sys.executable, "-m", "inference", line, "-o", tmp_path / "out", "--model", tiny_model_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert outputs(tmp_path) == ["line.csv"]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, inference.errors, inference.blendshape_names, inference.shape_matching\n"
    code += "print([name for name in ('numpy', 'scipy', 'onnxruntime', 'soundfile') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_animating_needs_no_scipy(line, tmp_path, tiny_model_path):
    code = "import sys\nsys.modules['scipy'] = None\n"
    code += "from inference.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, line, "-o", tmp_path / "out", "--model", tiny_model_path]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_an_emotion_beyond_what_faces_can_show_is_refused(run, line, tmp_path):
    code, _, err = run(line, "--emotion", "joy=1e38")
    assert code == 1
    assert "emotion 'joy=1e+38' is out of range" in err
    assert not (tmp_path / "out").exists()


def test_names_too_long_for_the_disk_get_a_sentence(run, tmp_path, make_speech):
    stem = "a" * 251  # fits with .wav, but not with the result's longer ending
    soundfile.write(tmp_path / f"{stem}.wav", make_speech(0.2), 16_000)
    code, _, err = run(tmp_path / f"{stem}.wav", "--format", "json")
    assert code == 1
    assert "the name is too long" in err


def test_a_line_named_twice_is_animated_once(run, line, tmp_path):
    code, _, err = run(line, line)
    assert code == 1
    assert f"{line}: is named twice" in err
    assert outputs(tmp_path) == ["line.csv"]


@pytest.mark.parametrize("threads", ["0", "99999999999", "\u00b2", "-1"])
def test_odd_thread_numbers_are_refused(line, tmp_path, capsys, threads):
    with pytest.raises(SystemExit):
        main([str(line), "-o", str(tmp_path), "--threads", threads])
    assert "is not a whole number from 1" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
@pytest.mark.parametrize("option", ["--model", "--character"])
def test_a_device_is_no_model_and_no_character(line, tmp_path, tiny_model_path, capsys, option):
    arguments = [str(line), "-o", str(tmp_path), "--model", str(tiny_model_path), option, "/dev/zero"]
    assert main(arguments) == 1
    assert "/dev/zero: is not an ordinary file" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_gets_a_sentence(line, tmp_path, tiny_model_path):
    command = [sys.executable, "-m", "inference", line, "-o", tmp_path / "out", "--model", tiny_model_path]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "standard output cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
