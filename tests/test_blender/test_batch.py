# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""`blender --command lipwright batch ...`: the same manifests, ledger and report as without Blender."""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.test_blender.batch_files import assert_same_weights, manifest, read_csv, read_glb

bpy = pytest.importorskip("bpy")

PACKAGE = "bl_ext.user_default.lipwright"
ZIP = os.environ.get("LIPWRIGHT_EXTENSION_ZIP")
RATE = 16_000
POSIX = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc and POSIX signals")


def shown_shapes(shown, path, frames, face="Lipwright Head"):
    """What a face shows in a .blend, [T] by lower-case shape name."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    obj = bpy.data.objects[face]
    values = shown(obj, frames)
    return {
        block.name.lower(): values[:, column]
        for column, block in enumerate(obj.data.shape_keys.key_blocks)
        if column
    }


def test_scenes_and_clips_hold_what_the_csv_of_the_same_lines_holds(
    batch, folder, shown, tmp_path, strongest, part
):
    """All in one run, as each starts a Blender."""
    (folder / "t.csv").write_text(f"time,name,value\n0.2,{strongest},0\n0.8,{strongest},1.5\n")
    lines = {
        "plain": "line0.wav,30,,,",
        "felt": f"line1.wav,24,,{strongest}=0.7,",
        "late": "line2.wav,25,0.4,,",
        "keyed": "line3.wav,30,,,t.csv",
        "ntsc": "line3.wav,29.97,1.001,,",
        "heard": "line0.wav,30,,,,1",
        "bad": "gone.wav,30,,,",
        "unknown": "line0.wav,30,,boredom=1,",
    }
    rows = [
        f"{name}_{kind},{name},{kind},{row}"
        for name, row in lines.items()
        for kind in ("blend", "glb", "csv")
    ]
    answer = batch(manifest(folder, "id,output,format,wav,fps,start,emotion,emotion_track,from_voice", *rows))
    assert (answer.code, answer.report["counts"]) == (1, {"done": 18, "failed": 6})
    assert "gone.wav: there is no such" in answer.errors["bad_blend"]
    assert "emotion 'boredom' is unknown" in answer.errors["unknown_blend"]
    told = {line["id"]: line.get("warnings", []) for line in answer.report["lines"]}
    for kind in ("blend", "csv"):
        assert any("outside 0 to 1, so clamped" in sentence for sentence in told[f"keyed_{kind}"])
    out = tmp_path / "out"
    rates = {"plain": 30, "felt": 24, "late": 25, "keyed": 30, "ntsc": 30 / 1.001, "heard": 30}
    starts = {"late": 10, "ntsc": 30}
    for name, rate in rates.items():
        start = starts.get(name, 0)
        csv = read_csv(out / f"{name}.csv")
        count = len(csv["jawopen"])
        assert count == round(rate)
        assert_same_weights(
            shown_shapes(shown, out / f"{name}.blend", range(1 + start, 1 + start + count)), csv
        )
        scene = bpy.context.scene
        assert scene.render.fps / scene.render.fps_base == pytest.approx(rate, rel=1e-6)
        assert (scene.frame_start, scene.frame_end) == (1, start + count)
        assert name in bpy.data.actions
        assert (f"{name} Emotion" in bpy.data.actions) == (name in {"felt", "keyed", "heard"})
        assert_sound_lies_under_its_line(scene, 1 + start, part)
        clip, times, weights = read_glb(out / f"{name}.glb")
        assert clip == name
        np.testing.assert_allclose(times, np.arange(start + count) / rate, atol=1e-5)
        assert_same_weights({shape: values[start:] for shape, values in weights.items()}, csv)


def assert_sound_lies_under_its_line(scene, frame, part):
    if bpy.app.build_options.audaspace:
        (strip,) = part("sound_strip").sound_strips(scene)
        assert part("sound_strip").placement(strip).path.name.startswith("line")
        assert part("sound_strip").placement(strip).origin == frame


def test_a_second_run_does_nothing_and_edits_stay(batch, folder, tmp_path, write_wav, speech):
    out = tmp_path / "out"
    assert set(batch(folder, "--only", "line[01]").states.values()) == {"done"}
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.blend")}
    assert batch(folder, "--only", "line[01]").states == {"line0": "unchanged", "line1": "unchanged"}
    assert before == {path: path.stat().st_mtime_ns for path in out.glob("*.blend")}
    bpy.ops.wm.open_mainfile(filepath=str(out / "line0.blend"))
    bpy.data.objects["Lipwright Head"].name = "My Head"
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_mainfile()
    edited = (out / "line0.blend").read_bytes()
    write_wav(folder / "line1.wav", speech[:RATE])
    plan = batch(folder, "--dry-run").states
    assert plan == {"line0": "edited", "line1": "to do", "line2": "to do", "line3": "to do"}
    answer = batch(folder, "--only", "line[01]", "--changed")
    assert answer.states == {"line0": "edited", "line1": "done"}
    assert (out / "line0.blend").read_bytes() == edited
    assert not list((out / ".lipwright" / "parts").iterdir())


def test_a_scene_of_ones_own_is_told_by_content(batch, folder, head, shown, tmp_path):
    """By option and by column; another content of it, another object or another Blender is another result."""
    own = tmp_path / "own.blend"
    head.name = "Hero"
    bpy.data.images.new("Skin", 4, 4).filepath_raw = "//skin.png"
    bpy.data.images["Skin"].source = "FILE"
    bpy.data.images["Skin"].use_fake_user = True
    bpy.context.scene.render.fps = 24
    bpy.context.scene.frame_start = 101
    bpy.context.view_layer.objects.active = None
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    lines = manifest(
        folder, "wav,blend,object", f"line0.wav,{own},Hero", "line1.wav,,", "line2.wav,none.blend,"
    )
    answer = batch(lines, "--blend", own, "--object", "Hero")
    assert answer.states == {"line0": "done", "line1": "done", "line2": "failed"}
    assert "none.blend: there is no such file" in answer.errors["line2"]
    batch(folder / "line0.wav", "--format", "csv", "--fps", "24")
    csv = read_csv(tmp_path / "out" / "line0.csv")
    found = shown_shapes(shown, tmp_path / "out" / "line0.blend", range(101, 125), "Hero")
    assert_same_weights(found, csv)
    assert Path(bpy.path.abspath(bpy.data.images["Skin"].filepath)) == tmp_path / "skin.png"
    again = ["--blend", own, "--object", "Hero", "--only", "line[01]"]
    assert set(batch(lines, *again).states.values()) == {"unchanged"}
    bpy.ops.wm.open_mainfile(filepath=str(own))
    bpy.context.scene.frame_start = 1
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    assert batch(lines, *again, "--dry-run").states == {"line0": "to do", "line1": "to do"}
    answer = batch(folder / "line3.wav", "--blend", own, "--object", "Nobody")
    assert "has no object 'Nobody'" in answer.errors["line3"]
    assert own.is_file()


def test_a_clip_of_ones_own_scene_holds_what_it_shows(batch, folder, head, shown, tmp_path):
    own = tmp_path / "own.blend"
    bpy.context.view_layer.objects.active = head
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    lines = [folder / "line0.wav", folder / "line1.wav"]
    assert batch(*lines, "--blend", own, "--format", "glb", "--fps", "30").code == 0
    assert batch(*lines, "--format", "csv", "--fps", "30").code == 0
    for name in ("line0", "line1"):
        _, _, weights = read_glb(tmp_path / "out" / f"{name}.glb")
        assert_same_weights(weights, read_csv(tmp_path / "out" / f"{name}.csv"))


def test_a_result_does_not_tell_which_line_its_process_did_before(batch, folder, tmp_path):
    """The second glTF of a process is made of the first one; alone it is the exporter's own work."""
    assert batch(folder / "line0.wav", folder / "line1.wav", "--format", "glb").code == 0
    assert batch(folder / "line1.wav", "--format", "glb", output=tmp_path / "alone").code == 0
    made, exported = (parsed(tmp_path / name / "line1.glb") for name in ("out", "alone"))
    assert made[0] == exported[0]
    np.testing.assert_array_equal(made[1], exported[1])


