"""What a face's sliders and their curves say, read into plain values."""

import math
from collections.abc import Sequence

import bpy
import numpy as np

from . import action_writer, emotion_sliders
from .emotion_frames import EmotionFrames, constant_emotion

_MAX_FRAMES = 500_000


def emotion_now(obj: bpy.types.Object, names: Sequence[str]) -> EmotionFrames:
    """What the sliders say at this moment, whatever their curves say."""
    weights = emotion_sliders.weights(obj, names)
    face = obj.lipwright
    return constant_emotion(weights, face.strength, emotion_sliders.latent(obj), face.from_voice)


def sampled_emotion(obj: bpy.types.Object, names: Sequence[str], first: int, last: int) -> EmotionFrames:
    """What the sliders say frame by frame: their curves where they are keyed, else their present value.

    Args:
        obj: the face.
        names: the emotions.
        first: first frame that matters beside those that carry keys.
        last: last such frame.
    """
    now = emotion_now(obj, names)
    curves = {path: curve for path, curve in action_writer.id_curves(obj).items() if not curve.mute}
    paths = [emotion_sliders.slider_path(name) for name in names]
    paths += [emotion_sliders.latent_path(axis) for axis in range(emotion_sliders.LATENT_AXES)]
    paths += [emotion_sliders.FROM_VOICE_PATH, emotion_sliders.STRENGTH_PATH]
    keyed = [curves[path] for path in paths if path in curves and curves[path].keyframe_points]
    if not keyed:
        return now
    spans = [curve.range() for curve in keyed]
    first = math.floor(min(first, *(span[0] for span in spans)))
    last = math.ceil(max(last, *(span[1] for span in spans)))
    frames = range(first, min(last, first + _MAX_FRAMES) + 1)
    latent = now.latent[0] if now.latent is not None else np.zeros(emotion_sliders.LATENT_AXES, np.float32)
    heard = now.from_voice if now.from_voice is not None else np.zeros(1, np.float32)
    values = np.tile(np.concatenate((now.weights[0], latent, heard, now.strength)), (len(frames), 1))
    for column, path in enumerate(paths):
        if path in curves:
            values[:, column] = [curves[path].evaluate(frame) for frame in frames]
    values = np.nan_to_num(values)
    count = len(names)
    weights, strength = np.clip(values[:, :count], 0.0, 1.0), np.clip(values[:, -1], 0.0, 1.0)
    heard = np.clip(values[:, -2], 0.0, 1.0)
    latent = np.clip(values[:, count:-2], -emotion_sliders.LATENT_LIMIT, emotion_sliders.LATENT_LIMIT)
    return EmotionFrames(now.names, first, weights, strength, latent, heard if heard.any() else None)
