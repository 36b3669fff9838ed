"""What the tests of exports share: small faces, frame rates."""

import math

import numpy as np

WEIGHED = [".glb", ".fbx", ".usdc"]
"""Formats that hold weights; Alembic holds vertices."""
NTSC = 30 / 1.001


def make_mesh(part, name, shapes, scene, vertices=12):
    """A mesh in the scene with the given shape keys, each moving every vertex another way."""
    random = np.random.default_rng(len(name))
    points = random.uniform(-0.1, 0.1, (vertices, 3)).astype(np.float32)
    faces = np.arange(vertices, dtype=np.int32).reshape(-1, 3)
    data = part("mesh_data")
    import bpy  # noqa: PLC0415 - absent outside Blender's environments

    obj = bpy.data.objects.new(name, data.create_mesh(name, points, faces))
    scene.collection.objects.link(obj)
    data.add_shape_keys(
        obj, shapes, random.uniform(-0.01, 0.01, (len(shapes), vertices, 3)).astype(np.float32)
    )
    return obj


def shape_names(obj):
    return [block.name for block in obj.data.shape_keys.key_blocks][1:]


def set_rate(scene, rate):
    scene.render.fps = math.ceil(rate)
    scene.render.fps_base = math.ceil(rate) / rate
