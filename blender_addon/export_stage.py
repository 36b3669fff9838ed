"""A scene of its own for Blender's exporters: the face and its family alone, with one plain Action.

The exporters differ in what they make of NLA tracks, drivers, several scenes and hidden objects. They all do
the same with this scene, in which every shape key is keyed at every frame. The file is left as it was found.
"""

import contextlib
from collections.abc import Iterator

import bpy
import numpy as np

from .action_writer import ShapeKeyCurve, plain_action
from .export_samples import LineClip, family, own_blocks, shown_scene


def _set(undo: contextlib.ExitStack, owner: bpy.types.bpy_struct, attribute: str, value: object) -> None:
    """Set a property until the stage is struck."""
    undo.callback(setattr, owner, attribute, getattr(owner, attribute))
    setattr(owner, attribute, value)


def _lend_name(undo: contextlib.ExitStack, holder: bpy.types.ID) -> str:
    """Free a datablock's name for its stand-in, which must be made after this, as it must be gone before."""
    name = holder.name
    undo.callback(setattr, holder, "name", name)
    holder.name = "Lipwright lent its name"
    return name


def _curves(names: list[str], clip: LineClip, mesh: str) -> list[ShapeKeyCurve]:
    """Every frame's key, and before them the face at rest, which exporters take for how it is by itself."""
    frames = np.arange(clip.first - 1, clip.last + 1, dtype=np.float32)
    columns = np.concatenate([np.zeros((1, len(names)), np.float32), clip.values[mesh]]).T
    return [ShapeKeyCurve(name, "Face", frames, column) for name, column in zip(names, columns, strict=True)]


def _stand_in(undo: contextlib.ExitStack, obj: bpy.types.Object, clip: LineClip) -> None:
    """Give an object a copy of its mesh, whose shape keys play the clip and nothing else."""
    own, index = obj.data, obj.active_shape_key_index
    name = _lend_name(undo, own)
    copy = own.copy()
    undo.callback(bpy.data.meshes.remove, copy)
    copy.name = name
    undo.callback(setattr, obj, "active_shape_key_index", index)
    _set(undo, obj, "data", copy)
    _set(undo, obj, "show_only_shape_key", value=False)
    key = copy.shape_keys
    key.animation_data_clear()
    for block in own_blocks(obj):
        block.mute = False
        block.value = 0.0
    action = plain_action(key, clip.name, _curves(clip.shapes[obj.name], clip, obj.name))
    undo.callback(bpy.data.actions.remove, action)


def _new_scene(undo: contextlib.ExitStack, scene: bpy.types.Scene, name: str) -> bpy.types.Scene:
    """An empty scene of the given name, with another's frame rate and units."""
    if name in bpy.data.scenes:
        _lend_name(undo, bpy.data.scenes[name])
    stage = bpy.data.scenes.new(name)
    undo.callback(bpy.data.scenes.remove, stage)
    for attribute in ("fps", "fps_base"):
        setattr(stage.render, attribute, getattr(scene.render, attribute))
    for attribute in ("system", "scale_length", "length_unit"):
        setattr(stage.unit_settings, attribute, getattr(scene.unit_settings, attribute))
    return stage


@contextlib.contextmanager
def stage_clip(scene: bpy.types.Scene, face: bpy.types.Object, clip: LineClip) -> Iterator[bpy.types.Scene]:
    """Show a scene called as the clip, with the face and its family alone; all is undone in the end.

    Args:
        scene: gives frame rate and units.
        face: the face.
        clip: what its shape keys, and those of its family, do.
    """
    objects = family(face)
    with contextlib.ExitStack() as undo:
        stage = _new_scene(undo, scene, clip.name)
        _set(undo, face, "hide_viewport", value=False)
        for obj in objects:
            if obj.name in clip.shapes:
                _stand_in(undo, obj, clip)
            stage.collection.objects.link(obj)
        stage.frame_end = clip.last
        stage.frame_start = clip.first
        undo.enter_context(shown_scene(stage))
        stage.frame_set(clip.first - 1)
        yield stage
