# ruff: noqa: ARG001, FBT003, PLR0917 - fixtures are asked for by name; Blender takes undo by place
"""A line becomes an Action on the sample head, through the installed operator."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

FPS = 25


def action_of(obj):
    return obj.data.shape_keys.animation_data.action


def test_enabling_is_quick_and_leaves_the_runtime_alone(installed):
    assert installed["seconds"] <= 0.5
    assert "onnxruntime" not in installed["loaded"]
    assert "scipy" not in installed["loaded"]


def test_curves_are_the_predicted_weights(head, line, animate, curves, part):
    assert animate(line) == {"FINISHED"}
    inference = part("inference.pipeline")
    model = part("inference.model_bundle").load_bundle(part("inference.bundled").default_model_path())
    motion = inference.animate_line(model, line, FPS)
    written = curves(action_of(head))
    assert len(written) == 52
    for column, name in enumerate(motion.weight_names):
        frames, values = written[name]
        assert np.array_equal(frames, np.arange(1, 101))
        assert np.allclose(values, motion.weights[:, column], atol=1e-6)


def test_the_jaw_opens_in_speech_and_rests_in_silence(head, line, animate, curves):
    animate(line)
    frames, jaw = curves(action_of(head))["jawOpen"]
    seconds = (frames - 1) / FPS
    speaking = jaw[(seconds > 1.0) & (seconds < 3.0)]
    silent = jaw[(seconds < 0.6) | (seconds > 3.5)]
    assert speaking.max() > 0.1
    assert silent.max() < 0.35 * speaking.max()


def lip_gap(obj, frame, landmarks):
    bpy.context.scene.frame_set(frame)
    vertices = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices
    return (vertices[landmarks[62]].co - vertices[landmarks[66]].co).length


def test_the_shown_mesh_closes_its_lips_in_silence(head, line, animate, curves, part):
    animate(line)
    landmarks = (
        part("inference.head_mesh").load_head(part("inference.bundled").default_head_path()).landmarks68
    )
    frames, jaw = curves(action_of(head))["jawOpen"]
    widest = int(frames[np.argmax(jaw)])
    assert lip_gap(head, 8, landmarks) < 0.4 * lip_gap(head, widest, landmarks)


def test_the_action_is_named_assigned_and_kept(head, line, animate):
    animate(line)
    animation = head.data.shape_keys.animation_data
    assert animation.action.name == "Zoë says"
    assert animation.action.use_fake_user
    if bpy.app.version >= (4, 4, 0):
        assert animation.action_slot is not None
        assert animation.action_slot.target_id_type == "KEY"


def test_curves_are_grouped_by_region(head, line, animate, part):
    animate(line)
    groups = {
        fcurve.data_path: fcurve.group.name
        for fcurve in part("action_writer").iterate_fcurves(action_of(head))
    }
    assert groups['key_blocks["jawOpen"].value'] == "Jaw"
    assert groups['key_blocks["mouthSmileLeft"].value'] == "Mouth"
    assert groups['key_blocks["browInnerUp"].value'] == "Brows"


def test_the_scene_fits_the_line(scene, head, line, animate):
    animate(line)
    assert (scene.frame_start, scene.frame_end) == (1, 100)
    assert scene.sync_mode == ("AUDIO_SYNC" if bpy.app.build_options.audaspace else "NONE")


def test_a_line_starts_where_the_scene_starts(scene, head, line, animate, curves):
    scene.frame_start, scene.frame_end = 1001, 1250
    animate(line)
    frames, _ = curves(action_of(head))["jawOpen"]
    assert (frames[0], frames[-1]) == (1001, 1100)
    assert (scene.frame_start, scene.frame_end) == (1001, 1100)


def test_a_line_at_the_current_frame_widens_the_range(scene, head, line, animate, curves):
    scene.frame_start, scene.frame_end, scene.frame_current = 1, 60, 41
    animate(line, start_at="CURRENT")
    frames, _ = curves(action_of(head))["jawOpen"]
    assert (frames[0], frames[-1]) == (41, 140)
    assert (scene.frame_start, scene.frame_end) == (1, 140)


@pytest.mark.parametrize(
    ("fps", "base", "count"), [(24, 1.0, 96), (30, 1.001, 120), (60, 1.0, 240), (24, 1.001, 96)]
)
def test_any_frame_rate(scene, head, line, animate, curves, fps, base, count):
    scene.render.fps, scene.render.fps_base = fps, base
    animate(line)
    frames, _ = curves(action_of(head))["jawOpen"]
    assert len(frames) == count


def test_one_undo_takes_all_of_it_back(scene, head, line, part):
    name, sounds = head.name, part("sound_strip")
    scene.lipwright.audio_path = str(line)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.lipwright.generate("EXEC_DEFAULT", True) == {"FINISHED"}
    assert "Zoë says" in bpy.data.actions
    bpy.ops.ed.undo()
    assert "Zoë says" not in bpy.data.actions
    assert bpy.context.scene.frame_end == 250
    assert not sounds.sound_strips(bpy.context.scene)
    animation = bpy.data.objects[name].data.shape_keys.animation_data
    assert animation is None or animation.action is None


def test_an_emotion_changes_the_line(scene, head, line, animate, curves, shown):
    animate(line)
    neutral = shown(head, (10, 50, 60, 70))
    sliders = head.lipwright
    names = [name for name in sliders.bl_rna.properties.keys() if name.startswith("emotion_")]  # noqa: SIM118
    assert names
    changes = []
    for name in names:
        setattr(sliders, name, 1.0)
        animate(line)
        setattr(sliders, name, 0.0)
        changes.append(np.abs(shown(head, (10, 50, 60, 70)) - neutral).max())
    assert max(changes) > 0.02
    animate(line)
    assert np.array_equal(shown(head, (10, 50, 60, 70)), neutral)
    assert len(bpy.data.actions) == 1


def test_strength_zero_is_neutral(scene, head, line, animate, shown, joyful):
    animate(line)
    neutral = shown(head, (10, 50, 70))
    setattr(head.lipwright, joyful, 1.0)
    head.lipwright.strength = 0.0
    animate(line)
    assert np.allclose(shown(head, (10, 50, 70)), neutral, atol=1e-6)


def test_a_saved_file_plays_the_line(head, line, animate, curves, tmp_path):
    animate(line)
    name, jaw = head.name, curves(action_of(head))["jawOpen"][1].copy()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    block = bpy.data.objects[name].data.shape_keys.key_blocks["jawOpen"]
    for frame in (1, 40, 77):
        bpy.context.scene.frame_set(frame)
        assert block.value == pytest.approx(jaw[frame - 1], abs=1e-5)


def test_a_face_under_other_names_is_animated(scene, line, animate, curves, part):
    mesh = part("mesh_data").create_mesh(
        "Other", np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], dtype=np.int32)
    )
    obj = bpy.data.objects.new("Other", mesh)
    scene.collection.objects.link(obj)
    deltas = np.ones((3, 3, 3), np.float32) * 0.01
    part("mesh_data").add_shape_keys(obj, ["JawOpen", "mouth_smile_L", "eyeBlink_R"], deltas)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    assert animate(line) == {"FINISHED"}
    assert set(curves(action_of(obj))) == {"JawOpen", "mouth_smile_L", "eyeBlink_R"}
    scene.frame_set(50)
