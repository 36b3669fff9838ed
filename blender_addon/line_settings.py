"""The emotion settings that a generated line was shown with, noted on its Action, to copy them elsewhere."""

import json

import bpy

from .emotion_settings import EmotionSettings, apply_settings, face_settings, parse_settings
from .inference.errors import LipwrightError
from .line_note import NOTE_PROPERTY, noted_emotions
from .line_record import face_record, read_record

SETTINGS_PROPERTY = "lipwright_settings"


def note_settings(obj: bpy.types.Object, action: bpy.types.Action) -> None:
    """Note what a face feels on the Action of the line that it speaks."""
    record = read_record(action)
    if record is not None:
        settings = face_settings(obj, noted_emotions(action), record.origin, record.frame_rate)
        action[SETTINGS_PROPERTY] = json.dumps(settings.as_json())


def noted_lines() -> list[bpy.types.Action]:
    """Actions of generated lines whose emotions can be copied."""
    return [action for action in bpy.data.actions if NOTE_PROPERTY in action and SETTINGS_PROPERTY in action]


def noted_settings(action: bpy.types.Action) -> EmotionSettings:
    """What a line was shown with.

    Raises:
        LipwrightError: its note is damaged.
    """
    text = action.get(SETTINGS_PROPERTY)
    try:
        return parse_settings(json.loads(text) if isinstance(text, str) else None)
    except (ValueError, TypeError, RecursionError):
        raise LipwrightError(f"'{action.name}' does not say its emotions: generate that line again") from None


def copy_to_face(
    scene: bpy.types.Scene, obj: bpy.types.Object, settings: EmotionSettings, names: tuple[str, ...]
) -> list[str]:
    """Give a face the settings, keys counted from its own line's start; returns emotions unknown here."""
    from .generate import scene_frame_rate  # noqa: PLC0415 - imports this module

    record = face_record(obj)
    origin = record.origin if record is not None else float(scene.frame_start)
    rate = record.frame_rate if record is not None else scene_frame_rate(scene)
    return apply_settings(obj, settings, names, origin, rate)
