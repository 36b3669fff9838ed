"""A face's emotion settings as plain values: for presets, and for copying them from line to line."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import bpy
import numpy as np

from . import action_writer, emotion_sliders
from .inference.emotion import clamp_weight

SliderKey: TypeAlias = tuple[float, float, str]
"""Seconds from the line's start, value 0..1, and Blender's name of the interpolation to the next key."""
_STRENGTH = ""
"""Stands for the strength among the names of keyed sliders; no emotion has an empty name."""
_FROM_VOICE = "\tfrom voice"
"""Stands for the share of what is heard, likewise."""
_MAX_KEYS = 100_000


@dataclass(frozen=True)
class EmotionSettings:
    """What a face feels.

    Attributes:
        weights: of the emotions, 0..1.
        strength: scales them, 0..1.
        keys: of the sliders that are keyed, by emotion.
        latent: added along the latent's axes; keys of these are not part of it.
        from_voice: by how much what is heard in the voice takes their place, 0..1.
    """

    weights: Mapping[str, float]
    strength: float
    keys: Mapping[str, tuple[SliderKey, ...]] = field(default_factory=dict)
    latent: tuple[float, ...] = ()
    from_voice: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Values for `json.dumps`; neutral emotions are left out."""
        values: dict[str, Any] = {
            "weights": {name: round(value, 5) for name, value in self.weights.items() if value},
            "strength": round(self.strength, 5),
        }
        if self.from_voice:
            values["from_voice"] = round(self.from_voice, 5)
        if self.keys:
            values["keys"] = {name: [list(key) for key in keys] for name, keys in self.keys.items()}
        if any(self.latent):
            values["latent"] = [round(value, 5) for value in self.latent]
        return values


def parse_settings(values: object) -> EmotionSettings:
    """Read settings that a file holds.

    Raises:
        ValueError, TypeError: they are damaged.
    """
    if not isinstance(values, dict) or not isinstance(values.get("weights"), dict):
        raise TypeError("no settings")
    keys = values.get("keys", {})
    if not isinstance(keys, dict):
        raise TypeError("no keys")
    names = emotion_sliders.checked_names(list(values["weights"]))
    return EmotionSettings(
        {name: _share(values["weights"][name]) for name in names},
        _share(values.get("strength", 1.0)),
        {
            name: _keys(keys[name])
            for name in keys
            if name in {_STRENGTH, _FROM_VOICE} or emotion_sliders.checked_names([name])
        },
        _latent(values.get("latent", [])),
        _share(values.get("from_voice", 0.0)),
    )


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _share(value: object) -> float:
    return clamp_weight(_number(value))


def _latent(values: object) -> tuple[float, ...]:
    if not isinstance(values, list) or len(values) > emotion_sliders.LATENT_AXES:
        raise TypeError("no latent")
    limit = emotion_sliders.LATENT_LIMIT
    return tuple(min(limit, max(-limit, _number(value))) for value in values)


def _keys(rows: object) -> tuple[SliderKey, ...]:
    if not isinstance(rows, list) or len(rows) > _MAX_KEYS:
        raise ValueError("no keys")
    keys = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:  # noqa: PLR2004 - see SliderKey
            raise ValueError("no key")
        keys.append((_number(row[0]), _share(row[1]), str(row[2])))
    return tuple(keys)


def _path(name: str) -> str:
    common = {_STRENGTH: emotion_sliders.STRENGTH_PATH, _FROM_VOICE: emotion_sliders.FROM_VOICE_PATH}
    return common.get(name) or emotion_sliders.slider_path(name)


def face_settings(
    obj: bpy.types.Object, names: Sequence[str], origin: float, rate: Fraction
) -> EmotionSettings:
    """What a face's sliders say, for a line that starts at frame `origin`."""
    curves = action_writer.id_curves(obj)
    keys = {
        name: tuple(
            ((point.co[0] - origin) / float(rate), clamp_weight(point.co[1]), point.interpolation)
            for point in curves[_path(name)].keyframe_points
        )
        for name in (*names, _STRENGTH, _FROM_VOICE)
        if _path(name) in curves
    }
    return EmotionSettings(
        emotion_sliders.weights(obj, names),
        obj.lipwright.strength,
        keys,
        emotion_sliders.latent(obj),
        obj.lipwright.from_voice,
    )


def apply_settings(
    obj: bpy.types.Object, settings: EmotionSettings, names: Sequence[str], origin: float, rate: Fraction
) -> list[str]:
    """Make a face's sliders and their keys say the same, for a line that starts at frame `origin`.

    Args:
        obj: the face.
        settings: what it is to feel.
        names: emotions of the model at hand; all others stay as they are.
        origin: scene frame at which the face's line starts.
        rate: frames per second.

    Returns:
        Emotions of the settings that this model does not know.
    """
    known = {name.lower(): name for name in names}
    given = {known[name.lower()]: value for name, value in settings.weights.items() if name.lower() in known}
    with emotion_sliders.moving_together():
        action_writer.remove_curves(obj, "lipwright.")
        weights = {**dict.fromkeys(names, 0.0), **given}
        emotion_sliders.set_weights(obj, weights, settings.strength, settings.latent, settings.from_voice)
        for name, keys in settings.keys.items():
            if keys and (name in {_STRENGTH, _FROM_VOICE} or name.lower() in known):
                _key(obj, _path(known.get(name.lower(), name)), keys, origin, float(rate))
    return sorted(
        name
        for name in {*settings.weights, *settings.keys} - {_STRENGTH, _FROM_VOICE}
        if name.lower() not in known
    )


def _key(obj: bpy.types.Object, path: str, keys: Sequence[SliderKey], origin: float, rate: float) -> None:
    frames = np.array([origin + seconds * rate for seconds, _, _ in keys], np.float32)
    values = np.array([value for _, value, _ in keys], np.float32)
    action_writer.key_property(obj, path, frames, values, [kind for _, _, kind in keys])
