# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""A line as glTF, FBX, USD and Alembic, read back by libraries that did not write it."""

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.test_blender.ogawa import Ogawa

bpy = pytest.importorskip("bpy")

HERE = Path(__file__).resolve().parent
SUFFIXES = [".glb", ".fbx", ".usdc", ".abc"]
WEIGHED = [".glb", ".fbx", ".usdc"]
"""Formats that hold weights; Alembic holds vertices."""
NTSC = 30 / 1.001
TOLERANCE = {".glb": 1e-6, ".fbx": 1e-6, ".usdc": 1e-6}


@pytest.fixture
def read():
    """Reads an exported file in another process, see `read_export.py`."""
    python = os.environ.get("LIPWRIGHT_READERS")
    if not python:
        pytest.skip("LIPWRIGHT_READERS names no Python: `python build.py test` makes one and sets it")

    def run(path):
        command = [python, str(HERE / "read_export.py"), str(path)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return run


@pytest.fixture
def export(part):
    return part("clip_export").export_clip


def make_mesh(part, name, shapes, scene, vertices=12):
    """A mesh in the scene with the given shape keys, each moving every vertex another way."""
    random = np.random.default_rng(len(name))
    points = random.uniform(-0.1, 0.1, (vertices, 3)).astype(np.float32)
    faces = np.arange(vertices, dtype=np.int32).reshape(-1, 3)
    data = part("mesh_data")
    obj = bpy.data.objects.new(name, data.create_mesh(name, points, faces))
    scene.collection.objects.link(obj)
    data.add_shape_keys(
        obj, shapes, random.uniform(-0.01, 0.01, (len(shapes), vertices, 3)).astype(np.float32)
    )
    return obj


@pytest.fixture
def small_face(scene, part):
    """A face of twelve vertices with all ARKit shapes, one of the user's own, and a material, selected."""
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


def shape_names(obj):
    return [block.name for block in obj.data.shape_keys.key_blocks][1:]


def set_rate(scene, rate):
    scene.render.fps = math.ceil(rate)
    scene.render.fps_base = math.ceil(rate) / rate


def expected_times(suffix, frames, rate):
    """Seconds from the scene's first frame in glTF, of the scene's clock in FBX; frames in USD."""
    return {
        ".glb": (frames - frames[0]) / rate,
        ".fbx": frames / rate,
        ".usdc": frames.astype(float),
    }[suffix]


def own_keys(read_back, suffix, name):
    """The one clip's keys of a mesh; USD allows no spaces in names."""
    (clip,) = read_back["clips"]
    return clip, clip["meshes"][name.replace(" ", "_") if suffix == ".usdc" else name]


@pytest.mark.parametrize("suffix", WEIGHED)
def test_a_felt_line_that_starts_later_comes_back_as_it_is_shown(
    scene, small_face, line, animate, shown, export, read, joyful, tmp_path, suffix
):
    set_rate(scene, NTSC)
    scene.frame_start, scene.frame_end, scene.frame_current = 11, 60, 86
    setattr(small_face.lipwright, joyful, 1.0)
    assert animate(line, start_at="CURRENT") == {"FINISHED"}
    assert (scene.frame_start, scene.frame_end) == (11, 205)
    frames = np.arange(11, 206)
    seen = shown(small_face, frames)[:, 1:]
    export(scene, small_face, tmp_path / f"line{suffix}")
    back = read(tmp_path / f"line{suffix}")
    clip, keys = own_keys(back, suffix, "Hero")
    assert clip["name"] == ("" if suffix == ".usdc" else "Zoë says")
    assert keys["names"] == shape_names(small_face)
    times, weights = np.array(keys["times"]), np.array(keys["weights"])
    assert np.allclose(times, expected_times(suffix, frames, NTSC), atol=2e-5)
    assert np.allclose([clip["start"], clip["end"]], times[[0, -1]], atol=2e-5)
    assert np.abs(weights - seen).max() <= TOLERANCE[suffix]
    assert not np.ptp(weights[:76], axis=0).any()  # 2.5 s later the first key of the line, held until then
    assert np.ptp(weights[76:], axis=0).max() > 0.1
    if suffix != ".glb":
        assert back["rate"] == pytest.approx(NTSC, abs=1e-3)


@pytest.mark.parametrize("suffix", WEIGHED)
def test_the_clip_is_speech_and_emotion(
    scene, small_face, line, animate, curves, export, read, joyful, tmp_path, suffix
):
    setattr(small_face.lipwright, joyful, 1.0)
    animate(line)
    spoken = curves(small_face.data.shape_keys.animation_data.action)
    export(scene, small_face, tmp_path / f"felt{suffix}")
    _, keys = own_keys(read(tmp_path / f"felt{suffix}"), suffix, "Hero")
    speech = np.stack([spoken[name][1] for name in keys["names"] if name != "scar"], axis=1)
    felt = np.array(keys["weights"])[:, :52]
    assert np.abs(felt - speech).max() > 0.05
    small_face.data.shape_keys.animation_data.nla_tracks[0].mute = True
    export(scene, small_face, tmp_path / f"muted{suffix}")
    _, keys = own_keys(read(tmp_path / f"muted{suffix}"), suffix, "Hero")
    assert np.abs(np.array(keys["weights"])[:, :52] - speech).max() <= TOLERANCE[suffix]


@pytest.mark.parametrize("rate", [24.0, 24 / 1.001, 60.0, 12.5])
@pytest.mark.parametrize("suffix", WEIGHED)
def test_every_shape_has_a_key_at_every_frame_at_any_rate(
    scene, small_face, speak, export, read, tmp_path, suffix, rate
):
    set_rate(scene, rate)
    scene.frame_start, scene.frame_end = 1, 20
    speak(small_face)
    export(scene, small_face, tmp_path / f"line{suffix}")
    _, keys = own_keys(read(tmp_path / f"line{suffix}"), suffix, "Hero")
    assert np.allclose(keys["times"], expected_times(suffix, np.arange(1, 21), rate), atol=1e-5)
    weights = np.array(keys["weights"])
    assert weights.shape == (20, 53)
    still = [name not in {"jawOpen", "mouthSmileLeft"} for name in keys["names"]]
    assert not weights[:, still].any()
    assert weights[:, keys["names"].index("jawOpen")].max() > 0.9


@pytest.mark.parametrize("rate", [25.0, NTSC])
def test_alembic_holds_the_moved_vertices(scene, small_face, speak, export, tmp_path, rate):
    set_rate(scene, rate)
    scene.frame_start, scene.frame_end = 101, 130
    speak(small_face, first=111)
    export(scene, small_face, tmp_path / "line.abc")
    archive = Ogawa(tmp_path / "line.abc")
    points = archive.geometry(archive.objects()["/Hero/Hero"])["P"]
    assert np.allclose(archive.times(points), np.arange(101, 131) / rate, atol=1e-5)
    for index, frame in enumerate(range(101, 131)):
        scene.frame_set(frame)
        mesh = small_face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        seen = np.array([vertex.co for vertex in mesh.vertices])
        assert np.allclose(archive.sample(points, index), seen[:, [0, 2, 1]] * (1, 1, -1), atol=1e-6)
    assert np.abs(archive.sample(points, 20) - archive.sample(points, 0)).max() > 1e-3


@pytest.fixture
def character(scene, part, small_face, speak):
    """The face on an armature that nods, with an eye, and teeth whose shape a driver ties to the jaw."""
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


@pytest.mark.parametrize("suffix", WEIGHED)
def test_the_face_and_its_family_go_in_and_nothing_else(scene, character, export, read, tmp_path, suffix):
    export(scene, character, tmp_path / f"line{suffix}")
    back = read(tmp_path / f"line{suffix}")
    assert {"Hero", "Rig", "Eye", "Teeth"} <= set(back["nodes"])
    assert not {"Table", "Lamp", "Camera"} & set(back["nodes"])
    assert back["materials"] == ["Skin"]
    (clip,) = back["clips"]
    assert set(clip["meshes"]) == {"Hero", "Eye", "Teeth"}
    face, teeth = clip["meshes"]["Hero"], clip["meshes"]["Teeth"]
    jaw = np.array(face["weights"])[:, face["names"].index("jawOpen")]
    assert np.allclose(np.array(teeth["weights"])[:, 0], 0.5 * jaw, atol=1e-6)
    if suffix == ".glb":
        assert clip["moved"] == [["Rig", "translation"]]  # the nod, and no placement that stays


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_is_left_as_it_was(scene, character, export, tmp_path, suffix):
    def everything():
        animation = character.data.shape_keys.animation_data
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
            "shown": [block.value for block in character.data.shape_keys.key_blocks],
            "screen": (bpy.context.window.scene, bpy.context.view_layer.objects.active),
            "object": (character.data, character.active_shape_key_index, character.show_only_shape_key),
            "selected": sorted(obj.name for obj in bpy.context.selected_objects),
        }

    scene.frame_set(7)
    character.active_shape_key_index = 3
    character.show_only_shape_key = True
    before = everything()
    export(scene, character, tmp_path / f"line{suffix}")
    assert everything() == before
    assert [path.name for path in tmp_path.iterdir()] == [f"line{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_textured_face_takes_its_picture_along(scene, small_face, speak, export, read, tmp_path, suffix):
    picture = bpy.data.images.new("pores", 4, 4)
    picture.filepath_raw, picture.file_format = str(tmp_path / "pores.png"), "PNG"
    picture.save()
    material = small_face.data.materials[0]
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = picture
    shader = next(item for item in material.node_tree.nodes if item.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    speak(small_face)
    (tmp_path / "out").mkdir()
    export(scene, small_face, tmp_path / "out" / f"line{suffix}")
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert names == [f"line{suffix}"] + (["textures/pores.png"] if suffix == ".usdc" else [])
    data = (tmp_path / "out" / f"line{suffix}").read_bytes()
    assert (b"\x89PNG" in data) == (suffix in {".glb", ".fbx"})


def test_bad_input_is_one_sentence_and_writes_nothing(scene, small_face, speak, export, part, tmp_path):
    error = part("inference.errors").LipwrightError
    with pytest.raises(error, match="'Hero' speaks no line yet"):
        export(scene, small_face, tmp_path / "line.glb")
    speak(small_face)
    with pytest.raises(
        error, match=r"'\.obj' is no format to export: choose one of \.glb, \.fbx, \.usdc, \.abc"
    ):
        export(scene, small_face, tmp_path / "line.obj")
    for suffix in SUFFIXES:
        with pytest.raises(error, match="its folder does not exist"):
            export(scene, small_face, tmp_path / "gone" / f"line{suffix}")
        (tmp_path / f"folder{suffix}").mkdir()
        with pytest.raises(error, match="a folder has that name"):
            export(scene, small_face, tmp_path / f"folder{suffix}")
    with pytest.raises(error, match="'Hero' is not in the scene 'Other'"):
        export(bpy.data.scenes.new("Other"), small_face, tmp_path / "line.glb")
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(error, match="leave Edit Mode first"):
        export(scene, small_face, tmp_path / "line.glb")
    bpy.ops.object.mode_set(mode="OBJECT")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"folder{suffix}" for suffix in SUFFIXES
    )


@pytest.mark.parametrize(("suffix", "module"), [(".glb", "io_scene_gltf2"), (".fbx", "io_scene_fbx")])
def test_an_exporter_that_is_switched_off_is_said(
    scene, small_face, speak, export, part, tmp_path, suffix, module
):
    import addon_utils  # noqa: PLC0415 - comes with bpy

    speak(small_face)
    addon_utils.disable(module)
    try:
        with pytest.raises(part("inference.errors").LipwrightError, match="exporter is switched off"):
            export(scene, small_face, tmp_path / f"line{suffix}")
    finally:
        addon_utils.enable(module)
    assert not list(tmp_path.iterdir())
    export(scene, small_face, tmp_path / f"line{suffix}")
