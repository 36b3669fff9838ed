# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""Bad input gets one sentence with the problem and the remedy, and changes nothing."""

import json
import struct
import wave
import zipfile

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def state():
    """All that a generation could change."""
    scene = bpy.context.scene
    return {
        "actions": sorted(action.name for action in bpy.data.actions),
        "sounds": len(bpy.data.sounds),
        "range": (scene.frame_start, scene.frame_end, scene.sync_mode),
        "editor": scene.sequence_editor is not None,
        "keys": [len(key.key_blocks) for key in bpy.data.shape_keys],
        "animated": [key.animation_data is not None for key in bpy.data.shape_keys],
    }


def refuse(press, *words):
    """Press, and check the report: one sentence, with these words, nothing changed."""
    before = state()
    with pytest.raises(RuntimeError) as refused:
        press()
    sentence = str(refused.value)
    assert "Traceback" not in sentence
    assert len(sentence.strip().splitlines()) == 1
    for word in words:
        assert word.lower() in sentence.lower()
    assert state() == before


def empty(path, _write_wav):
    path.write_bytes(b"")


def text(path, _write_wav):
    path.write_text("Hello, this is a script and no sound.\n" * 20, encoding="utf-8")


def truncated(path, write_wav):
    write_wav(path, np.zeros(16000))
    path.write_bytes(path.read_bytes()[:30])


def no_samples(path, write_wav):
    write_wav(path, np.zeros(0))


def not_numbers(path, _write_wav):
    samples = np.full(16000, np.nan, "<f4").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 3, 1, 16000, 64000, 4, 32
    )
    path.write_bytes(head + struct.pack("<4sI", b"data", len(samples)) + samples)


def folder(path, _write_wav):
    path.mkdir()


def nothing(_path, _write_wav):
    pass


@pytest.mark.parametrize("make", [empty, text, truncated, no_samples, not_numbers, folder, nothing])
def test_bad_sound(head, animate, write_wav, tmp_path, make):
    path = tmp_path / "Straße 1.wav"
    make(path, write_wav)
    refuse(lambda: animate(path), "Straße 1.wav")


def test_nothing_chosen(head):
    refuse(bpy.ops.lipwright.generate, "no line is chosen", "choose a sound file")


def test_nothing_selected(scene, line, animate):
    refuse(lambda: animate(line), "no face is selected", "Add Sample Head")


def test_a_light_selected(scene, line, animate):
    bpy.ops.object.light_add()
    refuse(lambda: animate(line), "is no mesh", "Add Sample Head")


def test_a_mesh_without_our_shapes(scene, line, animate):
    bpy.ops.mesh.primitive_cube_add()
    refuse(lambda: animate(line), "has no ARKit shape keys", "Add Sample Head")


def test_absolute_shape_keys(head, line, animate):
    head.data.shape_keys.use_relative = False
    refuse(lambda: animate(line), "absolute shape keys", "Relative")


def test_exact_in_edit_mode(head, line, animate):
    bpy.ops.object.mode_set(mode="EDIT")
    refuse(lambda: animate(line, mode="EXACT"), "leave Edit Mode")
    bpy.ops.object.mode_set(mode="OBJECT")


def missing_model(path, _good):
    path.unlink(missing_ok=True)


def not_a_model(path, _good):
    path.write_bytes(b"PK nothing of the kind")


def rewritten(path, good, change):
    """Copy a bundle's members through `change(name, data)`; None drops one."""
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                target.writestr(name, data)


def missing_graph(path, good):
    rewritten(path, good, lambda name, data: None if name == "speech.onnx" else data)


def wrong_shapes(path, good):
    def change(name, data):
        if name != "model.json":
            return data
        manifest = json.loads(data)
        manifest["face"]["channels"] += 1
        return json.dumps(manifest)

    rewritten(path, good, change)


def outside_path(path, good):
    rewritten(path, good, lambda _name, data: data)
    with zipfile.ZipFile(path, "a") as bundle:
        bundle.writestr("../evil.txt", "x")


@pytest.mark.parametrize("make", [missing_model, not_a_model, missing_graph, wrong_shapes, outside_path])
def test_bad_model(head, line, animate, part, tmp_path, make):
    path = tmp_path / "bad.lipmodel"
    make(path, part("inference.bundled").default_model_path())
    refuse(lambda: animate(line, model_source="FILE", model_path=str(path)), "bad.lipmodel")


def test_no_model_chosen(head, line, animate):
    refuse(lambda: animate(line, model_source="FILE"), "no model file is chosen")


def test_good_input_after_bad(head, line, animate, tmp_path):
    text(tmp_path / "bad.wav", None)
    refuse(lambda: animate(tmp_path / "bad.wav"), "bad.wav")
    assert animate(line) == {"FINISHED"}


@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_short_and_silent_sound_is_animated(head, animate, curves, write_wav, tmp_path, seconds):
    path = write_wav(tmp_path / "short.wav", np.zeros(int(16000 * seconds)))
    assert animate(path) == {"FINISHED"}
    frames, _ = curves(head.data.shape_keys.animation_data.action)["jawOpen"]
    assert len(frames) == max(1, int(np.ceil(25 * seconds - 1e-6)))


@pytest.mark.parametrize(("channels", "width", "rate"), [(8, 2, 48000), (1, 1, 16000), (2, 2, 192000)])
def test_unusual_sound_is_animated(head, animate, curves, tmp_path, channels, width, rate):
    path = tmp_path / "unusual.wav"
    rng = np.random.default_rng(0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(rng.integers(100, 150, rate * channels * width, dtype=np.uint8).tobytes())
    assert animate(path) == {"FINISHED"}
    frames, _ = curves(head.data.shape_keys.animation_data.action)["jawOpen"]
    assert len(frames) == 25
