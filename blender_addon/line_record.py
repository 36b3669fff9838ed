"""What a generated Action remembers of its line, to refresh it when the file is opened again."""

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy

from .emotion_frames import constant_emotion
from .emotion_sliders import checked_names
from .inference.bundled import default_model_path
from .inference.errors import LipwrightError
from .line_note import NOTE_PROPERTY, note
from .line_prediction import LineRequest
from .preferences import thread_count

_MAX_FRAME = 10_000_000


def write_record(action: bpy.types.Action, request: LineRequest, emotion_names: Sequence[str]) -> None:
    """Note a line's request on its Action, with the names of its model's emotions.

    How much of them the line shows is not part of it: that lives on the face.
    """
    bundled = request.model_path == default_model_path()
    action[NOTE_PROPERTY] = json.dumps(
        {
            "audio": str(request.audio_path.resolve()),
            "model": "" if bundled else str(request.model_path.resolve()),
            "frame_rate": [request.frame_rate.numerator, request.frame_rate.denominator],
            "origin": request.origin,
            "first": request.first,
            "last": request.last,
            "exact": request.exact,
            "emotions": list(emotion_names),
        }
    )


def read_record(action: bpy.types.Action | None) -> LineRequest | None:
    """The request of an Action's line, with its emotions at 0; None where it is not ours or damaged."""
    try:
        return _request(note(action))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, ZeroDivisionError):
        return None


def _request(values: dict[str, Any]) -> LineRequest:
    rate = Fraction(int(values["frame_rate"][0]), int(values["frame_rate"][1]))
    origin = float(values["origin"])
    if not 0 < rate <= 1000 or not math.isfinite(origin) or abs(origin) > _MAX_FRAME:  # noqa: PLR2004 - Hertz
        raise ValueError
    first, last = (None if values[name] is None else int(values[name]) for name in ("first", "last"))
    return LineRequest(
        audio_path=Path(str(values["audio"])),
        model_path=Path(str(values["model"])) if values["model"] else default_model_path(),
        frame_rate=rate,
        origin=origin,
        first=first,
        last=last,
        exact=values["exact"] is True,
        emotion=constant_emotion(dict.fromkeys(checked_names(values["emotions"]), 0.0), 1.0),
        threads=thread_count(),
    )


def face_action(obj: bpy.types.Object) -> bpy.types.Action | None:
    """The Action that a face's shape keys play."""
    key = obj.data.shape_keys if obj.type == "MESH" else None
    animation = key.animation_data if key is not None else None
    return animation.action if animation is not None else None


def face_record(obj: bpy.types.Object) -> LineRequest | None:
    """The line that a face speaks, if Lipwright generated it."""
    return read_record(face_action(obj))


def check_record(record: LineRequest) -> None:
    """Check that a line can still be computed.

    Raises:
        LipwrightError: its sound or its model is gone.
    """
    if not record.audio_path.is_file():
        raise LipwrightError(
            f"the sound {record.audio_path} is gone, so the sliders cannot move its line: put it back"
        )
    if not record.model_path.is_file():
        raise LipwrightError(
            f"the model {record.model_path} is gone, so the sliders cannot move its line: put it back"
        )
