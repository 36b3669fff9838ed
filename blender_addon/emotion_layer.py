"""The emotion apart from the speech: an NLA track under the line's Action, which is added to it.

The line's Action holds the neutral line and can be edited as ever. The track holds what the emotion adds, so
that muting it leaves the speech. A face without emotion has no such track.
"""

from typing import Any

import bpy

from .action_writer import LINE_PROPERTY, ShapeKeyCurve, is_untouched, keyed_shapes, write_track_action
from .inference.errors import LipwrightError

TRACK_NAME = "Lipwright Emotion"
EMOTION_PROPERTY = "lipwright_emotion"
"""On an Action of such a track: the mark of the emotion that it holds."""
UNFIT = "unfit"
"""No emotion's mark, so that the layer is written anew."""


def _is_layer(track: bpy.types.NlaTrack) -> bool:
    return any(strip.action is not None and EMOTION_PROPERTY in strip.action for strip in track.strips)


def find_layer(key: bpy.types.Key | None) -> Any | None:  # noqa: ANN401 - Blender has no types to check None against
    """The emotion's NLA track on a face's shape keys, or None."""
    animation = key.animation_data if key is not None else None
    if animation is None:
        return None
    return next((track for track in animation.nla_tracks if _is_layer(track)), None)


def layer_action(key: bpy.types.Key | None) -> Any | None:  # noqa: ANN401 - see `find_layer`
    """The Action on that track, or None."""
    track = find_layer(key)
    return track.strips[0].action if track is not None else None


def _fits(key: bpy.types.Key, layer: bpy.types.Action) -> bool:
    """Whether a layer belongs to the line that the face speaks, and lies under each of its curves.

    It does not once the animator has chosen another line's Action, or has keyed a shape key more.
    """
    action = key.animation_data.action
    if action is None or layer.get(LINE_PROPERTY) != _line_of_layer(str(action.get(LINE_PROPERTY))):
        return False
    return set(keyed_shapes(key, action)) <= set(keyed_shapes(key, layer))


def _line_of_layer(line: str) -> str:
    return f"{line}|emotion"


def layer_mark(key: bpy.types.Key | None) -> str:
    """The mark of the emotion that a face's line shows; empty for neutral, `UNFIT` for another line's."""
    layer = layer_action(key)
    if key is None or layer is None:
        return ""
    return str(layer[EMOTION_PROPERTY]) if _fits(key, layer) else UNFIT


def is_muted(key: bpy.types.Key | None) -> bool:
    """Whether the animator has muted the emotion."""
    track = find_layer(key)
    return track is not None and (track.mute or all(strip.mute for strip in track.strips))


def check_free(key: bpy.types.Key | None) -> None:
    """Check that the NLA is not being edited, while which Blender lets no one change its tracks.

    Raises:
        LipwrightError: a strip is open.
    """
    animation = key.animation_data if key is not None else None
    if animation is not None and animation.use_tweak_mode:
        raise LipwrightError(
            "a strip of this face is open in the NLA editor: leave its Tweak Mode (Tab) first"
        )


def write_layer(key: bpy.types.Key, name: str, line: str, curves: list[ShapeKeyCurve], mark: str) -> None:
    """Show an emotion over the line; a track Action that the animator has edited is kept beside the new one.

    Args:
        key: the face's shape keys, with the line's Action.
        name: name of a new Action.
        line: the line's mark, see `action_writer.write_line_action`.
        curves: what the emotion adds.
        mark: of the emotion.
    """
    animation = key.animation_data
    track = find_layer(key)
    if track is None:
        track = animation.nla_tracks.new()
        track.name = TRACK_NAME
    action = write_track_action(track, key, f"{name} Emotion", _line_of_layer(line), curves)
    action[EMOTION_PROPERTY] = mark
    animation.action_blend_type = "ADD"


def remove_layer(key: bpy.types.Key) -> None:
    """Leave the neutral line alone; a track Action that nobody edited goes, an edited one is kept."""
    animation = key.animation_data
    track = find_layer(key)
    if track is None:
        return
    action = layer_action(key)
    animation.nla_tracks.remove(track)
    animation.action_blend_type = "REPLACE"
    if is_untouched(action):
        bpy.data.actions.remove(action)
