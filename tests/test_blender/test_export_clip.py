# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""A line as glTF, FBX, USD and Alembic, read back by libraries that did not write it."""

import os

import numpy as np
import pytest

from tests.test_blender.export_faces import NTSC, WEIGHED, set_rate, shape_names
from tests.test_blender.ogawa import Ogawa

bpy = pytest.importorskip("bpy")

SUFFIXES = [*WEIGHED, ".abc"]
TOLERANCE = {".glb": 1e-6, ".fbx": 1e-6, ".usdc": 1e-6}


@pytest.fixture
def export(part):
    return part("clip_export").export_clip


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


@pytest.mark.parametrize("rate", [24 / 1.001, 60.0])
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


@pytest.mark.parametrize("first", [0, 1, 1001])
@pytest.mark.parametrize("suffix", [".glb", ".fbx"])
def test_the_face_by_itself_is_neutral(scene, small_face, speak, export, read, tmp_path, suffix, first):
    scene.frame_start, scene.frame_end = first, first + 19
    speak(small_face, first=first - 10, count=40)  # the mouth is open when the clip begins
    scene.frame_set(first)
    assert small_face.data.shape_keys.key_blocks["jawOpen"].value > 0.9
    export(scene, small_face, tmp_path / f"line{suffix}")
    back = read(tmp_path / f"line{suffix}")
    assert len(back["rest"]) == 53
    assert not any(back["rest"])
    (clip,) = back["clips"]
    assert clip["meshes"]["Hero"]["weights"][0][clip["meshes"]["Hero"]["names"].index("jawOpen")] > 0.9


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


@pytest.mark.parametrize("suffix", WEIGHED)
def test_a_muted_shape_rests_and_twins_move_alike(scene, character, export, read, tmp_path, suffix):
    twin = bpy.data.objects.new("Twin", character.data)
    twin.parent = character
    scene.collection.objects.link(twin)
    character.data.shape_keys.key_blocks["mouthSmileLeft"].mute = True
    export(scene, character, tmp_path / f"line{suffix}")
    (clip,) = read(tmp_path / f"line{suffix}")["clips"]
    keys = clip["meshes"]["Hero"]
    weights = dict(zip(keys["names"], np.array(keys["weights"]).T, strict=True))
    assert not weights["mouthSmileLeft"].any()
    assert weights["jawOpen"].max() > 0.9
    assert character.data == twin.data
    assert character.data.name == "Hero"
    if suffix == ".glb":
        assert clip["meshes"]["Twin"] == keys


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_is_left_as_it_was(scene, character, export, everything, tmp_path, suffix):
    scene.frame_set(7)
    character.active_shape_key_index = 3
    character.show_only_shape_key = True
    before = everything(character)
    export(scene, character, tmp_path / f"line{suffix}")
    assert everything(character) == before
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of file sizes for a process")
@pytest.mark.parametrize("suffix", WEIGHED)
def test_a_disk_that_takes_no_more_leaves_the_old_file(
    scene, small_face, speak, export, part, tmp_path, suffix
):
    import resource  # noqa: PLC0415 - absent on Windows

    speak(small_face)
    (tmp_path / f"line{suffix}").write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(part("inference.errors").LipwrightError) as caught:
            export(scene, small_face, tmp_path / f"line{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(caught.value).startswith(f"{tmp_path / f'line{suffix}'}: ")
    assert "choose another folder" in str(caught.value)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(f"line{suffix}", b"old")]
    assert [item.name for item in bpy.data.scenes] == [scene.name]


def test_alembic_is_refused_before_the_disk_runs_full(
    scene, small_face, speak, export, part, tmp_path, monkeypatch
):
    speak(small_face)
    usage = type("Usage", (), {"free": 500_000})
    monkeypatch.setattr(part("export_formats").shutil, "disk_usage", lambda _folder: usage)
    error = part("inference.errors").LipwrightError
    with pytest.raises(error, match=r"line\.abc: it may need 1 MB and the disk has 0 MB left; free space"):
        export(scene, small_face, tmp_path / "line.abc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_of_any_length_and_script(scene, small_face, speak, export, part, tmp_path, suffix):
    speak(small_face)
    for name in ("Zoë 日本", "a.b.c", "n" * 250):
        export(scene, small_face, tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"{name}{suffix}").stat().st_size > 1000
    with pytest.raises(part("inference.errors").LipwrightError, match="the name is too long"):
        export(scene, small_face, tmp_path / f"{'n' * 300}{suffix}")
    assert len(list(tmp_path.iterdir())) == 3
