# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""`blender --command lipwright ...`, called as Blender calls it."""

import errno

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
