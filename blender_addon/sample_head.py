"""Lipwright's own head as a Blender object."""

from pathlib import Path

import bpy

from . import materials, mesh_data
from .inference.bundled import default_head_path
from .inference.head_mesh import HeadMesh, load_head

HEAD_ID_PROPERTY = "lipwright_head_id"
HEAD_HASH_PROPERTY = "lipwright_head_hash"


def create_head(head: HeadMesh, name: str = "Lipwright Head") -> bpy.types.Object:
    """Build the mesh with UVs, materials, vertex groups and 52 shape keys; link it to no collection yet."""
    mesh = mesh_data.create_mesh(name, head.vertices, head.faces)
    mesh_data.set_face_uvs(mesh, head.face_uvs)
    for material_name, color in zip(head.material_names, head.material_colors, strict=True):
        mesh.materials.append(materials.head_material(str(material_name), color))
    mesh.polygons.foreach_set("material_index", head.material_index)
    obj = bpy.data.objects.new(name, mesh)
    mesh_data.set_vertex_groups(obj, [str(group) for group in head.group_names], head.group_weights)
    mesh_data.add_shape_keys(obj, [str(shape) for shape in head.shape_names], head.shape_deltas)
    obj.show_only_shape_key = False
    obj.active_shape_key_index = 0
    obj[HEAD_ID_PROPERTY] = str(head.head_id)
    obj[HEAD_HASH_PROPERTY] = head.hash
    return obj


def add_sample_head(
    collection: bpy.types.Collection, path: Path | None = None, name: str = "Lipwright Head"
) -> bpy.types.Object:
    """Read the bundled head (or another file of its kind) and link it to a collection.

    Raises:
        LipwrightError: the file is missing or damaged.
    """
    obj = create_head(load_head(path or default_head_path()), name)
    collection.objects.link(obj)
    return obj
