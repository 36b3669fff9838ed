"""What a face shows over a line, as plain numbers: the values of all shape keys, frame by frame.

Every layer that moves them is in these numbers: the line's Action, the emotion's NLA track, drivers.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from .inference.errors import LipwrightError
from .line_record import face_action


@dataclass(frozen=True)
class LineClip:
    """One line, ready to be written.

    Attributes:
        name: what the clip is called in the file.
        first: scene frame of the first sample.
        shapes: by the name of a mesh object, its shape keys' names, without the Basis.
        values: by the name of a mesh object, shape key values [T, shapes], one row a frame.
    """

    name: str
    first: int
    shapes: dict[str, list[str]]
    values: dict[str, NDArray[np.float32]]

    @property
    def last(self) -> int:
        """Scene frame of the last sample."""
        return self.first + len(next(iter(self.values.values()))) - 1


def family(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The face and what belongs to it, the face first.

    That is everything parented to it, its parents, the armatures that bend it, and what is parented to the
    same armature or empty, such as eyes and teeth. Only meshes, armatures and empties, and none that is
    disabled in viewports.
    """
    found = [face]
    armatures = [modifier.object for modifier in face.modifiers if modifier.type == "ARMATURE"]
    for start in (face, *filter(None, armatures)):
        found += [start, *_parents(start)]
    for root in (face, face.parent, *armatures):
        if root is not None and (root is face or root.type in {"ARMATURE", "EMPTY"}):
            found += root.children_recursive
    kinds = {"MESH", "ARMATURE", "EMPTY"}
    fitting = [obj for obj in found if obj is face or (obj.type in kinds and not obj.hide_viewport)]
    return list(dict.fromkeys(fitting))


def _parents(obj: bpy.types.Object) -> list[bpy.types.Object]:
    return [] if obj.parent is None else [obj.parent, *_parents(obj.parent)]


def shaped_meshes(objects: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """The meshes among objects that have shape keys of their own; of those that share a mesh, the first."""
    shaped = {
        obj.data: obj
        for obj in reversed(objects)
        if obj.type == "MESH" and obj.data.library is None and own_blocks(obj)
    }
    return [obj for obj in objects if shaped.get(obj.data) == obj]


def own_blocks(obj: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    """A mesh's shape keys without the Basis."""
    key = obj.data.shape_keys
    return [block for block in key.key_blocks if block != key.reference_key] if key is not None else []


@contextlib.contextmanager
def shown_scene(scene: bpy.types.Scene) -> Iterator[None]:
    """Make a scene the one on screen: only there Blender writes animated values where they can be read."""
    window = bpy.context.window or next(iter(bpy.context.window_manager.windows), None)
    if window is None:
        raise LipwrightError("Blender has no window, not even a hidden one: export from Blender itself")
    before = window.scene
    with bpy.context.temp_override(window=window):
        window.scene = scene
        window.view_layer.update()
        try:
            yield
        finally:
            window.scene = before
            window.view_layer.update()


def sample_line(scene: bpy.types.Scene, face: bpy.types.Object, name: str | None = None) -> LineClip:
    """What a face shows over the scene's frame range.

    Args:
        scene: the face's; its current frame is left as it was.
        face: a mesh with shape keys.
        name: of the clip; None for the name of the Action that the face plays.

    Raises:
        LipwrightError: the face plays nothing.
    """
    action = face_action(face)
    if action is None:
        raise LipwrightError(f"'{face.name}' speaks no line yet: press Generate Lip Animation")
    return sample_frames(scene, face, name or action.name, scene.frame_start, scene.frame_end)


def sample_frames(
    scene: bpy.types.Scene, face: bpy.types.Object, name: str, first: int, last: int
) -> LineClip:
    """What a face and its family show from one frame to another, both included."""
    meshes = shaped_meshes(family(face))
    if face not in meshes:
        raise LipwrightError(f"'{face.name}' has no shape keys: select a face that has them")
    blocks = {mesh.name: own_blocks(mesh) for mesh in meshes}
    values = {mesh: np.zeros((last - first + 1, len(own)), np.float32) for mesh, own in blocks.items()}
    frame, subframe = scene.frame_current, scene.frame_subframe
    with shown_scene(scene):
        for row in range(last - first + 1):
            scene.frame_set(first + row)
            for mesh, own in blocks.items():
                values[mesh][row] = [0.0 if block.mute else block.value for block in own]
        scene.frame_set(frame, subframe=subframe)
    return LineClip(
        name, first, {mesh: [block.name for block in own] for mesh, own in blocks.items()}, values
    )
