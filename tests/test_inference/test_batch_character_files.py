# ruff: noqa: PLR0917 - fixtures are asked for by name
"""All lines of a character in one CSV or JSON, read back with Python's own readers beside the lines' own."""

import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from inference.batch.commit import Committer
from inference.bundled import default_model_path

ROOT = Path(__file__).resolve().parents[2]
HEAD = "characters/Lipwright Head"
CSV = ("--per-character", "csv")
JSON = ("--per-character", "json")
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.fixture
def batch(batch):
    """With the bundled model, whose results differ from sound to sound."""
    return partial(batch, model=default_model_path())


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def seconds(timecode):
    """The last field counts sixtieths, whatever the rows' rate."""
    hours, minutes, whole, frames = timecode.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(whole) + float(frames) / 60


def spans_of(out, name=HEAD):
    return rows_of(out / f"{name}.timecodes.csv")


def rows_of_lines(out, name=HEAD):
    """The rows of each line by its id, found by timecode as an engine would."""
    rows = rows_of(out / f"{name}.csv")
    codes = [row["Timecode"] for row in rows]
    return {
        span["line"]: rows[codes.index(span["first_timecode"]) : codes.index(span["last_timecode"]) + 1]
        for span in spans_of(out, name)
    }


def values(rows):
    return [[value for name, value in row.items() if name != "Timecode"] for row in rows]


def characters(out):
    return {path.name: path.read_bytes() for path in sorted((out / "characters").iterdir())}


@pytest.mark.parametrize("rate", ["24", "29.97", "60"])
def test_a_csv_holds_every_lines_rows_one_after_another(batch, lines, out, make_speech, rate):
    soundfile.write(lines / "line2.wav", make_speech(2.345), 16_000)
    manifest = lines / "LINES.csv"
    starts = {"line0": 0, "line1": 12.5, "line2": 3600.25, "line3": 0}
    rows = [f"{name}.wav,{start}" for name, start in starts.items()]
    manifest.write_text("\n".join(["wav,start", *rows]))
    answer = batch(manifest, *CSV, "--fps", rate)
    assert answer.states == {**dict.fromkeys(starts, "done"), f"{HEAD}.csv": "done"}
    exact = 30000 / 1001 if rate == "29.97" else float(rate)
    found = rows_of(out / f"{HEAD}.csv")
    times = [seconds(row["Timecode"]) for row in found]
    np.testing.assert_allclose(times, np.arange(len(found)) / exact, atol=1e-5)
    gathered = rows_of_lines(out)
    assert list(gathered) == list(starts)
    used = []
    for span in spans_of(out):
        name, first, last = span["line"], int(span["first_frame"]), int(span["last_frame"])
        alone = rows_of(out / f"{name}.csv")
        assert gathered[name] == found[first : last + 1]
        assert list(gathered[name][0]) == list(alone[0])
        assert values(gathered[name]) == values(alone)
        assert float(span["frames_per_second"]) == pytest.approx(exact, rel=1e-8)
        assert float(span["start"]) == starts[name]
        assert seconds(span["first_timecode"]) == pytest.approx(first / exact, abs=1e-5)
        used += range(first, last + 1)
    rest = sorted(set(range(len(found))) - set(used))
    assert len(rest) == len(starts) - 1  # a frame between each two
    for frame in rest:
        shapes = list(map(float, values([found[frame]])[0]))
        assert (shapes[0], len(shapes[1:]), any(shapes[1:])) == (61, 61, False)


def test_a_json_holds_every_lines_own_object(batch, lines, out):
    manifest = lines / "LINES.csv"
    rows = ["line0.wav,24,0,", "line1.wav,29.97,2.5,joy=0.7", "line2.wav,60,0,", 'line3.wav,30,0,"']
    rows[3] = 'line3.wav,30,0.1,"anger=1,joy=0.2"'
    manifest.write_text("\n".join(["wav,fps,start,emotion", *rows]))
    assert batch(manifest, *JSON, "--format", "json").code == 0
    read = json.loads((out / f"{HEAD}.json").read_text(encoding="utf-8"))
    assert (read["format"], read["version"], read["character"]) == ("lipwright-lines", 1, "Lipwright Head")
    assert list(read["lines"]) == ["line0", "line1", "line2", "line3"]
    for name, line in read["lines"].items():
        assert line == json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
        assert len(line["weights"]) == 52
        assert {len(weights) for weights in line["weights"].values()} == {line["frames"]}
    rates = [line["fps"] for line in read["lines"].values()]
    assert rates == [24, pytest.approx(30000 / 1001), 60, 30]
    assert [line.get("start", 0) for line in read["lines"].values()] == [0, 2.5, 0, 0.1]
    assert not (out / f"{HEAD}.timecodes.csv").exists()


