"""All lines of a face in one file: `blender --command lipwright batch --per-character ...`."""

import json

import numpy as np
import pytest

from tests.test_blender.batch_files import (
    assert_same_weights,
    manifest,
    read_csv,
    read_glb_clips,
    read_rows,
)

bpy = pytest.importorskip("bpy")

RATE = 16_000


def test_a_characters_lines_come_together_in_one_file(batch, folder, tmp_path, write_wav, speech):
    rows = ["line0_glb,line0.wav,glb,30,", "line1_glb,line1.wav,glb,30,0.5", "gone_glb,gone.wav,glb,30,"]
    rows += ["line0_csv,line0.wav,csv,30,", "line1_csv,line1.wav,csv,30,"]
    lines = manifest(folder, "id,wav,format,fps,start", *rows)
    name, path = "characters/Lipwright Head.glb", tmp_path / "out" / "characters" / "Lipwright Head.glb"
    assert batch(lines, "--per-character", "glb", "--dry-run").states[name] == "to do"
    answer = batch(lines, "--per-character", "glb")
    assert answer.report["counts"] == {"done": 5, "failed": 1}
    told = {line["id"]: line.get("warnings") for line in answer.report["lines"]}
    assert told[name] == ["lacks 1 of its lines, which have no result: gone_glb"]
    clips = read_glb_clips(path)
    assert sorted(clips) == ["line0_glb", "line1_glb"]
    for number in range(2):
        times, weights = clips[f"line{number}_glb"]
        np.testing.assert_allclose(times, np.arange(30) / 30, atol=1e-5)
        assert_same_weights(weights, read_csv(tmp_path / "out" / f"line{number}_csv.csv"))
    before = path.stat().st_mtime_ns
    assert batch(lines, "--per-character", "glb").states[name] == "unchanged"
    assert path.stat().st_mtime_ns == before
    write_wav(folder / "line1.wav", speech[:RATE])
    assert batch(lines, "--per-character", "glb", "--dry-run").states[name] == "to do"
    path.write_bytes(b"my own work")
    answer = batch(lines, "--per-character", "glb", "--only", "line1*")
    assert answer.states == {"line1_glb": "done", "line1_csv": "done", name: "edited"}
    assert path.read_bytes() == b"my own work"


def test_a_characters_lines_come_together_as_csv_and_json(batch, folder, head, tmp_path, strongest):
    """Lines in the bundled scene, in one of the user's and in none, beside what their own files hold."""
    own = tmp_path / "own.blend"
    bpy.context.scene.render.fps = 24
    bpy.context.view_layer.objects.active = head
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    rows = ["a,line0.wav,blend,24,,,", f"b,line1.wav,glb,24,0.5,{strongest}=0.7,", "c,line2.wav,csv,24,0.5,,"]
    rows += [
        f"h0,line0.wav,glb,,2,,{own}",
        f"h1,line3.wav,glb,,,{strongest}=1,{own}",
        "bad,gone.wav,glb,24,,,",
    ]
    alone = ["a_,line0.wav,csv,24,,,", f"b_,line1.wav,csv,24,,{strongest}=0.7,"]
    alone += ["h0_,line0.wav,csv,24,,,", f"h1_,line3.wav,csv,24,,{strongest}=1,"]
    header = "id,wav,format,fps,start,emotion,blend"
    assert batch(manifest(folder, header, *alone)).code == 0
    lines = manifest(folder, header, *rows)
    names = {f"characters/{name}.{kind}" for name in ("Lipwright Head", "own") for kind in ("csv", "json")}
    for kind in ("csv", "json"):
        answer = batch(lines, "--per-character", kind)
        assert answer.code == 1
        assert {answer.states[name] for name in names if name.endswith(kind)} == {"done"}
        told = {line["id"]: line.get("warnings") for line in answer.report["lines"]}
        assert told[f"characters/Lipwright Head.{kind}"] == [
            "lacks 1 of its lines, which have no result: bad"
        ]
    starts = {"a": 0, "b": 0.5, "c": 0.5, "h0": 2, "h1": 0}
    for face, members in {"Lipwright Head": ["a", "b", "c"], "own": ["h0", "h1"]}.items():
        path = tmp_path / "out" / "characters" / face
        spans = read_rows(path.with_suffix(".timecodes.csv"))
        everything = read_csv(path.with_suffix(".csv"))
        read = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert list(read["lines"]) == [span["line"] for span in spans] == members
        for span in spans:
            name, first, last = span["line"], int(span["first_frame"]), int(span["last_frame"])
            csv = read_csv(tmp_path / "out" / f"{name if name == 'c' else name + '_'}.csv")
            assert last - first + 1 == len(csv["jawopen"]) == 24
            assert everything.keys() == csv.keys()
            for shape, rows in everything.items():
                np.testing.assert_allclose(rows[first : last + 1], csv[shape], atol=2e-6, err_msg=shape)
            line = read["lines"][name]
            found = {shape.lower(): np.array(values) for shape, values in line["weights"].items()}
            assert_same_weights(found, csv, tolerance=1e-5)
            assert (line["fps"], line.get("start", 0)) == (24, starts[name])
            assert (float(span["frames_per_second"]), float(span["start"])) == (24, starts[name])
        assert len(everything["jawopen"]) == 25 * len(members) - 1
    answer = batch(lines, "--per-character", "csv")
    assert answer.report["counts"] == {"failed": 1, "unchanged": 7}


def test_lines_of_two_rates_do_not_go_into_one_file(batch, folder, tmp_path):
    lines = manifest(folder, "wav,fps", "line0.wav,24", "line1.wav,30")
    answer = batch(lines, "--per-character", "fbx")
    assert answer.states == {"line0": "done", "line1": "done", "characters/Lipwright Head.fbx": "failed"}
    assert "its lines have 24 and 30 frames a second" in answer.err
    assert not list((tmp_path / "out" / "characters").iterdir())
