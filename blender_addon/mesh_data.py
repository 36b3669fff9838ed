"""Meshes and shape keys to and from NumPy."""

from collections.abc import Iterable, Sequence

import bpy
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

SHAPE_KEY_LIMIT = 10.0
"""Blender's own hard limit for a shape key's slider, either way."""


def create_mesh(name: str, vertices: FloatArray, faces: NDArray[np.int32]) -> bpy.types.Mesh:
    """Make a mesh of quads or triangles.

    Args:
        name: name of the mesh datablock.
        vertices: positions [V, 3] in metres.
        faces: vertex numbers [F, n], n corners a face.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    return mesh


def set_face_uvs(mesh: bpy.types.Mesh, face_uvs: FloatArray, name: str = "UVMap") -> None:
    """Add a UV map from the corners' coordinates [F, n, 2]."""
    layer = mesh.uv_layers.new(name=name)
    layer.data.foreach_set("uv", np.ascontiguousarray(face_uvs, np.float32).ravel())


def set_vertex_groups(obj: bpy.types.Object, names: Sequence[str], weights: FloatArray) -> None:
    """Add vertex groups from weights [G, V] in 0..1; vertices of weight 0 stay out of a group."""
    for name, group_weights in zip(names, weights, strict=True):
        group = obj.vertex_groups.new(name=name)
        for weight in np.unique(group_weights[group_weights > 0]):
            group.add(np.flatnonzero(group_weights == weight).tolist(), float(weight), "REPLACE")


def basis_positions(obj: bpy.types.Object) -> FloatArray:
    """Rest positions [V, 3] of a mesh: its reference shape key's, or the mesh's own."""
    mesh = obj.data
    points = mesh.shape_keys.reference_key.data if mesh.shape_keys else mesh.vertices
    positions = np.empty(len(points) * 3, np.float32)
    points.foreach_get("co", positions)
    return positions.reshape(-1, 3)


def ensure_basis(obj: bpy.types.Object) -> None:
    """Give a mesh without shape keys its reference key."""
    if obj.data.shape_keys is None:
        obj.shape_key_add(name="Basis", from_mix=False)


def add_shape_key(obj: bpy.types.Object, name: str, positions: FloatArray) -> bpy.types.ShapeKey:
    """Add one shape key with absolute positions [V, 3] and value 0."""
    key_block = obj.shape_key_add(name=name, from_mix=False)
    key_block.data.foreach_set("co", np.ascontiguousarray(positions, np.float32).ravel())
    key_block.value = 0.0
    return key_block


def add_shape_keys(obj: bpy.types.Object, names: Iterable[str], deltas: FloatArray) -> None:
    """Add shape keys from offsets [K, V, 3] to the rest positions."""
    ensure_basis(obj)
    basis = basis_positions(obj)
    for name, delta in zip(names, deltas, strict=True):
        add_shape_key(obj, name, basis + delta)


def shape_key_names(obj: bpy.types.Object) -> tuple[str, ...]:
    """Names of a mesh's shape keys without the reference key; empty where it has none."""
    key = obj.data.shape_keys if obj.type == "MESH" else None
    if key is None:
        return ()
    reference = key.reference_key.name
    return tuple(block.name for block in key.key_blocks if block.name != reference)


def evaluated_positions(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> FloatArray:
    """Positions [V', 3] of a mesh as it is shown, after shape keys and modifiers, in its own space."""
    vertices = obj.evaluated_get(depsgraph).data.vertices
    positions = np.empty(len(vertices) * 3, np.float32)
    vertices.foreach_get("co", positions)
    return positions.reshape(-1, 3)
