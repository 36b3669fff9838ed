# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""`blender --command lipwright ...`, called as Blender calls it."""

import errno

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


@pytest.fixture
def cli(installed):
    import sys  # noqa: PLC0415 - used by this fixture only

    return sys.modules["bl_ext.user_default.lipwright"].cli


def test_lines_become_files_that_play(cli, line, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli(["animate", str(line), "-o", str(out), "--fps", "29.97"]) == 0
    assert capsys.readouterr().out.strip().endswith("Zoë says.blend")
    assert [path.name for path in out.iterdir()] == ["Zoë says.blend"]
    bpy.ops.wm.open_mainfile(filepath=str(out / "Zoë says.blend"))
    scene = bpy.context.scene
    assert scene.render.fps / scene.render.fps_base == pytest.approx(29.97, abs=0.001)
    assert (scene.frame_start, scene.frame_end) == (1, 120)
    block = bpy.data.objects["Lipwright Head"].data.shape_keys.key_blocks["jawOpen"]
    values = []
    for frame in range(1, 121, 5):
        scene.frame_set(frame)
        values.append(block.value)
    assert max(values) > 0.1


def test_a_scene_of_ones_own(cli, head, line, tmp_path):
    own = tmp_path / "own.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    arguments = ["animate", str(line), "-o", str(tmp_path), "--blend", str(own), "--object", head.name]
    assert cli(arguments) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    assert "Zoë says" in bpy.data.actions


def test_exact_with_emotion(cli, line, tmp_path, part):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    arguments = [
        "animate",
        str(line),
        "-o",
        str(tmp_path),
        "--exact",
        "--emotion",
        f"{model.emotion_names[0]}=0.5",
    ]
    assert cli(arguments) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    assert "LW_000" in bpy.data.objects["Lipwright Head"].data.shape_keys.key_blocks


def test_a_track_keys_the_sliders_and_the_line_follows_it(cli, line, tmp_path, part, shown, capsys):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    name = max(
        zip(model.emotion_names, model.emotion_vectors, strict=True), key=lambda row: float(row[1] @ row[1])
    )[0]
    track = tmp_path / "track.csv"
    track.write_text(f"time,name,value\n1.2,{name},0\n2.4,{name},1.5\n", encoding="utf-8")
    arguments = ["animate", str(line), "-o", str(tmp_path), "--fps", "25"]
    assert cli(arguments) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    frames = (20, 50, 75)
    speech = shown(bpy.data.objects["Lipwright Head"], frames)
    assert cli([*arguments, "--emotion", f"{name}=1.0"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    full = shown(bpy.data.objects["Lipwright Head"], frames) - speech
    capsys.readouterr()
    assert cli([*arguments, "--emotion-track", str(track)]) == 0
    assert "1 emotion value lies outside 0 to 1, so clamped" in capsys.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    head = bpy.data.objects["Lipwright Head"]
    keyed = shown(head, frames) - speech
    assert np.abs(keyed[0]).max() < 1e-5
    assert 0.1 * np.abs(full[1]).max() < np.abs(keyed[1]).max() < 0.9 * np.abs(full[1]).max()
    np.testing.assert_allclose(keyed[2], full[2], atol=1e-5)
    slider = part("emotion_sliders").slider_id(name)
    bpy.context.scene.frame_set(46)  # 1.8 s after frame 1
    assert getattr(head.lipwright, slider) == pytest.approx(0.5, abs=0.01)
    assert not part("refresh").is_stale(bpy.context.scene, head)


def test_the_scenes_own_keyed_sliders_are_followed(cli, head, line, joyful, tmp_path, shown, animate):
    setattr(head.lipwright, joyful, 1.0)
    head.lipwright.keyframe_insert(joyful, frame=60)
    setattr(head.lipwright, joyful, 0.0)
    head.lipwright.keyframe_insert(joyful, frame=50)
    animate(line)
    expected = shown(head, (40, 70))
    own = tmp_path / "own.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(own))
    assert cli(["animate", str(line), "-o", str(tmp_path), "--blend", str(own), "--object", head.name]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    np.testing.assert_allclose(shown(bpy.data.objects["Lipwright Head"], (40, 70)), expected, atol=1e-6)
    arguments = ["animate", str(line), "-o", str(tmp_path / "out"), "--blend", str(own)]
    assert cli([*arguments, "--emotion", f"{joyful.removeprefix('emotion_').replace('_', ' ')}=1"]) == 1


def test_an_emotion_sets_the_sliders(cli, line, tmp_path, part, capsys):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    first, second = model.emotion_names[:2]
    emotion = f"{first}=0.5,{second}=-2"
    assert cli(["animate", str(line), "-o", str(tmp_path), "--emotion", emotion, "--strength", "0.5"]) == 0
    assert "1 emotion value lies outside 0 to 1" in capsys.readouterr().err
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Zoë says.blend"))
    sliders, identify = bpy.data.objects["Lipwright Head"].lipwright, part("emotion_sliders").slider_id
    assert getattr(sliders, identify(first)) == pytest.approx(0.5)
    assert getattr(sliders, identify(second)) == 0.0
    assert sliders.strength == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("0,boredom,1", "emotion 'boredom' is unknown"),
        ("9,NAME,1", "but the line ends at 4.00 s"),
        ("1,NAME,1\n0.5,NAME,0", "goes back from 1 to 0.5 s"),
        ("1,NAME,nan", "no number"),
        (None, "there is no such emotion track"),
    ],
)
def test_bad_tracks_get_one_sentence_and_no_file(cli, line, tmp_path, part, capsys, rows, words):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    track = tmp_path / "track.csv"
    if rows is not None:
        text = rows.replace("NAME", model.emotion_names[0])
        track.write_text(f"time,name,value\n{text}\n", encoding="utf-8")
    assert cli(["animate", str(line), "-o", str(tmp_path), "--emotion-track", str(track)]) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert words in errors[0]
    assert "boredom" not in words or model.emotion_names[0] in errors[0]
    assert not list(tmp_path.glob("*.blend"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.wav"], ("gone.wav", "no such sound file")),
        (["LINE", "--emotion", "boredom=1"], ("boredom",)),
        (["LINE", "--fps", "fast"], ("fast",)),
        (["LINE", "--model", "gone.lipmodel"], ("gone.lipmodel",)),
        (["LINE", "--blend", "gone.blend"], ("gone.blend",)),
        (["LINE", "LINE"], ("would both write",)),
        (["LINE", "--object", "Face"], ("--blend",)),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_one(cli, line, tmp_path, capsys, arguments, words):
    out = tmp_path / "out"
    assert (
        cli(["animate", "-o", str(out), *[str(line) if word == "LINE" else word for word in arguments]]) == 1
    )
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("lipwright: error: ")
    for word in words:
        assert word in errors[0]
    assert not out.exists() or list(out.iterdir()) == []


def test_one_bad_line_does_not_stop_the_others(cli, line, tmp_path, capsys):
    assert cli(["animate", "gone.wav", str(line), "-o", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out" / "Zoë says.blend").is_file()
    assert "gone.wav" in capsys.readouterr().err


def test_a_line_never_replaces_the_scene_that_it_animates(cli, head, line, tmp_path, capsys):
    scene = tmp_path / "Zoë says.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(scene))
    before = scene.read_bytes()
    assert cli(["animate", str(line), "--blend", str(scene), "-o", str(tmp_path)]) == 1
    assert "would replace" in capsys.readouterr().err
    assert scene.read_bytes() == before


def test_a_full_disk_leaves_nothing(cli, line, tmp_path, capsys, part, monkeypatch):
    def full(**_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(part("command_line").tempfile, "mkstemp", full)
    assert cli(["animate", str(line), "-o", str(tmp_path / "out")]) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("strength", ["nan", "2", "much"])
def test_a_strength_out_of_range_is_a_wrong_command_line(cli, line, tmp_path, strength):
    assert cli(["animate", str(line), "-o", str(tmp_path), "--strength", strength]) == 2
    assert not list(tmp_path.glob("*.blend"))


def test_a_folder_that_cannot_be_made(cli, line, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    assert cli(["animate", str(line), "-o", str(blocked / "out")]) == 1
    assert "choose another folder" in capsys.readouterr().err


def test_help_and_a_wrong_command_line(cli, capsys):
    assert cli(["animate", "--help"]) == 0
    assert "LINE" in capsys.readouterr().out
    assert cli(["animate"]) == 2
