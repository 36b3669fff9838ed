# ruff: noqa: ARG001 - fixtures are asked for by name
"""Installs the built extension into a throw-away Blender and hands its parts to the tests.

`build.py test` runs this folder once in each Blender's environment, with the zip in LIPWRIGHT_EXTENSION_ZIP.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.test_blender.batch_files import Answer
from tests.test_blender.export_faces import make_mesh

ZIP = os.environ.get("LIPWRIGHT_EXTENSION_ZIP")
PACKAGE = "bl_ext.user_default.lipwright"

if ZIP and "bpy" not in sys.modules:  # Blender reads it once, when it is imported
    os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="lipwright-blender-"))

_exit_status = 0


def pytest_sessionfinish(exitstatus):
    global _exit_status  # noqa: PLW0603 - handed from one hook to the next
    _exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    if "bpy" in sys.modules:  # Blender's own teardown can hang or crash in the wheels, when all is reported
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status)


@pytest.fixture(scope="session", autouse=True)
def installed():
    """The extension, installed from the zip and enabled; the seconds that enabling took."""
    if not ZIP:
        pytest.skip("LIPWRIGHT_EXTENSION_ZIP names no zip: `python build.py test` builds one and sets it")
    import addon_utils  # noqa: PLC0415 - comes with bpy, which is absent outside Blender's environments
    import bpy  # noqa: PLC0415

    outcome = bpy.ops.extensions.package_install_files(
        filepath=str(Path(ZIP).resolve()), repo="user_default", enable_on_install=True, overwrite=True
    )
    assert outcome == {"FINISHED"}
    # installing has unpacked the wheels, once; what is timed is what every start of Blender pays
    addon_utils.disable(PACKAGE)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    started = time.perf_counter()
    addon_utils.enable(PACKAGE, default_set=True)
    seconds = time.perf_counter() - started
    assert PACKAGE in bpy.context.preferences.addons
    loaded = sorted(name for name in sys.modules if name in {"onnxruntime", "soundfile", "scipy"})
    return {"seconds": seconds, "loaded": loaded}


@pytest.fixture
def part():
    """Imports one of the installed extension's modules by name."""
    return lambda name: importlib.import_module(f"{PACKAGE}.{name}")


@pytest.fixture
def scene(installed):
    """An empty file's scene, at 25 frames a second."""
    import bpy  # noqa: PLC0415

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.scene.render.fps = 25
    return bpy.context.scene


@pytest.fixture
def head(scene):
    """The sample head, selected."""
    import bpy  # noqa: PLC0415

    assert bpy.ops.lipwright.add_sample_head() == {"FINISHED"}
    return bpy.context.view_layer.objects.active


@pytest.fixture
def face(scene, part):
    """The head that the bundled model was trained on, as the model itself holds it, selected."""
    import bpy  # noqa: PLC0415

    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    data = part("mesh_data")
    obj = bpy.data.objects.new("Face", data.create_mesh("Face", model.template, model.faces))
    scene.collection.objects.link(obj)
    data.add_shape_keys(obj, list(model.arkit_names), model.arkit_deltas)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(state=True)
    return obj


def _write_wav(path, samples, sample_rate=16000):
    """Write mono float samples as 16-bit PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def write_wav():
    """Writes a WAV: write_wav(path, samples) -> path."""
    return _write_wav


@pytest.fixture(scope="session")
def speech():
    """Samples [N] of the bundled line at 16 kHz."""
    path = Path(importlib.import_module(f"{PACKAGE}.inference.bundled").sample_line_paths()[0])
    return importlib.import_module(f"{PACKAGE}.inference.audio_file").read_audio(path).samples


@pytest.fixture
def line(tmp_path, speech):
    """A line of dialogue: a second of silence, two seconds of speech, a second of silence."""
    start = int(np.argmax(np.abs(speech) > 0.05))
    silence = np.zeros(16000, np.float32)
    return _write_wav(
        tmp_path / "Zoë says.wav", np.concatenate([silence, speech[start : start + 32000], silence])
    )


@pytest.fixture
def animate(scene):
    """Presses Generate for a file, with the panel's settings given by name."""
    import bpy  # noqa: PLC0415

    def press(path, **settings):
        scene.lipwright.audio_path = str(path)
        for name, value in settings.items():
            setattr(scene.lipwright, name, value)
        return bpy.ops.lipwright.generate()

    return press


@pytest.fixture
def curves(part):
    """Reads an Action back as {shape key name: (frames, values)}."""
    import bpy  # noqa: PLC0415

    writer = part("action_writer")

    def read(action):
        found = {}
        for fcurve in writer.iterate_fcurves(action):
            points = np.empty(len(fcurve.keyframe_points) * 2, np.float32)
            fcurve.keyframe_points.foreach_get("co", points)
            name = fcurve.data_path.removeprefix('key_blocks["').removesuffix('"].value')
            found[bpy.utils.unescape_identifier(name)] = (points[0::2], points[1::2])
        return found

    return read


@pytest.fixture
def shown(part):
    """Reads what a face shows: shown(obj, frames) -> shape key values [frames, keys]."""
    import bpy  # noqa: PLC0415

    def read(obj, frames):
        blocks = obj.data.shape_keys.key_blocks
        values = np.empty((len(frames), len(blocks)), np.float32)
        for row, frame in zip(values, frames, strict=True):
            bpy.context.scene.frame_set(frame)
            blocks.foreach_get("value", row)
        return values

    return read