def test_lines_of_any_format_come_together(batch, lines, out):
    manifest = lines / "LINES.csv"
    manifest.write_text("wav,format\nline0.wav,npz\nline1.wav,json\nline2.wav,csv")
    assert batch(manifest, *CSV, "--no-vertices").code == 0
    gathered = rows_of_lines(out)
    with np.load(out / "line0.npz") as archive:
        for column, name in enumerate(archive["weight_names"]):
            written = [float(row[name[0].upper() + name[1:]]) for row in gathered["line0"]]
            np.testing.assert_allclose(written, archive["weights"][:, column], atol=1e-6)
    assert values(gathered["line2"]) == values(rows_of(out / "line2.csv"))


def test_each_face_has_a_file_under_a_name_that_is_one(batch, lines, out, data, tmp_path):
    """Faces are told by file and model; names that are devices or tables of others are changed."""
    face = data / "mesh" / "ict_facekit" / "ict_expressions.npz"
    names = ["hero", "hero.timecodes", "nul", "Wörter, 日本 '\"", "r" * 200]
    for name in names:
        shutil.copyfile(face, tmp_path / f"{name}.npz")
    (tmp_path / "other.lipmodel").write_bytes(default_model_path().read_bytes())
    asked = [*names, "hero", "hero"]
    rows = [
        {"wav": f"line{number % 4}.wav", "id": str(number), "character": str(tmp_path / f"{name}.npz")}
        for number, name in enumerate(asked)
    ]
    rows[-1]["model"] = str(tmp_path / "other.lipmodel")
    (lines / "LINES.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    answer = batch(lines / "LINES.jsonl", *CSV)
    assert answer.code == 0, answer.err
    found = {path.name: rows_of(path) for path in (out / "characters").glob("*.timecodes.csv")}
    ids = {name: [row["line"] for row in rows] for name, rows in found.items()}
    assert ids == {
        "hero.timecodes.csv": ["0", "5"],
        "hero.timecodes lipwright-default.timecodes.csv": ["1"],
        "_nul.timecodes.csv": ["2"],
        "Wörter, 日本 '_.timecodes.csv": ["3"],
        f"{'r' * 120}.timecodes.csv": ["4"],
        "hero other.timecodes.csv": ["6"],
    }
    gathered = rows_of_lines(out, "characters/hero")
    for name in ("0", "5"):
        alone = rows_of(out / f"{name}.csv")
        assert list(gathered[name][0]) == list(alone[0])
        assert len(alone[0]) == 2 + 57 + 9
        assert values(gathered[name]) == values(alone)


def test_a_second_run_does_nothing_and_a_change_writes_that_face_anew(batch, lines, out, data, make_speech):
    face = data / "mesh" / "ict_facekit" / "ict_expressions.npz"
    manifest = lines / "LINES.csv"
    rows = ["wav,character", "line0.wav,", "line1.wav,", f"line2.wav,{face}"]
    manifest.write_text("\n".join(rows))
    for kind in (CSV, JSON):
        ending = kind[1]
        head, ict = f"{HEAD}.{ending}", f"characters/ict_expressions.{ending}"
        assert batch(manifest, *kind, "--dry-run").states[head] == "to do"
        assert not (out / "characters").exists() or kind is JSON
        assert batch(manifest, *kind).states[ict] == "done"
        before = {path: path.stat().st_mtime_ns for path in (out / "characters").iterdir()}
        assert set(batch(manifest, *kind).states.values()) == {"unchanged"}
        assert before == {path: path.stat().st_mtime_ns for path in (out / "characters").iterdir()}
        soundfile.write(lines / "line1.wav", make_speech(1.5, seed=len(ending)), 16_000)
        answer = batch(manifest, *kind)
        assert answer.states == {
            "line0": "unchanged", "line1": "done", "line2": "unchanged", head: "done", ict: "unchanged",
        }  # fmt: skip
        assert {line["reason"] for line in answer.report["lines"] if line["id"] == head} == {
            "its lines have changed"
        }
    assert values(rows_of_lines(out)["line1"]) != values(rows_of(out / "line1.csv"))  # written for JSON since
    assert batch(manifest, *CSV).states[f"{HEAD}.csv"] == "done"
    assert values(rows_of_lines(out)["line1"]) == values(rows_of(out / "line1.csv"))
    (lines / "more.wav").write_bytes((lines / "line3.wav").read_bytes())
    manifest.write_text("\n".join([*rows, "more.wav,"]))
    assert batch(manifest, *CSV).states[f"{HEAD}.csv"] == "done"
    assert list(rows_of_lines(out)) == ["line0", "line1", "more"]
    manifest.write_text("\n".join([rows[0], *rows[2:]]))
    assert batch(manifest, *CSV, "--only", "line1").states == {
        "line1": "unchanged", f"{HEAD}.csv": "done", "characters/ict_expressions.csv": "unchanged",
    }  # fmt: skip
    assert list(rows_of_lines(out)) == ["line1"]


@pytest.mark.parametrize("kind", [CSV, JSON], ids=["csv", "json"])
def test_a_bad_line_is_named_and_the_others_are_there(batch, lines, out, kind):
    (lines / "line1.wav").write_bytes(b"no sound")
    name = f"{HEAD}.{kind[1]}"
    answer = batch(lines, *kind)
    assert answer.code == 1
    assert answer.states == {
        "line0": "done",
        "line1": "failed",
        "line2": "done",
        "line3": "done",
        name: "done",
    }
    told = {line["id"]: line.get("warnings") for line in answer.report["lines"]}
    assert told[name] == ["lacks 1 of its lines, which have no result: line1"]
    assert ids_in(out, kind[1]) == ["line0", "line2", "line3"]
    assert batch(lines, *kind).states[name] == "unchanged"
    shutil.copyfile(lines / "line0.wav", lines / "line1.wav")
    assert batch(lines, *kind).states == {
        "line0": "unchanged", "line1": "done", "line2": "unchanged", "line3": "unchanged", name: "done",
    }  # fmt: skip
    assert ids_in(out, kind[1]) == ["line0", "line1", "line2", "line3"]
    (lines / "line2.wav").write_bytes((lines / "line2.wav").read_bytes()[:300])  # of which a result is there
    answer = batch(lines, *kind)
    assert (answer.states["line2"], answer.states[name]) == ("failed", "done")
    assert ids_in(out, kind[1]) == ["line0", "line1", "line3"]


def ids_in(out, ending):
    if ending == "csv":
        return [span["line"] for span in spans_of(out)]
    return list(json.loads((out / f"{HEAD}.json").read_text(encoding="utf-8"))["lines"])


@pytest.mark.parametrize("edited", [f"{HEAD}.csv", f"{HEAD}.timecodes.csv"])
def test_what_somebody_edited_stays_until_told_otherwise(batch, lines, out, make_speech, edited):
    batch(lines, *CSV)
    whole = characters(out)
    (out / edited).write_text("my own work")
    edits = characters(out)
    soundfile.write(lines / "line3.wav", make_speech(1.2), 16_000)
    answer = batch(lines, *CSV)
    assert answer.code == 0
    assert (answer.states["line3"], answer.states[f"{HEAD}.csv"]) == ("done", "edited")
    (reason,) = [line["reason"] for line in answer.report["lines"] if line["id"] == f"{HEAD}.csv"]
    assert "its lines have changed; --overwrite-edited replaces it" in reason
    assert ("timecodes.csv: edited since" in reason) == ("timecodes" in edited)
    assert characters(out) == edits
    assert batch(lines, *CSV, "--overwrite-edited").states[f"{HEAD}.csv"] == "done"
    assert values(rows_of_lines(out)["line3"]) == values(rows_of(out / "line3.csv"))
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "unchanged"
    assert characters(out).keys() == whole.keys()


@pytest.mark.parametrize("edited", [f"{HEAD}.csv", f"{HEAD}.timecodes.csv"])
def test_what_is_edited_while_the_batch_runs_stays(batch, lines, out, monkeypatch, edited):
    batch(lines, *CSV)
    real = sys.modules["inference.batch.run_local"].animate

    def edit_meanwhile(task):
        if task.members:
            (out / edited).write_text("saved just now")
        return real(task)

    monkeypatch.setattr("inference.batch.run_local.animate", edit_meanwhile)
    before = characters(out)
    answer = batch(lines, *CSV, "--fps", "24")
    assert answer.code == 1
    assert f"{edited}: was changed while the batch ran" in answer.errors[f"{HEAD}.csv"]
    assert characters(out) == {**before, Path(edited).name: b"saved just now"}
    assert not list((out / ".lipwright" / "parts").iterdir())


@pytest.mark.parametrize("lost", [f"{HEAD}.csv", f"{HEAD}.timecodes.csv"])
def test_a_file_and_its_table_are_made_again_together(batch, lines, out, lost):
    batch(lines, *CSV)
    whole = characters(out)
    (out / lost).unlink()
    answer = batch(lines, *CSV)
    assert answer.states[f"{HEAD}.csv"] == "done"
    assert characters(out) == whole
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "unchanged"


def test_the_sound_counts_and_not_what_somebody_made_of_its_line(batch, lines, out, make_speech):
    batch(lines, *CSV)
    (out / "line0.csv").write_text("my own work")
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "unchanged"
    soundfile.write(lines / "line0.wav", make_speech(1.4), 16_000)
    answer = batch(lines, *CSV)
    assert (answer.states["line0"], answer.states[f"{HEAD}.csv"]) == ("edited", "done")
    assert len(rows_of_lines(out)["line0"]) == 42
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "unchanged"


def test_one_csv_has_one_frame_rate(batch, lines, out):
    manifest = lines / "LINES.csv"
    manifest.write_text("wav,fps\nline0.wav,24\nline1.wav,29.97")
    answer = batch(manifest, *CSV)
    assert answer.states == {"line0": "done", "line1": "done", f"{HEAD}.csv": "failed"}
    assert answer.err.endswith(
        f"{HEAD}.csv: its lines have 24 and 29.97 frames a second; give them one rate\n"
    )
    assert not list((out / "characters").iterdir())
    assert not list((out / ".lipwright" / "parts").iterdir())


def test_two_processes_do_the_same(batch, lines, out, data, tmp_path):
    face = data / "mesh" / "ict_facekit" / "ict_expressions.npz"
    manifest = lines / "LINES.csv"
    manifest.write_text(f"wav,character\nline0.wav,\nline1.wav,\nline2.wav,{face}\nline3.wav,{face}")
    for kind in (CSV, JSON):
        assert batch(manifest, *kind, workers=2).code == 0
        assert batch(manifest, *kind, output=tmp_path / "alone").code == 0
    assert characters(out) == characters(tmp_path / "alone")
    assert len(characters(out)) == 6


class Killed(BaseException):
    pass


@pytest.fixture
def killed_before():
    """Ends the process, as it were, before one of a character's files is put in place."""

    def ending(which):
        real, seen = Committer._put_in_place, []  # noqa: SLF001 - the moment in question is inside

        def kill(committer, result, entry):
            if result.output.startswith("characters/"):
                if len(seen) == which:
                    raise Killed
                seen.append(result.output)
            real(committer, result, entry)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Committer, "_put_in_place", kill)
            yield

    return contextlib.contextmanager(ending)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("which", [0, 1], ids=["the file", "its table"])
