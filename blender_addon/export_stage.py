"""A scene of its own for Blender's exporters: the face and its family alone, with plain Actions.

The exporters differ in what they make of NLA tracks, drivers, several scenes and hidden objects. They all do
the same with this scene, in which every shape key is keyed at every frame. The file is left as it was found.
"""

import contextlib
from collections.abc import Iterator, Sequence

import bpy
import numpy as np

from .action_writer import ShapeKeyCurve, add_track, plain_action
from .export_samples import LineClip, family, own_blocks, shown_scene

_GROUP = "Face"


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


def _stand_in(
    undo: contextlib.ExitStack, obj: bpy.types.Object, objects: Sequence[bpy.types.Object]
) -> bpy.types.Key:
    """Give an object, and those that share its mesh, a copy whose shape keys nothing moves; returns these."""
    own = obj.data
    name = _lend_name(undo, own)
    copy = own.copy()
    undo.callback(bpy.data.meshes.remove, copy)
    copy.name = name
    for sharer in [other for other in objects if other.data == own]:
        undo.callback(setattr, sharer, "active_shape_key_index", sharer.active_shape_key_index)
        _set(undo, sharer, "data", copy)
        _set(undo, sharer, "show_only_shape_key", value=False)
    copy.shape_keys.animation_data_clear()
    for block in own_blocks(obj):
        block.mute = False
        block.value = 0.0
    return copy.shape_keys


def _curves(clip: LineClip, mesh: str, first: int) -> list[ShapeKeyCurve]:
    values = clip.values[mesh]
    frames = np.arange(first, first + len(values), dtype=np.float32)
    names = clip.shapes[mesh]
    return [ShapeKeyCurve(name, _GROUP, frames, values[:, column]) for column, name in enumerate(names)]


def _play(undo: contextlib.ExitStack, key: bpy.types.Key, clip: LineClip, mesh: str) -> None:
    """Let shape keys play a clip; before it they rest, which exporters take for how the face is by itself."""
    rest = np.zeros((1, len(clip.shapes[mesh])), np.float32)
    rested = LineClip(
        clip.name, clip.first - 1, clip.shapes, {mesh: np.concatenate([rest, clip.values[mesh]])}
    )
    action = plain_action(key, clip.name, _curves(rested, mesh, rested.first))
    undo.callback(bpy.data.actions.remove, action)


def _play_tracks(
    undo: contextlib.ExitStack, key: bpy.types.Key, clips: Sequence[LineClip], mesh: str
) -> None:
    """Give shape keys an NLA track for each clip, all from frame 1; at frame 0 an Action lets them rest.

    Without that Action Blender 5.0 shows 1 there, its default for a shape key's value.
    """
    rest = {mesh: np.zeros((2, len(clips[0].shapes[mesh])), np.float32)}
    action = plain_action(key, "Rest", _curves(LineClip("", -1, clips[0].shapes, rest), mesh, -1))
    undo.callback(bpy.data.actions.remove, action)
    key.animation_data.action_extrapolation = "NOTHING"
    for clip in clips:
        action = add_track(key, clip.name, _curves(clip, mesh, 1))
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
def stage_clips(
    scene: bpy.types.Scene, face: bpy.types.Object, name: str, clips: Sequence[LineClip]
) -> Iterator[bpy.types.Scene]:
    """Show a scene with the face and its family alone; all is undone in the end.

    Args:
        scene: gives frame rate and units.
        face: the face.
        name: of the scene.
        clips: what the shape keys do. One is their Action, at its own frames; several are NLA tracks, each
            from frame 1.
    """
    with contextlib.ExitStack() as undo:
        stage = _new_scene(undo, scene, name)
        _set(undo, face, "hide_viewport", value=False)
        objects = family(face)
        for obj in objects:
            if obj.name in clips[0].shapes:
                key = _stand_in(undo, obj, objects)
                if len(clips) == 1:
                    _play(undo, key, clips[0], obj.name)
                else:
                    _play_tracks(undo, key, clips, obj.name)
            stage.collection.objects.link(obj)
        first = clips[0].first if len(clips) == 1 else 1
        stage.frame_end = first + max(clip.last - clip.first for clip in clips)
        stage.frame_start = first
        undo.enter_context(shown_scene(stage))
        stage.frame_set(first - 1)
        yield stage
