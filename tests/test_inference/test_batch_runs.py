"""A second run does only what changed, and never what somebody has edited."""

import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from inference.__main__ import main
from inference.batch.batch_progress import BatchProgress

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = """import sys
sys.modules["{}"] = None
from inference.__main__ import main
from inference.batch.batch_progress import BatchProgress
sys.exit(main(sys.argv[1:]))
"""
ALL_DONE = {f"line{number}": "done" for number in range(4)}
ALL_UNCHANGED = dict.fromkeys(ALL_DONE, "unchanged")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def results(out):
    return {
        path.name: path.read_bytes()
        for path in sorted(out.iterdir())
        if path.is_file() and "report" not in path.name
    }


@pytest.fixture
def settled(monkeypatch):
    """Lets the dates of files count that are still young."""
    monkeypatch.setattr("inference.batch.fingerprint._SETTLED_NS", -(10**18))


def test_results_are_those_of_the_single_command(batch, lines, out, tmp_path, tiny_model_path):
    assert batch(lines, "--emotion", "joy=0.5", "--fps", "29.97").states == ALL_DONE
    single = [str(path) for path in lines.iterdir()]
    options = ["--model", str(tiny_model_path), "--emotion", "joy=0.5", "--fps", "29.97", "--threads", "1"]
    assert main([*single, "-o", str(tmp_path / "single"), *options]) == 0
    assert results(out) == results(tmp_path / "single")


def test_a_second_run_does_nothing(batch, lines, out):
    assert batch(lines).code == 0
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.csv")}
    answer = batch(lines)
    assert (answer.code, answer.states) == (0, ALL_UNCHANGED)
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("*.csv")}
    assert answer.report["lines"][0]["duration"] == pytest.approx(1.0)


def test_only_a_changed_sound_is_done_again(batch, lines, make_speech):
    batch(lines)
    soundfile.write(lines / "line2.wav", make_speech(1.0, seed=9), 16_000)
    answer = batch(lines)
    assert answer.states == {**ALL_UNCHANGED, "line2": "done"}
    assert {line["reason"] for line in answer.report["lines"] if "reason" in line} == {
        "its sound has changed"
    }


def test_a_new_date_alone_changes_nothing(batch, lines):
    batch(lines)
    for path in lines.iterdir():
        os.utime(path)
    assert batch(lines).states == ALL_UNCHANGED


@pytest.mark.usefixtures("settled")
def test_a_sound_of_the_same_size_and_date_is_told_by_its_number(batch, lines, make_speech):
    batch(lines)
    sound = lines / "line1.wav"
    before = sound.stat()
    other = lines / "new"
    soundfile.write(other, make_speech(1.0, seed=9), 16_000, format="WAV")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(sound)
    assert sound.stat().st_size == before.st_size
    assert batch(lines).states == {**ALL_UNCHANGED, "line1": "done"}