def test_killed_between_entries_and_files_nothing_counts_as_edited(
    batch, lines, out, killed_before, make_speech, fresh, which
):
    if not fresh:
        batch(lines, *CSV)
        soundfile.write(lines / "line1.wav", make_speech(1.3), 16_000)
    with killed_before(which), pytest.raises(Killed):
        batch(lines, *CSV)
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "done"
    assert values(rows_of_lines(out)["line1"]) == values(rows_of(out / "line1.csv"))
    assert batch(lines, *CSV).states[f"{HEAD}.csv"] == "unchanged"
    assert not list((out / ".lipwright" / "parts").iterdir())


@POSIX
@pytest.mark.parametrize("kind", [CSV, JSON], ids=["csv", "json"])
def test_killed_while_it_is_written_the_next_run_finishes(batch, tmp_path, out, make_speech, kind):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        soundfile.write(folder / f"{number:02d}.wav", make_speech(1.0, seed=number), 16_000)
    assert batch(folder, *kind, output=tmp_path / "undisturbed").code == 0
    command = ["batch", folder, "-o", out, "--workers", "1", "--pictures", "0", "--quiet", *kind]
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "inference", *map(str, command), "--all"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not unfinished(out):
            time.sleep(0.001)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)  # at once: the rest takes a fast machine a tenth of a second
        process.wait()
        assert unfinished(out)
        whole = characters(tmp_path / "undisturbed")
        assert all(whole[name] == content for name, content in characters(out).items())
    assert batch(folder, *kind).code == 0
    assert characters(out) == characters(tmp_path / "undisturbed")
    assert not list((out / ".lipwright" / "parts").iterdir())
    assert set(batch(folder, *kind).states.values()) == {"unchanged"}


