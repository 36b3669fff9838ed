# ruff: noqa: ARG001, PLR0917, FBT003 - fixtures are asked for by name; Blender takes undo by place
"""Sliders that move the face while they are dragged, keyed sliders, and the emotion apart from the speech."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

FRAMES = (10, 40, 55, 60, 70)


def mesh_of(part, obj):
    return part("mesh_data").evaluated_positions(obj, bpy.context.evaluated_depsgraph_get())


def key_values(obj):
    blocks = obj.data.shape_keys.key_blocks
    values = np.empty(len(blocks), np.float32)
    blocks.foreach_get("value", values)
    return values


def test_a_moved_slider_changes_the_face_of_the_current_frame(scene, head, line, animate, joyful, part):
    animate(line)
    scene.frame_set(55)
    still = mesh_of(part, head)
    setattr(head.lipwright, joyful, 0.5)
    half = mesh_of(part, head)
    assert np.abs(half - still).max() > 1e-4
    setattr(head.lipwright, joyful, 1.0)
    assert np.abs(mesh_of(part, head) - half).max() > 1e-4
    setattr(head.lipwright, joyful, 0.0)
    np.testing.assert_allclose(mesh_of(part, head), still, atol=1e-6)


def test_the_refreshed_line_is_what_the_slider_showed(scene, head, line, animate, joyful, shown):
    animate(line)
    speech = shown(head, FRAMES)
    scene.frame_set(60)
    setattr(head.lipwright, joyful, 0.8)
    dragged = key_values(head)
    assert bpy.ops.lipwright.refresh_line() == {"FINISHED"}
    refreshed = shown(head, FRAMES)
    np.testing.assert_allclose(refreshed[FRAMES.index(60)], dragged, atol=1e-5)
    assert np.abs(refreshed - speech).max() > 0.02
    head.lipwright.strength = 0.0
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_array_equal(shown(head, FRAMES), speech)


def test_the_refreshed_line_is_the_predicted_one(scene, head, line, animate, joyful, shown, part):
    animate(line)
    setattr(head.lipwright, joyful, 0.8)
    bpy.ops.lipwright.refresh_line()
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    name = next(name for name in model.emotion_names if part("emotion_sliders").slider_id(name) == joyful)
    motion = part("inference.pipeline").animate_line(model, line, 25, {name: 0.8})
    blocks = head.data.shape_keys.key_blocks
    columns = [blocks.find(name) for name in motion.weight_names]
    values = shown(head, FRAMES)[:, columns]
    np.testing.assert_allclose(values, motion.weights[[frame - 1 for frame in FRAMES]], atol=1e-5)


def test_muting_the_emotion_leaves_the_speech(scene, head, line, animate, joyful, shown, part):
    animate(line)
    speech = shown(head, FRAMES)
    setattr(head.lipwright, joyful, 1.0)
    animate(line)
    felt = shown(head, FRAMES)
    assert np.abs(felt - speech).max() > 0.02
    track = part("emotion_layer").find_layer(head.data.shape_keys)
    assert track.name == "Lipwright Emotion"
    track.mute = True
    np.testing.assert_allclose(shown(head, FRAMES), speech, atol=1e-6)
    track.mute = False
    np.testing.assert_array_equal(shown(head, FRAMES), felt)


def test_a_muted_emotion_stays_out_of_sight_and_is_up_to_date_when_heard_again(
    scene, head, line, animate, joyful, shown, part
):
    animate(line)
    speech = shown(head, FRAMES)
    setattr(head.lipwright, joyful, 0.5)
    bpy.ops.lipwright.refresh_line()
    track = part("emotion_layer").find_layer(head.data.shape_keys)
    track.mute = True
    scene.frame_set(60)
    setattr(head.lipwright, joyful, 1.0)
    np.testing.assert_allclose(key_values(head), speech[FRAMES.index(60)], atol=1e-6)
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_allclose(shown(head, FRAMES), speech, atol=1e-6)
    assert part("emotion_layer").is_muted(head.data.shape_keys)
    track.mute = False
    felt = shown(head, FRAMES)
    scene.frame_set(60)
    head.lipwright.strength = 0.9
    head.lipwright.strength = 1.0
    np.testing.assert_allclose(felt[FRAMES.index(60)], key_values(head), atol=1e-5)


def test_an_edited_pose_stays_while_the_emotion_changes(scene, head, line, animate, joyful, shown, part):
    animate(line)
    action = head.data.shape_keys.animation_data.action
    jaw = next(
        curve
        for curve in part("action_writer").iterate_fcurves(action)
        if curve.data_path == 'key_blocks["jawOpen"].value'
    )
    before = shown(head, (40,))[0]
    jaw.keyframe_points[39].co[1] = before[head.data.shape_keys.key_blocks.find("jawOpen")] + 0.3
    jaw.update()
    scene.frame_set(40)
    setattr(head.lipwright, joyful, 0.7)
    dragged = key_values(head)
    bpy.ops.lipwright.refresh_line()
    assert head.data.shape_keys.animation_data.action == action
    np.testing.assert_allclose(shown(head, (40,))[0], dragged, atol=1e-5)
    part("emotion_layer").find_layer(head.data.shape_keys).mute = True
    corrected = shown(head, (40,))[0] - before
    assert corrected[head.data.shape_keys.key_blocks.find("jawOpen")] == pytest.approx(0.3, abs=1e-5)


def test_the_animators_own_shape_key_plays_beside_the_emotion(scene, head, line, animate, joyful):
    head.shape_key_add(name="scar", from_mix=False)
    head.shape_key_add(name="mole", from_mix=False)
    animate(line)
    blocks = head.data.shape_keys.key_blocks
    blocks["mole"].value = 0.6  # set once, not animated
    blocks["scar"].value = 0.25
    blocks["scar"].keyframe_insert("value", frame=1)
    setattr(head.lipwright, joyful, 1.0)
    bpy.ops.lipwright.refresh_line()
    for frame in FRAMES:
        scene.frame_set(frame)
        assert blocks["scar"].value == pytest.approx(0.25)
        assert blocks["mole"].value == pytest.approx(0.6)


def test_another_lines_action_makes_the_emotion_stale(scene, head, line, animate, joyful, part, tmp_path):
    setattr(head.lipwright, joyful, 0.5)
    animate(line)
    key, refresh = head.data.shape_keys, part("refresh")
    first = key.animation_data.action
    second = tmp_path / "second.wav"
    second.write_bytes(line.read_bytes())
    animate(second)
    assert part("emotion_layer").layer_action(key).name == "second Emotion"
    assert not refresh.is_stale(scene, head)
    part("action_writer").assign_action(key, first, getattr(first, "slots", [None])[0])
    assert refresh.is_stale(scene, head)
    bpy.ops.lipwright.refresh_line()
    assert part("emotion_layer").layer_action(key).name == "Zoë says Emotion"
    assert not refresh.is_stale(scene, head)
    head.shape_key_add(name="scar", from_mix=False)
    key.key_blocks["scar"].keyframe_insert("value", frame=1)
    assert refresh.is_stale(scene, head)
    bpy.ops.lipwright.refresh_line()
    assert not refresh.is_stale(scene, head)


def test_an_open_strip_is_left_alone(scene, head, line, animate, joyful, part):
    setattr(head.lipwright, joyful, 0.5)
    animate(line)
    animation = head.data.shape_keys.animation_data
    part("emotion_layer").find_layer(head.data.shape_keys).strips[0].select = True
    animation.nla_tracks.active = part("emotion_layer").find_layer(head.data.shape_keys)
    try:
        animation.use_tweak_mode = True
    except (AttributeError, RuntimeError):
        pytest.skip("this Blender opens strips in its editor only")
    if not animation.use_tweak_mode:
        pytest.skip("this Blender opens strips in its editor only")
    assert not bpy.ops.lipwright.refresh_line.poll()
    setattr(head.lipwright, joyful, 0.9)
    with pytest.raises(RuntimeError, match="leave its Tweak Mode"):
        bpy.ops.lipwright.generate()
    animation.use_tweak_mode = False
    assert bpy.ops.lipwright.refresh_line() == {"FINISHED"}


def test_an_edited_emotion_is_kept_beside_the_new_one(scene, head, line, animate, joyful, part):
    animate(line)
    setattr(head.lipwright, joyful, 0.5)
    bpy.ops.lipwright.refresh_line()
    layer = part("emotion_layer")
    edited = layer.layer_action(head.data.shape_keys)
    curve = next(part("action_writer").iterate_fcurves(edited))
    curve.keyframe_points[5].co[1] = 0.4
    curve.update()
    setattr(head.lipwright, joyful, 0.9)
    bpy.ops.lipwright.refresh_line()
    assert layer.layer_action(head.data.shape_keys) != edited
    assert edited.use_fake_user
    assert curve.keyframe_points[5].co[1] == pytest.approx(0.4)
    assert len(layer.find_layer(head.data.shape_keys).strips) == 1


def test_selection_mode_and_active_object_stay(scene, head, line, animate, joyful):
    animate(line)
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.view_layer.objects.active
    head.select_set(state=True)
    setattr(head.lipwright, joyful, 0.5)
    bpy.ops.lipwright.refresh_line()
    assert bpy.context.view_layer.objects.active == cube
    assert set(bpy.context.view_layer.objects.selected) == {cube, head}
    assert bpy.context.mode == "OBJECT"


def key_slider(head, slider, *keys):
    for frame, value in keys:
        setattr(head.lipwright, slider, value)
        head.keyframe_insert(f"lipwright.{slider}", frame=frame)


def test_a_line_over_keyed_sliders_follows_them(scene, head, line, animate, joyful, shown, part):
    animate(line)
    speech = shown(head, (20, 50, 80))
    setattr(head.lipwright, joyful, 1.0)
    animate(line)
    full = shown(head, (20, 50, 80)) - speech
    key_slider(head, joyful, (30, 0.0), (70, 1.0))
    animate(line)
    keyed = shown(head, (20, 50, 80)) - speech
    assert np.abs(keyed[0]).max() < 1e-5
    np.testing.assert_allclose(keyed[2], full[2], atol=1e-5)
    assert 0.2 * np.abs(full[1]).max() < np.abs(keyed[1]).max() < 0.8 * np.abs(full[1]).max()


def test_a_saved_file_keeps_keys_and_face_and_answers_again(
    scene, head, line, animate, joyful, shown, part, tmp_path
):
    name = head.name
    animate(line)
    key_slider(head, joyful, (30, 0.0), (70, 1.0))
    animate(line)
    felt = shown(head, FRAMES)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    part("line_prediction").forget_models()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    head = bpy.data.objects[name]
    np.testing.assert_array_equal(shown(head, FRAMES), felt)
    bpy.context.scene.frame_set(50)
    assert getattr(head.lipwright, joyful) == pytest.approx(0.5, abs=0.01)
    before = key_values(head)
    setattr(head.lipwright, joyful, 1.0)
    assert np.abs(key_values(head) - before).max() > 0.01
    assert part("emotion_layer").layer_mark(head.data.shape_keys)
    assert not part("refresh").is_stale(bpy.context.scene, head)


def test_without_the_addon_the_line_still_plays(scene, head, line, animate, joyful, shown, tmp_path):
    import addon_utils  # noqa: PLC0415 - comes with bpy

    name, package = head.name, "bl_ext.user_default.lipwright"
    key_slider(head, joyful, (30, 0.0), (70, 1.0))
    animate(line)
    felt = shown(head, FRAMES)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    addon_utils.disable(package)
    try:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
        np.testing.assert_array_equal(shown(bpy.data.objects[name], FRAMES), felt)
        assert not hasattr(bpy.types.Object, "lipwright")
    finally:
        addon_utils.enable(package, default_set=True)
    bpy.context.scene.frame_set(70)
    assert getattr(bpy.data.objects[name].lipwright, joyful) == pytest.approx(1.0)


def test_one_undo_takes_a_slider_and_its_face_back(scene, head, line, joyful):
    name = head.name
    scene.lipwright.audio_path = str(line)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.lipwright.generate("EXEC_DEFAULT", True)
    bpy.context.scene.frame_set(55)
    bpy.ops.ed.undo_push(message="line")
    calm = key_values(bpy.data.objects[name])
    setattr(bpy.data.objects[name].lipwright, joyful, 1.0)
    bpy.ops.ed.undo_push(message="slider")
    assert np.abs(key_values(bpy.data.objects[name]) - calm).max() > 0.01
    bpy.ops.ed.undo()
    head = bpy.data.objects[name]
    assert getattr(head.lipwright, joyful) == 0.0
    np.testing.assert_allclose(key_values(head), calm, atol=1e-6)


def test_exact_answers_too(scene, face, line, animate, joyful, part):
    animate(line, mode="EXACT")
    scene.frame_set(55)
    still = mesh_of(part, face)
    setattr(face.lipwright, joyful, 1.0)
    dragged = mesh_of(part, face)
    assert np.abs(dragged - still).max() > 1e-4
    bpy.ops.lipwright.refresh_line()
    scene.frame_set(54)
    scene.frame_set(55)
    np.testing.assert_allclose(mesh_of(part, face), dragged, atol=1e-5)


def test_the_latents_axes_and_learned_points_move_the_face(scene, head, line, animate, joyful, shown, part):
    animate(line)
    speech = shown(head, FRAMES)
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    assert scene.lipwright.learned_points == len(model.emotion_database)
    scene.frame_set(60)
    head.lipwright.learned_point = 7
    axes = np.array(part("emotion_sliders").latent(head))
    np.testing.assert_allclose(axes[: model.emotion_size], model.emotion_database[6], atol=1e-6)
    dragged = key_values(head)
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_allclose(shown(head, (60,))[0], dragged, atol=1e-5)
    motion = part("inference.pipeline").animate_line(model, line, 25, model.emotion_database[6])
    columns = [head.data.shape_keys.key_blocks.find(name) for name in motion.weight_names]
    np.testing.assert_allclose(shown(head, (60,))[0, columns], motion.weights[59], atol=1e-5)
    head.lipwright.latent_03 = 1.0
    head.lipwright.keyframe_insert("latent_03", frame=40)
    head.lipwright.learned_point = 0
    head.lipwright.keyframe_insert("latent_03", frame=55)
    bpy.ops.lipwright.refresh_line()
    keyed = shown(head, FRAMES) - speech
    assert np.abs(keyed[FRAMES.index(40)]).max() > 1e-3
    assert np.abs(keyed[FRAMES.index(70)]).max() < 1e-5
    assert bpy.ops.lipwright.reset_emotions.poll() is False or bpy.ops.lipwright.reset_emotions()
    head.lipwright.learned_point = 4096  # beyond the last: the last
    last = model.emotion_database[-1]
    assert part("emotion_sliders").latent(head)[: model.emotion_size] == pytest.approx(
        last.tolist(), abs=1e-6
    )


def test_two_faces_feel_apart(scene, head, line, animate, joyful):
    animate(line)
    bpy.ops.lipwright.add_sample_head()
    other = bpy.context.view_layer.objects.active
    animate(line)
    scene.frame_set(55)
    before = key_values(head)
    setattr(other.lipwright, joyful, 1.0)
    np.testing.assert_array_equal(key_values(head), before)
    assert np.abs(key_values(other) - before).max() > 0.01


def test_a_line_of_one_frame_shows_its_emotion(scene, head, animate, joyful, shown, write_wav, tmp_path):
    path = write_wav(tmp_path / "short.wav", np.zeros(400))
    animate(path)
    calm = shown(head, (1, 2))
    setattr(head.lipwright, joyful, 1.0)
    dragged = key_values(head)
    bpy.ops.lipwright.refresh_line()
    felt = shown(head, (1, 2, 40))
    np.testing.assert_allclose(felt[1:], [dragged] * 2, atol=1e-5)
    assert np.abs(felt[:2] - calm).max() > 0.01


@pytest.mark.parametrize("frame", [-30, 1, 100, 180])
def test_before_and_after_the_line_the_slider_shows_what_will_be_keyed(
    scene, head, line, animate, joyful, shown, frame
):
    animate(line)
    scene.frame_set(frame)
    setattr(head.lipwright, joyful, 1.0)
    dragged = key_values(head)
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_allclose(shown(head, (50, frame))[1], dragged, atol=1e-5)


@pytest.mark.parametrize("gone", ["sound", "model"])
def test_what_is_gone_is_said_and_the_line_stays(scene, head, line, animate, joyful, part, tmp_path, gone):
    copy = tmp_path / "copy.lipmodel"
    copy.write_bytes(part("inference.bundled").default_model_path().read_bytes())
    animate(line, model_source="FILE", model_path=str(copy))
    scene.frame_set(55)
    before = key_values(head)
    (line if gone == "sound" else copy).unlink()
    setattr(head.lipwright, joyful, 1.0)
    np.testing.assert_array_equal(key_values(head), before)
    problem = part("face_problems").problem(head)
    assert f"the {gone} " in problem
    assert "is gone" in problem
    with pytest.raises(RuntimeError, match="is gone") as refused:
        bpy.ops.lipwright.refresh_line()
    assert "Traceback" not in str(refused.value)


def test_a_damaged_note_is_no_line(scene, head, line, animate, joyful, part):
    animate(line)
    action = head.data.shape_keys.animation_data.action
    for damaged in ("", "[]", "{}", '{"audio": 1, "frame_rate": [1, 0]}', 7, "[" * 100_000):
        action["lipwright_record"] = damaged
        assert part("line_record").face_record(head) is None
        setattr(head.lipwright, joyful, 1.0 - getattr(head.lipwright, joyful))
    assert not bpy.ops.lipwright.refresh_line.poll()


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["joy", "Careful Speech", "style 1"], ["emotion_joy", "emotion_careful_speech", "emotion_style_1"]),
        (["style 1", "style_1", "style-1"], None),
        (["喜び", "怒り", "x" * 150, "x" * 149], None),
    ],
)
def test_every_name_has_a_slider_of_its_own(part, names, ids):
    sliders = part("emotion_sliders")
    found = [sliders.slider_id(name) for name in names]
    assert len(set(found)) == len(names)
    assert all(len(identifier) <= 63 and identifier.isascii() for identifier in found)
    assert ids is None or found == ids


@pytest.mark.parametrize("text", ["", "{", "7", '{"a": 1}', "[1, null]", "[" * 100_000])
def test_damaged_names_in_a_file_are_no_names(part, text):
    assert part("emotion_sliders").stored_names(text) == ()
