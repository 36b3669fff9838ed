# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""The button that exports: what it writes, and what it says when it cannot."""

import pytest

bpy = pytest.importorskip("bpy")


def test_the_button_says_why_it_is_greyed_out(scene, head, line, animate):
    with pytest.raises(RuntimeError, match="'Lipwright Head' speaks no line yet: press Generate"):
        bpy.ops.lipwright.export_line()
    animate(line)
    assert bpy.ops.lipwright.export_line.poll()
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="a line can be exported in Object Mode"):
        bpy.ops.lipwright.export_line()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.object.select_all(action="DESELECT")
    with pytest.raises(RuntimeError, match="Select a face with ARKit shape keys"):
        bpy.ops.lipwright.export_line()


def test_this_line_and_all_lines_are_written(scene, small_face, speak, read, tmp_path):
    scene.frame_start, scene.frame_end = 1, 20
    speak(small_face, "First")
    speak(small_face, "Second")
    assert bpy.ops.lipwright.export_line(filepath=str(tmp_path / "one.glb")) == {"FINISHED"}
    assert [clip["name"] for clip in read(tmp_path / "one.glb")["clips"]] == ["Second"]
    assert bpy.ops.lipwright.export_line(filepath=str(tmp_path / "all.glb"), lines="ALL") == {"FINISHED"}
    assert {clip["name"] for clip in read(tmp_path / "all.glb")["clips"]} == {"First", "Second"}


def test_a_bad_path_is_one_sentence(scene, small_face, speak, tmp_path):
    speak(small_face)
    with pytest.raises(
        RuntimeError, match=r"^Error: .*line\.obj: '\.obj' is no format to export: choose one"
    ):
        bpy.ops.lipwright.export_line(filepath=str(tmp_path / "line.obj"))
    with pytest.raises(RuntimeError, match="its folder does not exist: make it first"):
        bpy.ops.lipwright.export_line(filepath=str(tmp_path / "gone" / "line.abc"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("before", "chosen", "after"),
    [
        ("a.glb", ".fbx", "a.fbx"),
        ("a.b", ".abc", "a.b.abc"),
        ("a.USDC", ".usdc", "a.USDC"),
        ("a", ".glb", "a.glb"),
    ],
)
def test_the_ending_follows_the_format(scene, part, tmp_path, before, chosen, after):
    from types import SimpleNamespace  # noqa: PLC0415 - Blender makes operators only when they run

    stand_in = SimpleNamespace(filepath=str(tmp_path / before), file_format=chosen)
    part("export_operators").LIPWRIGHT_OT_export_line.check(stand_in, bpy.context)
    assert stand_in.filepath == str(tmp_path / after)