def unfinished(out):
    """A character's file that is being written: of a line's nothing is there while it is animated."""
    parts = out / ".lipwright" / "parts"
    if not (out / "characters").is_dir():
        return []
    return [path for path in parts.glob("*/.lipwright-*.part") if path.stat().st_size > 100_000]


@POSIX
def test_many_lines_need_no_more_memory_than_few(tmp_path, make_speech):
    """Peak memory of the whole run, in MiB; the 180 lines more would take 80 if they were kept."""
    sound = tmp_path / "line.wav"
    soundfile.write(sound, make_speech(4.0), 16_000)
    code = (
        "import resource, sys; from inference.__main__ import main; assert main(sys.argv[1:]) == 0;"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (20, 200):
        manifest = tmp_path / f"{count}.csv"
        manifest.write_text("\n".join(["wav,id", *(f"{sound},{number}" for number in range(count))]))
        command = ["batch", manifest, "-o", tmp_path / str(count), "--workers", "1", "--quiet", *JSON]
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, command)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 30


def test_formats_that_need_blender_are_refused_with_what_there_is(batch, lines, capfd):
    with pytest.raises(SystemExit) as stop:
        batch(lines, "--per-character", "fbx")
    assert stop.value.code == 2
    assert "--per-character: invalid choice: 'fbx' (choose from" in capfd.readouterr().err
