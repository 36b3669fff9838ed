# ruff: noqa: ARG001, FBT003 - fixtures are asked for by name; Blender takes undo by place
"""The sample head as an animator finds it in the scene."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def test_it_is_selected_and_complete(head, part):
    reference = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    mesh = head.data
    assert head.select_get()
    assert len(mesh.vertices) == len(reference.vertices)
    assert [block.name for block in mesh.shape_keys.key_blocks][1:] == list(reference.shape_names)
    assert len(mesh.uv_layers) == 1
    assert [group.name for group in head.vertex_groups] == list(reference.group_names)
    assert len(mesh.materials) == len(reference.material_names)
    assert head["lipwright_head_id"] == reference.head_id
    assert not mesh.validate()


def test_it_is_smooth_with_a_face_for_each_material(head, part):
    reference = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    smooth = np.empty(len(head.data.polygons), dtype=bool)
    head.data.polygons.foreach_get("use_smooth", smooth)
    index = np.empty(len(head.data.polygons), dtype=np.int32)
    head.data.polygons.foreach_get("material_index", index)
    assert smooth.all()
    assert np.array_equal(index, reference.material_index)


def test_the_bundled_model_was_trained_on_the_bundled_head(installed, part):
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    head = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    assert model.manifest.head_hash == head.hash


def test_a_shape_key_moves_the_mesh_as_the_head_says(scene, head, part):
    reference = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    head.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    shown = part("mesh_data").evaluated_positions(head, bpy.context.evaluated_depsgraph_get())
    jaw = reference.shape_deltas[list(reference.shape_names).index("jawOpen")]
    assert np.abs(shown - reference.vertices - jaw).max() < 1e-6


def test_every_material_has_a_shader_with_its_colour(head, part):
    reference = part("inference.head_mesh").load_head(part("inference.bundled").default_head_path())
    for material, color in zip(head.data.materials, reference.material_colors, strict=True):
        assert any(node.type == "BSDF_PRINCIPLED" for node in material.node_tree.nodes)
        assert np.allclose(material.diffuse_color, color, atol=1e-6)


def test_it_stands_at_the_cursor_and_one_undo_removes_it(scene):
    scene.cursor.location = (1, 2, 3)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.lipwright.add_sample_head("EXEC_DEFAULT", True)
    head = bpy.context.view_layer.objects.active
    assert tuple(head.location) == (1, 2, 3)
    bpy.ops.ed.undo()
    assert "Lipwright Head" not in bpy.data.objects


def test_it_cannot_be_added_in_edit_mode(head):
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Object Mode"):
        bpy.ops.lipwright.add_sample_head()
    bpy.ops.object.mode_set(mode="OBJECT")
