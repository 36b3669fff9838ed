"""The portrait studio: camera, lights and render settings for one head. Runs inside a bpy environment."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Framing:
    """How a head is looked at.

    Attributes:
        azimuth: degrees round the head; 0 is the front, positive turns towards the character's left.
        elevation: degrees above the horizontal.
        height: metres of the scene that the picture's height shows at the head.
        aim: metres, added to the head's centre: what the camera looks at.
    """

    azimuth: float = 14.0
    elevation: float = 2.0
    height: float = 0.25
    aim: tuple[float, float, float] = (0.0, 0.0, -0.028)


def head_centre(head: bpy.types.Object) -> Vector:
    """The middle between chin and crown, in the world; the neck would pull a bounding box's centre down."""
    corners = [head.matrix_world @ Vector(corner) for corner in head.bound_box]
    top = max(corner.z for corner in corners)
    middle = sum(corners, Vector()) / len(corners)
    return Vector((middle.x, middle.y, top - 0.13))


def _aim(thing: bpy.types.Object, target: Vector) -> None:
    thing.rotation_euler = (target - thing.location).to_track_quat("-Z", "Y").to_euler()


def _around(centre: Vector, azimuth: float, elevation: float, distance: float) -> Vector:
    turn, lift = math.radians(azimuth), math.radians(elevation)
    level = math.cos(lift) * distance
    return centre + Vector((math.sin(turn) * level, -math.cos(turn) * level, math.sin(lift) * distance))


def add_camera(head: bpy.types.Object, framing: Framing | None = None) -> bpy.types.Object:
    """Add a portrait camera (85 mm on full frame, so noses keep their size) and make it the scene's."""
    framing = framing or Framing()
    lens = bpy.data.cameras.new("Portrait")
    lens.lens, lens.sensor_height, lens.sensor_fit = 85.0, 24.0, "VERTICAL"
    camera = bpy.data.objects.new("Portrait", lens)
    target = head_centre(head) + Vector(framing.aim)
    distance = framing.height * lens.lens / lens.sensor_height
    camera.location = _around(target, framing.azimuth, framing.elevation, distance)
    _aim(camera, target)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    return camera


def _add_light(
    name: str, centre: Vector, place: tuple[float, float, float], watts: float, size: float
) -> None:
    lamp = bpy.data.lights.new(name, "AREA")
    lamp.energy, lamp.size = watts, size
    light = bpy.data.objects.new(name, lamp)
    light.location = _around(centre, *place)
    _aim(light, centre)
    bpy.context.scene.collection.objects.link(light)


def add_lights(head: bpy.types.Object) -> None:
    """Three soft lights and a dim room: the mouth's inside stays dark, the lips keep their edge."""
    centre = head_centre(head)
    _add_light("Key", centre, (-38.0, 32.0, 1.1), 16.0, 0.55)
    _add_light("Fill", centre, (40.0, -4.0, 1.3), 8.0, 0.9)
    _add_light("Rim", centre, (155.0, 35.0, 1.2), 14.0, 0.4)
    world = bpy.context.scene.world or bpy.data.worlds.new("Studio")
    bpy.context.scene.world = world
    world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.045, 0.05, 0.06, 1.0)
    background.inputs["Strength"].default_value = 1.0


def set_render(width: int, height: int, samples: int) -> None:
    """Cycles on the processor with denoising: it needs no graphics card and no display."""
    scene = bpy.context.scene
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.use_persistent_data = True  # keeps the scene between frames: a short line renders in half the time
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_denoising = "CPU", samples, True
    if hasattr(cycles, "denoising_quality"):  # since 4.3; twice as fast, no worse to see at this size
        cycles.denoising_quality = "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.transmission_bounces = 2, 1, 0
    cycles.use_adaptive_sampling = True
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


def set_quick_render() -> None:
    """Workbench, the solid viewport's engine: a tenth of the time, and needs OpenGL (software will do)."""
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    shading = scene.display.shading
    shading.light, shading.color_type, shading.show_cavity = "STUDIO", "MATERIAL", True


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Blender's notes of saved files off the terminal; they come from C, so the descriptor goes."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def render_frame(path: Path, frame: int) -> None:
    """Render one frame of the scene to a PNG file."""
    scene = bpy.context.scene
    scene.frame_set(frame)
    images = scene.render.image_settings
    if hasattr(images, "media_type"):  # 5.0 splits stills from video
        images.media_type = "IMAGE"
    images.file_format, images.color_mode = "PNG", "RGB"
    scene.render.filepath = str(path)
    scene.render.use_sequencer = False
    with _quiet():
        bpy.ops.render.render(write_still=True)
