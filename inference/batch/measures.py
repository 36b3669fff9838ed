"""What the report knows of one line, measured while it is animated."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..array_types import BoolArray, FloatArray
from ..audio_file import SpeechSource
from ..blendshape_names import ARKIT_NAMES
from ..lip_seal import LipSeal
from ..measures import CLOSURE_LEVEL
from ..pipeline import FaceMotion
from .sound_measures import SoundMeasures, measure_sound
from .turn_pitch import pitch_step

MEASURES_VERSION = 2
"""Raise it with every change of `LineMeasures`: lines measured otherwise are then done again."""
_PICTURES = 3
_APART_S = 0.25
_SEALED_MM = 0.5


@dataclass(frozen=True)
class LineMeasures:
    """Figures of one line; sound levels are dB of full scale, shares 0..1.

    Attributes:
        duration: seconds.
        frames: of the result.
        peak_opening: widest gap between the inner lips, millimetres on the model's head.
        mean_opening: mean gap, millimetres.
        closures: how often the lips come together.
        silence_share: share of the line in pauses.
        clipped_share: share of samples at full scale.
        level_db: active speech level.
        floor_db: noise floor.
        syllable_rate: syllables per second of speech.
        flatness: spectral flatness of the quiet parts, see `SoundMeasures`.
        steadiness: of the quiet parts, likewise.
        pitch_step: semitones between the turns of the line, see `turn_pitch`.
        moments: [N] seconds of the loudest syllables.
        faces: [N][52] ARKit weights at these moments, in the order of `ARKIT_NAMES`.
    """

    duration: float
    frames: int
    peak_opening: float
    mean_opening: float
    closures: int
    silence_share: float
    clipped_share: float
    level_db: float
    floor_db: float
    syllable_rate: float
    flatness: float
    steadiness: float
    pitch_step: float
    moments: tuple[float, ...]
    faces: tuple[tuple[float, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Returns plain values, rounded to what can be told apart."""
        return {field.name: _rounded(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "LineMeasures":
        """Reads what `to_json` gave.

        Raises:
            ValueError: when it is anything else.
        """
        try:
            plain = {
                field.name: _finite(values[field.name])
                for field in fields(cls)
                if field.name not in {"moments", "faces"}
            }
            moments = tuple(_finite(moment) for moment in values["moments"])
            faces = tuple(tuple(_finite(weight) for weight in face) for face in values["faces"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no measures of a line: {error}") from error
        if len(moments) != len(faces) or any(len(face) != len(ARKIT_NAMES) for face in faces):
            raise ValueError("no measures of a line: faces of another number of shapes")
        counts = {name: int(plain.pop(name)) for name in ("frames", "closures")}
        return cls(moments=moments, faces=faces, **plain, **counts)  # type: ignore[arg-type] # mixed by name


def measure_line(
    clipped_share: float, speech: SpeechSource, motion: FaceMotion, seal: LipSeal
) -> LineMeasures:
    """Measures a line and the motion made of it.

    Args:
        clipped_share: of the sound as it is stored, see `Clipping`.
        speech: the sound at 16 kHz.
        motion: the model's own, before it is brought to a character.
        seal: the gaps of the model's lips.
    """
    sound = measure_sound(speech.blocks())
    gap = _gap_mm(motion, seal)
    times = _pictured(sound, motion)
    rows = [min(len(motion.times) - 1, round(time * float(motion.frame_rate))) for time in times]
    order = [motion.weight_names.index(name) for name in ARKIT_NAMES]
    return LineMeasures(
        duration=motion.duration,
        frames=len(motion.times),
        peak_opening=float(gap.max()),
        mean_opening=float(gap.mean()),
        closures=_runs(gap <= max(_SEALED_MM, CLOSURE_LEVEL * float(np.percentile(gap, 95)))),
        silence_share=sound.silence_share,
        clipped_share=clipped_share,
        level_db=sound.level_db,
        floor_db=sound.floor_db,
        syllable_rate=sound.syllable_rate,
        flatness=sound.flatness,
        steadiness=sound.steadiness,
        pitch_step=pitch_step(speech.blocks(), sound.syllable_times),
        moments=tuple(times),
        faces=tuple(tuple(motion.weights[row, order].tolist()) for row in rows),
    )


def _gap_mm(motion: FaceMotion, seal: LipSeal) -> FloatArray:
    """Returns the gap between the middles of the inner lips, [T] millimetres; pressed lips count as 0."""
    middle = seal.of_coefficients[1]
    gap: FloatArray = np.maximum(motion.coefficients @ middle + seal.of_mean[1, 0], 0.0) * 1000.0
    return gap


def _runs(closed: BoolArray) -> int:
    """Returns how often the lips come together after having been apart."""
    return int(np.count_nonzero(closed[1:] & ~closed[:-1]))


def _pictured(sound: SoundMeasures, motion: FaceMotion) -> list[float]:
    """Returns the moments of the loudest syllables, apart from each other, in order of time."""
    chosen: list[float] = []
    for time in sound.syllable_times:
        if len(chosen) < _PICTURES and all(abs(time - other) >= _APART_S for other in chosen):
            chosen.append(float(time))
    return sorted(chosen) or [motion.duration / 2]


def _rounded(value: Any) -> Any:  # noqa: ANN401 - numbers, or tuples of them
    if isinstance(value, tuple):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value


def _finite(value: Any) -> float:  # noqa: ANN401 - whatever JSON held
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no measures of a line: not finite")
    return number