def test_a_sound_too_young_to_trust_its_date_is_read_again(batch, lines):
    """On a disk with a coarse clock a file can change within one tick and keep size, date and number."""
    batch(lines)
    sound = lines / "line1.wav"
    before = sound.stat()
    content = bytearray(sound.read_bytes())
    content[-100] ^= 1
    with sound.open("r+b") as stream:
        stream.write(content)
    os.utime(sound, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert batch(lines).states == {**ALL_UNCHANGED, "line1": "done"}


@pytest.mark.parametrize("change", [["--emotion", "joy=0.3"], ["--fps", "24"]], ids=["emotion", "frame rate"])
def test_other_settings_do_lines_again(batch, lines, change):
    batch(lines)
    answer = batch(lines, *change)
    assert answer.states == ALL_DONE
    assert batch(lines, *change).states == ALL_UNCHANGED


def test_another_way_to_write_a_setting_changes_nothing(batch, lines):
    batch(lines, "--emotion", "joy=0.5,anger=1", "--fps", "29.97")
    assert batch(lines, "--emotion", " anger , joy=0.50", "--fps", "30000/1001").states == ALL_UNCHANGED


def test_another_model_does_lines_again(batch, lines, tmp_path, tiny_model_path):
    model = tmp_path / "m.lipmodel"
    shutil.copyfile(tiny_model_path, model)
    batch(lines, model=model)
    os.utime(model)
    assert batch(lines, model=model).states == ALL_UNCHANGED
    with model.open("ab") as stream:
        stream.write(b"\0")  # behind the archive, where it matters to nobody but the hash
    assert set(batch(lines, model=model).states.values()) <= {"done", "failed"}


def test_a_newer_version_does_lines_again(batch, lines, monkeypatch):
    batch(lines)
    monkeypatch.setattr("inference.batch.fingerprint.OUTPUT_VERSION", 999)
    assert batch(lines, "--dry-run").states == dict.fromkeys(ALL_DONE, "to do")


def test_a_missing_result_is_made_again(batch, lines, out):
    batch(lines)
    before = results(out)
    (out / "line3.csv").unlink()
    assert batch(lines).states == {**ALL_UNCHANGED, "line3": "done"}
    assert results(out) == before


def test_an_edited_result_is_left_alone_until_told_otherwise(batch, lines, out):
    batch(lines)
    before = results(out)
    (out / "line0.csv").write_text("my own work")
    for _ in range(2):
        answer = batch(lines)
        assert (answer.code, answer.states) == (0, {**ALL_UNCHANGED, "line0": "edited"})
        assert (out / "line0.csv").read_text() == "my own work"
    assert batch(lines, "--all").states == {**ALL_DONE, "line0": "edited"}
    assert batch(lines, "--overwrite-edited").states == {**ALL_UNCHANGED, "line0": "done"}
    assert results(out) == before
    assert batch(lines).states == ALL_UNCHANGED


def test_an_edited_result_whose_sound_changed_says_so(batch, lines, out, make_speech):
    batch(lines)
    (out / "line0.csv").write_text("my own work")
    soundfile.write(lines / "line0.wav", make_speech(1.0, seed=9), 16_000)
    answer = batch(lines)
    first = answer.report["lines"][0]
    assert (first["id"], first["state"]) == ("line0", "edited")
    assert "left alone, though its sound has changed; --overwrite-edited" in first["reason"]
    assert (out / "line0.csv").read_text() == "my own work"


def test_a_file_that_was_there_before_is_left_alone(batch, lines, out):
    out.mkdir()
    (out / "line1.csv").write_text("from somewhere else")
    answer = batch(lines)
    assert answer.states == {**ALL_DONE, "line1": "edited"}
    assert (out / "line1.csv").read_text() == "from somewhere else"


def test_a_result_edited_while_the_batch_runs_is_left_alone(batch, lines, out, monkeypatch):
    batch(lines)
    real = sys.modules["inference.batch.run_local"].animate

    def edit_meanwhile(task):
        (out / "line2.csv").write_text("saved just now")
        return real(task)

    monkeypatch.setattr("inference.batch.run_local.animate", edit_meanwhile)
    answer = batch(lines, "--all")
    assert answer.code == 1
    assert "was changed while the batch ran, so it is left alone" in answer.errors["line2"]
    assert (out / "line2.csv").read_text() == "saved just now"
    assert not list((out / ".lipwright" / "parts").iterdir())


@pytest.mark.usefixtures("settled")
def test_a_clock_that_goes_back_makes_every_file_read(batch, lines, monkeypatch):
    batch(lines)
    reads = []
    real = sys.modules["inference.batch.plan"].hash_sound
    monkeypatch.setattr("inference.batch.plan.hash_sound", lambda path: reads.append(path) or real(path))
    assert batch(lines).states == ALL_UNCHANGED
    assert not reads
    now = time.time_ns()
    monkeypatch.setattr("inference.batch.ledger.time.time_ns", lambda: now - 86_400 * 10**9)
    answer = batch(lines)
    assert answer.states == ALL_UNCHANGED
    assert len(reads) == 4
    assert "clock is behind the last run's" in answer.err
    assert "clock" not in batch(lines).err  # it was noted, and goes on from there


def test_all_does_everything_again(batch, lines, out):
    batch(lines)
    before = results(out)
    assert batch(lines, "--all").states == ALL_DONE
    assert results(out) == before


def test_a_dry_run_tells_and_touches_nothing(batch, lines, out):
    answer = batch(lines, "--dry-run")
    assert answer.states == dict.fromkeys(ALL_DONE, "to do")
    assert not out.exists()
    batch(lines)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    (lines / "line0.wav").unlink()
    answer = batch(lines, lines / "line0.wav", "--dry-run")
    assert answer.code == 1
    assert answer.states == {**ALL_UNCHANGED, "line0": "failed"}
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*")}


def test_only_some(batch, lines, out):
    assert batch(lines, "--only", "*1", "--only", "line3").states == {"line1": "done", "line3": "done"}
    assert sorted(results(out)) == ["line1.csv", "line3.csv"]
    answer = batch(lines, "--only", "act*")
    assert answer.code == 1
    assert "no line's id matches" in answer.err


def test_a_start_moves_the_timeline(batch, lines, out):
    manifest = lines / "LINES.csv"
    rows = ["wav,id,start,format", "line0.wav,c,1.5,csv", "line0.wav,n,1.5,npz", "line0.wav,j,1.5,json"]
    manifest.write_text("\n".join(rows))
    assert batch(manifest).code == 0
    assert (out / "c.csv").read_text().splitlines()[1].startswith("00:00:01:30.000,")
    assert np.load(out / "n.npz")["time"][0] == 1.5
    assert json.loads((out / "j.json").read_text())["start"] == 1.5


def test_characters_and_models_of_their_own(batch, lines, out, data, tiny_model_path):
    face = data / "mesh" / "ict_facekit" / "ict_expressions.npz"
    manifest = lines / "LINES.csv"
    rows = [
        "wav,character,model",
        f"line0.wav,{face},",
        f"line1.wav,,{tiny_model_path}",
        "line2.wav,none.npz,",
    ]
    manifest.write_text("\n".join([*rows, "line3.wav,,none.lipmodel"]))
    answer = batch(manifest)
    assert answer.states == {"line0": "done", "line1": "done", "line2": "failed", "line3": "failed"}
    assert "none.npz: there is no such file" in answer.errors["line2"]
    assert "none.lipmodel: there is no such file" in answer.errors["line3"]
    assert len((out / "line0.csv").read_text().partition("\n")[0].split(",")) == 2 + 57 + 9


def test_progress_and_summary_for_people(lines, out, tiny_model_path, capfd):
    command = ["batch", str(lines), "-o", str(out), "--model", str(tiny_model_path), "--workers", "1"]
    assert main(command) == 0
    captured = capfd.readouterr()
    assert captured.out.startswith("4 lines: 4 done, in ")
    assert str(out / "report.html") in captured.out
    assert captured.err == ""
    assert main([*command, "--dry-run"]) == 0
    assert capfd.readouterr().out.count("unchanged") == 4


def test_two_processes_do_the_same(batch, lines, out, tmp_path):
    assert batch(lines, workers=2).states == ALL_DONE
    assert batch(lines, output=tmp_path / "alone").states == ALL_DONE
    assert results(out) == results(tmp_path / "alone")


def test_without_joblib_one_process_does_the_work(lines, out, tiny_model_path):
    code = WITHOUT.format("joblib")
    command = [
        sys.executable,
        "-c",
        code,
        "batch",
        lines,
        "-o",
        out,
        "--model",
        tiny_model_path,
        "--workers",
        "2",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (
        "joblib is not installed, so one process does all the work; `python -m pip install joblib`"
        in done.stderr
    )
    assert len(results(out)) == 4


def test_without_dask_a_scheduler_gets_a_sentence(lines, out, tiny_model_path):
    code = WITHOUT.format("distributed")
    command = [sys.executable, "-c", code, "batch", lines, "-o", out, "--model", tiny_model_path]
    done = subprocess.run(
        [*command, "--scheduler", "tcp://127.0.0.1:1"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Dask" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_of_another_version_is_refused(batch, lines, monkeypatch):
    monkeypatch.setattr("inference.batch.command.OUTPUT_VERSION", 999)
    answer = batch(lines)
    assert answer.report["counts"] == {"failed": 4}
    assert "its worker has another version of Lipwright" in answer.errors["line0"]


class Stream(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.isatty = lambda: terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_rate_and_time_left(monkeypatch, terminal):
    now = [0.0]
    monkeypatch.setattr("inference.batch.batch_progress.time.monotonic", lambda: now[0])
    stream = Stream(terminal=terminal)
    with BatchProgress(1000, stream, quiet=False) as progress:
        for number in range(400):
            now[0] += 0.1
            progress.advance(failed=number == 7)
    told = stream.getvalue()
    assert "10.0 lines/s, 1:" in told
    assert "left, 1 failed" in told
    assert ("[#" in told) == terminal
    assert told.count("\n") == (0 if terminal else 1)
    quiet = Stream(terminal=terminal)
    with BatchProgress(2, quiet, quiet=True) as progress:
        now[0] += 100
        progress.advance(failed=False)
    assert quiet.getvalue() == ""