@pytest.fixture
def joyful(scene, part):
    """The property of the emotion that moves the face most, with the model's emotions read."""
    import bpy  # noqa: PLC0415

    bpy.ops.lipwright.load_emotions()
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    strongest = int(np.argmax(np.linalg.norm(model.emotion_vectors, axis=1)))
    return part("emotion_sliders").slider_id(model.emotion_names[strongest])


@pytest.fixture(scope="session")
def read():
    """Reads an exported file in another process, see `read_export.py`: read(path) -> dict."""
    python = os.environ.get("LIPWRIGHT_READERS")
    if not python:
        pytest.skip("LIPWRIGHT_READERS names no Python: `python build.py test` makes one and sets it")
    command = [python, str(Path(__file__).with_name("read_export.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as reader:

        def ask(path):
            reader.stdin.write(f"{path}\n")
            reader.stdin.flush()
            answer = reader.stdout.readline()
            assert answer, f"the reader died of {path}"
            return json.loads(answer)

        yield ask
        reader.stdin.close()


@pytest.fixture
def small_face(scene, part):
    """A face of twelve vertices with all ARKit shapes, one of the user's own, and a material, selected."""
    import bpy  # noqa: PLC0415

    names = [*part("inference.blendshape_names").ARKIT_NAMES, "scar"]
    obj = make_mesh(part, "Hero", names, scene)
    obj.data.materials.append(bpy.data.materials.new("Skin"))
    bpy.context.view_layer.objects.active = obj
    obj.select_set(state=True)
    return obj


@pytest.fixture
def speak(part):
    """Gives a face a line of its own: speak(obj, name, first, count) -> Action; jawOpen and a smile move."""

    def write(obj, name="Line 1", first=1, count=20, pace=3.0):
        writer = part("action_writer")
        frames = np.arange(first, first + count, dtype=np.float32)
        wave = (0.5 - 0.5 * np.cos(np.arange(count) / pace)).astype(np.float32)
        curves = [
            writer.ShapeKeyCurve("jawOpen", "Jaw", frames, wave),
            writer.ShapeKeyCurve("mouthSmileLeft", "Mouth", frames, 0.3 * wave[::-1]),
            writer.ShapeKeyCurve("browInnerUp", "Brows", frames, np.zeros(count, np.float32)),
        ]
        action, _ = writer.write_line_action(obj.data.shape_keys, name, name, curves)
        return action

    return write


@pytest.fixture
def character(scene, part, small_face, speak):
    """The face on an armature that nods, with an eye, and teeth whose shape a driver ties to the jaw."""
    import bpy  # noqa: PLC0415

    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    rig.keyframe_insert("location", frame=1)
    rig.location.z = 0.1
    rig.keyframe_insert("location", frame=20)
    small_face.parent = rig
    eye = make_mesh(part, "Eye", ["dilated"], scene)
    eye.parent = rig
    teeth = make_mesh(part, "Teeth", ["open"], scene)
    teeth.parent = small_face
    driver = teeth.data.shape_keys.driver_add('key_blocks["open"].value').driver
    variable = driver.variables.new()
    variable.targets[0].id_type, variable.targets[0].id = "KEY", small_face.data.shape_keys
    variable.targets[0].data_path = 'key_blocks["jawOpen"].value'
    driver.expression = f"{variable.name} * 0.5"
    for name in ("Lamp", "Camera"):
        data = bpy.data.lights.new(name, "POINT") if name == "Lamp" else bpy.data.cameras.new(name)
        scene.collection.objects.link(bpy.data.objects.new(name, data))
    make_mesh(part, "Table", ["wobble"], scene)
    scene.frame_start, scene.frame_end = 1, 20
    speak(small_face)
    return small_face


@pytest.fixture
def everything(scene):
    """What an export must leave as it was: everything(face) -> comparable values."""
    import bpy  # noqa: PLC0415

    def look(face):
        animation = face.data.shape_keys.animation_data
        return {
            "data": {
                name: sorted((item.name, item.users) for item in getattr(bpy.data, name))
                for name in (
                    "scenes",
                    "objects",
                    "meshes",
                    "shape_keys",
                    "actions",
                    "collections",
                    "materials",
                )
            },
            "plays": (animation.action, getattr(animation, "action_slot", None), animation.use_nla),
            "frame": (scene.frame_current, scene.frame_start, scene.frame_end, scene.render.fps_base),
            "shown": [block.value for block in face.data.shape_keys.key_blocks],
            "screen": (bpy.context.window.scene, bpy.context.view_layer.objects.active),
            "object": (face.data, face.active_shape_key_index, face.show_only_shape_key),
            "selected": sorted(obj.name for obj in bpy.context.selected_objects),
        }

    return look


@pytest.fixture
def batch(installed, capfd, tmp_path):
    """Runs the command as Blender does, in one further process, and returns its code, report and errors."""

    def call(*arguments, output=tmp_path / "out", workers=1):
        options = ["-o", output, "--workers", workers, "--pictures", 0, "--quiet", "--json"]
        code = sys.modules[PACKAGE].cli(["batch", *map(str, (*arguments, *options))])
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def folder(tmp_path, write_wav, speech):
    """Four lines of a second, each with other words."""
    path = tmp_path / "lines"
    path.mkdir()
    start = int(np.argmax(np.abs(speech) > 0.05))
    for number in range(4):
        begin = start + number * 16_000 // 2
        write_wav(path / f"line{number}.wav", speech[begin : begin + 16_000])
    return path


@pytest.fixture
def strongest(part):
    """The emotion that moves the bundled model's face most."""
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    return model.emotion_names[int(np.argmax(np.linalg.norm(model.emotion_vectors, axis=1)))]