def parsed(path):
    """A binary glTF's JSON, with numbers as single precision has them, and its buffer."""
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + size], parse_float=lambda text: float(np.float32(text)))
    return document, np.frombuffer(data[28 + size :], np.uint8)


def test_the_other_formats_appear_whole(batch, folder, tmp_path):
    lines = manifest(folder, "id,wav,format", *(f"{kind},line0.wav,{kind}" for kind in ("fbx", "usd", "abc")))
    answer = batch(lines)
    assert answer.code == 0, answer.err
    out = tmp_path / "out"
    assert (out / "fbx.fbx").read_bytes().startswith(b"Kaydara FBX Binary")
    assert (out / "usd.usdc").read_bytes().startswith(b"PXR-USDC")
    assert (out / "abc.abc").read_bytes().startswith(b"Ogawa")
    assert set(batch(lines).states.values()) == {"unchanged"}


def test_a_character_from_outside_blender_speaks_in_a_scene(batch, folder, tmp_path, part, shown):
    head = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    path = tmp_path / "hero.npz"
    np.savez(
        path,
        neutral=head.vertices,
        faces=head.faces,
        names=np.array([str(name) for name in head.shape_names]),
        deltas=head.shape_deltas,
    )
    assert batch(folder / "line0.wav", "--character", path, "--fps", "30").code == 0
    assert batch(folder / "line0.wav", "--format", "csv").code == 0
    found = shown_shapes(shown, tmp_path / "out" / "line0.blend", range(1, 31), "hero")
    assert_same_weights(found, read_csv(tmp_path / "out" / "line0.csv"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scheduler", "tcp://host:8786"], "have no Blender"),
        (["--object", "Face"], "give the scene with --blend"),
        (["--blend", "gone.blend"], "gone.blend: there is no such file"),
        (["--emotion-track", "gone.csv"], "gone.csv: there is no such"),
        (["--fps", "fast"], "frame rate 'fast'"),
    ],
)
def test_bad_options_get_one_sentence(batch, folder, tmp_path, arguments, words):
    answer = batch(folder / "line0.wav", *arguments)
    assert answer.code == 1
    errors = [line for line in answer.err.splitlines() if line.startswith("lipwright: error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert not list((tmp_path / "out").glob("line*"))


def started(folder, out, *more, program=None):
    command = [
        sys.executable,
        program or Path(sys.modules[PACKAGE].__file__).parent,
        "batch",
        folder,
        "-o",
        out,
    ]
    options = ["--quiet", "--json", "--pictures", "0", *more]
    return subprocess.Popen(
        [*map(str, command), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def all_children(pid):
    """Children of all threads of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except OSError:
            continue
    return found


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@POSIX
def test_killed_in_the_middle_the_next_run_finishes(batch, folder, tmp_path):
    out = tmp_path / "out"
    process = started(folder, out, "--workers", "2", "--format", "glb")
    assert wait_for(lambda: list(out.glob(".lipwright/parts/*/*.glb")) or process.poll() is not None)
    workers = all_children(process.pid)
    assert len(workers) == 2
    process.kill()
    process.communicate()
    assert wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 20)
    answer = batch(folder, "--format", "glb")
    assert answer.code == 0
    assert set(answer.states.values()) <= {"done", "unchanged"}
    assert batch(folder, "--format", "csv", "--fps", "24").code == 0
    for number in range(4):
        assert_same_weights(read_glb(out / f"line{number}.glb")[2], read_csv(out / f"line{number}.csv"))
    assert not list((out / ".lipwright" / "parts").iterdir())
    assert set(batch(folder, "--format", "glb").states.values()) == {"unchanged"}


@POSIX
def test_a_process_that_dies_loses_no_line(installed, folder, tmp_path):
    out = tmp_path / "out"
    process = started(folder, out, "--workers", "2")
    assert wait_for(lambda: list(out.glob(".lipwright/parts/*/*.blend")) or process.poll() is not None)
    os.kill(all_children(process.pid)[0], signal.SIGKILL)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(output.splitlines()[-1])["counts"] == {"done": 4}
    assert len(list(out.glob("*.blend"))) == 4


@POSIX
def test_a_line_that_ends_two_processes_fails_alone(batch, folder, tmp_path):
    """Whoever exports the first line is killed; the second one does not notice."""
    done = threading.Event()
    exports = tmp_path / "out" / ".lipwright" / "parts"

    def kill_exporters():
        killed = set()
        while not done.is_set() and len(killed) < 2:
            exporting = set(exports.glob("*/*.export")) - killed
            if exporting:
                killed |= exporting
                for worker in all_children(os.getpid()):
                    os.kill(worker, signal.SIGKILL)
            time.sleep(0.002)

    thread = threading.Thread(target=kill_exporters)
    thread.start()
    try:
        answer = batch(manifest(folder, "wav,format", "line0.wav,fbx", "line1.wav,blend"))
    finally:
        done.set()
        thread.join()
    assert answer.code == 1
    assert answer.states == {"line0": "failed", "line1": "done"}
    assert "line0.wav: ended the Blender that animated it" in answer.errors["line0"]


@POSIX
def test_ctrl_c_ends_all_processes_with_one_sentence(installed, folder, tmp_path):
    out = tmp_path / "out"
    process = started(folder, out, "--workers", "2", "--format", "fbx")
    assert wait_for(lambda: len(all_children(process.pid)) == 2 or process.poll() is not None)
    workers = all_children(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "lipwright: interrupted; finished lines are kept"
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_the_zip_itself_is_a_program(installed, folder, tmp_path):
    """As on a build server, with nothing installed but Blender as a module."""
    environment = {name: value for name, value in os.environ.items() if name != "BLENDER_USER_RESOURCES"}
    environment["HOME"] = str(tmp_path)
    out = tmp_path / "out"
    command = [sys.executable, ZIP, "batch", folder / "line0.wav", "-o", out, "--workers", "1", "--quiet"]
    done = subprocess.run(
        list(map(str, command)), env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 lines: 1 done" in done.stdout
    assert (out / "line0.blend").is_file()
    assert not list(tmp_path.rglob("lipwright/__init__.py"))
