# ruff: noqa: ARG001 - fixtures are asked for by name
"""Generating again never destroys what an animator made."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def key_of(obj):
    return obj.data.shape_keys


def test_an_untouched_action_is_written_anew_in_place(head, line, animate):
    animate(line)
    first = key_of(head).animation_data.action
    animate(line)
    assert key_of(head).animation_data.action == first
    assert len(bpy.data.actions) == 1


def test_hand_edited_curves_are_kept(head, line, animate, curves, part):
    animate(line)
    edited = key_of(head).animation_data.action
    fcurve = next(part("action_writer").iterate_fcurves(edited))
    fcurve.keyframe_points[10].co[1] = 0.77
    fcurve.update()
    before = {name: values.copy() for name, (_, values) in curves(edited).items()}
    animate(line)
    fresh = key_of(head).animation_data.action
    assert fresh != edited
    assert edited.use_fake_user
    assert all(np.array_equal(values, before[name]) for name, (_, values) in curves(edited).items())


@pytest.mark.parametrize("edit", ["delete a key", "ease a key", "add a curve", "remove a curve"])
def test_every_kind_of_edit_is_noticed(head, line, animate, part, edit):
    animate(line)
    action = key_of(head).animation_data.action
    writer = part("action_writer")
    assert writer.is_untouched(action)
    fcurve = next(writer.iterate_fcurves(action))
    if edit == "delete a key":
        fcurve.keyframe_points.remove(fcurve.keyframe_points[3])
    elif edit == "ease a key":
        fcurve.keyframe_points[3].interpolation = "BEZIER"
    elif edit == "add a curve":
        head.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("mute", frame=3)
    else:
        holder = action if hasattr(action, "fcurves") else action.layers[0].strips[0].channelbags[0]
        holder.fcurves.remove(fcurve)
    assert not writer.is_untouched(action)


def test_an_edit_survives_saving_and_an_untouched_action_stays_untouched(head, line, animate, part, tmp_path):
    animate(line)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert part("action_writer").is_untouched(bpy.data.actions["Zoë says"])


def test_the_animators_own_action_is_kept(scene, head, line, animate, tmp_path):
    head.data.shape_keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    own = key_of(head).animation_data.action
    own_name = own.name
    animate(line)
    assert key_of(head).animation_data.action != own
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert own_name in bpy.data.actions


def test_two_lines_are_two_actions(head, line, animate, tmp_path):
    animate(line)
    second = tmp_path / "second.wav"
    second.write_bytes(line.read_bytes())
    animate(second)
    assert {action.name for action in bpy.data.actions} == {"Zoë says", "second"}
    assert key_of(head).animation_data.action.name == "second"


def test_two_heads_keep_their_own(scene, head, line, animate):
    animate(line)
    assert bpy.ops.lipwright.add_sample_head() == {"FINISHED"}
    other = bpy.context.view_layer.objects.active
    animate(line)
    assert other != head
    assert key_of(other).animation_data.action != key_of(head).animation_data.action
