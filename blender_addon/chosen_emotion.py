"""An emotion given by name, once or as a track, for a face: checked, as frames, and set on its sliders."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import bpy
import numpy as np

from . import action_writer, emotion_sliders
from .emotion_frames import EmotionFrames, constant_emotion, track_emotion
from .inference.emotion import clamp_weights, emotion_weights
from .inference.emotion_hearing import check_hearing
from .inference.emotion_track import EmotionKeys
from .inference.errors import LipwrightError

if TYPE_CHECKING:
    from .inference.model_bundle import ModelBundle


@dataclass(frozen=True)
class ChosenEmotion:
    """What a face is to feel.

    Attributes:
        model: whose emotions they are.
        weights: of each of its emotions, for those that stay the same.
        track: those that move, and all others with them; None where none does.
        strength: scales them all, 0..1.
        from_voice: by how much what is heard in the voice takes their place, 0..1.
        warnings: what was put right.
    """

    model: "ModelBundle"
    weights: Mapping[str, float]
    track: EmotionKeys | None
    strength: float
    from_voice: float
    warnings: tuple[str, ...]

    def frames(self, origin: float, rate: Fraction) -> EmotionFrames:
        """The emotion at the scene's frames, for a line that starts at frame `origin`."""
        if self.track is None:
            return constant_emotion(self.weights, self.strength, from_voice=self.from_voice)
        return track_emotion(self.track, self.model, self.strength, origin, rate, from_voice=self.from_voice)

    def check_duration(self, duration: float) -> None:
        """Check that the track belongs to a line of so many seconds.

        Raises:
            LipwrightError: it has keys behind the line's end.
        """
        if self.track is not None:
            self.track.check(self.model, duration)

    def set_sliders(self, face: bpy.types.Object, origin: float, rate: Fraction) -> None:
        """Make the face's sliders say the same, keyed where the track moves them."""
        emotion_sliders.ensure_sliders(self.model.emotion_names)
        emotion_sliders.set_weights(face, self.weights, self.strength, from_voice=self.from_voice)
        if self.track is None:
            return
        for name, (times, values) in self.track.keys.items():
            frames = (origin + times * float(rate)).astype(np.float32)
            with emotion_sliders.moving_together():
                action_writer.key_property(face, emotion_sliders.slider_path(name), frames, values)


def _check_unkeyed(face: bpy.types.Object) -> None:
    if emotion_sliders.is_keyed(face):
        raise LipwrightError(
            f"the sliders of '{face.name}' are keyed, so no other emotion can be given: remove their keys or "
            "leave the emotion out"
        )


def chosen_emotion(
    face: bpy.types.Object,
    model: "ModelBundle",
    emotion: Mapping[str, float] | EmotionKeys,
    strength: float,
    from_voice: float = 0.0,
) -> ChosenEmotion:
    """Check an emotion for a face and a model; values outside 0..1 are clamped, with a warning.

    Raises:
        LipwrightError: the model does not know it, or hears none, or the face's sliders are keyed already.
    """
    if emotion or from_voice:
        _check_unkeyed(face)
    if from_voice:
        check_hearing(model)
    if isinstance(emotion, EmotionKeys):
        emotion.check(model)
        constants = dict.fromkeys(model.emotion_names, 0.0)
        return ChosenEmotion(model, constants, emotion, strength, from_voice, emotion.warnings)
    weights, warnings = clamp_weights(emotion)
    row = emotion_weights(model, weights)
    named = dict(zip(model.emotion_names, map(float, row), strict=True))
    return ChosenEmotion(model, named, None, strength, from_voice, warnings)
