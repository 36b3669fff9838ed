"""The note that a generated Action carries of its line, as text: small, as each opened file is asked."""

import json
from typing import Any

import bpy

from .emotion_sliders import checked_names

NOTE_PROPERTY = "lipwright_record"


def note(action: bpy.types.Action | None) -> dict[str, Any]:
    """What an Action's note holds, unchecked; empty where there is none or it is damaged."""
    text = action.get(NOTE_PROPERTY) if action is not None else None
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def noted_emotions(action: bpy.types.Action) -> tuple[str, ...]:
    """The emotions of the model that a line was generated with."""
    return checked_names(note(action).get("emotions"))
