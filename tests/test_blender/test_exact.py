# ruff: noqa: ARG001, FBT003 - fixtures are asked for by name; Blender takes undo by place
"""Exact: the model's own basis as shape keys, without the solve."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def test_the_shown_mesh_is_the_prediction(scene, face, line, animate, part):
    assert animate(line, mode="EXACT") == {"FINISHED"}
    model = part("inference.model_bundle").load_bundle(part("inference.bundled").default_model_path())
    motion = part("inference.pipeline").animate_line(model, line, 25)
    rest = part("mesh_data").basis_positions(face)
    for frame in (0, 33, 48, 61):
        scene.frame_set(frame + 1)
        shown = part("mesh_data").evaluated_positions(face, bpy.context.evaluated_depsgraph_get())
        assert np.abs(shown - rest - motion.vertex_offsets(frame, frame + 1)[0]).max() <= 1e-5


def test_a_head_that_the_model_does_not_know_gets_a_warning(scene, face, line, part):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    outcomes = {}
    for known in (model.manifest.head_hash, "another"):
        face["lipwright_head_hash"] = known
        result = part("generate").generate(scene, face, line, exact=True)
        outcomes[known] = any("another version of the head" in warning for warning in result.warnings)
    assert outcomes == {model.manifest.head_hash: False, "another": True}


def test_arkit_and_exact_do_not_add_up(scene, face, line, animate, curves):
    animate(line, mode="EXACT")
    exact = face.data.shape_keys.animation_data.action
    animate(line, mode="ARKIT")
    arkit = face.data.shape_keys.animation_data.action
    assert (exact.name, arkit.name) == ("Zoë says Exact", "Zoë says")
    frames, jaw = curves(arkit)["jawOpen"]
    widest = int(frames[np.argmax(jaw)])
    scene.frame_set(widest)
    blocks = face.data.shape_keys.key_blocks
    assert all(block.value == 0 for block in blocks if block.name.startswith("LW_"))
    assert blocks["jawOpen"].value > 0
    animate(line, mode="EXACT")
    scene.frame_set(widest)
    assert all(block.value == 0 for block in blocks if block.name[0].islower())


def test_one_undo_removes_the_added_shape_keys(scene, face, line):
    name = face.name
    scene.lipwright.audio_path, scene.lipwright.mode = str(line), "EXACT"
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.lipwright.generate("EXEC_DEFAULT", True)
    assert "LW_000" in bpy.data.objects[name].data.shape_keys.key_blocks
    bpy.ops.ed.undo()
    assert "LW_000" not in bpy.data.objects[name].data.shape_keys.key_blocks


def test_another_topology_is_refused(scene, line, animate):
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.view_layer.objects.active
    with pytest.raises(RuntimeError, match="has 8 vertices"):
        animate(line, mode="EXACT")
    assert cube.data.shape_keys is None


def test_another_models_exact_keys_are_left_alone(face, line, animate):
    animate(line, mode="EXACT")
    face.data.shape_keys["lipwright_model"] = "another"
    with pytest.raises(RuntimeError, match="another model"):
        animate(line)
