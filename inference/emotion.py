"""Named emotions, their strengths, and emotions that change over a line."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .array_types import DoubleArray, FloatArray
from .errors import LipwrightError

if TYPE_CHECKING:
    from .model_bundle import ModelBundle  # not loaded by those who only want names and weights

#: Weights beyond this leave what the network was trained on so far behind that its faces mean nothing.
MAX_WEIGHT = 4.0


def parse_emotion(text: str) -> dict[str, float]:
    """Reads "joy=0.6,anger=0.2"; a name alone means 1.

    Raises:
        LipwrightError: when a value is no number.
    """
    weights: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        try:
            weights[name] = float(value) if separator else 1.0
        except ValueError:
            weights[name] = math.nan
        if not name or not math.isfinite(weights[name]):
            raise LipwrightError(
                f"emotion '{part}' is not NAME=NUMBER: write for example {name or 'style'}=0.6"
            )
    return weights


def clamp_weight(value: float) -> float:
    """Returns the nearest weight that a slider can have, 0..1."""
    return min(1.0, max(0.0, value))


def outside_warning(count: int, where: str = "") -> tuple[str, ...]:
    """Returns the sentence for so many clamped values, if there are any."""
    if not count:
        return ()
    return (f"{where}{count} emotion value{'s lie' if count > 1 else ' lies'} outside 0 to 1, so clamped",)


def clamp_weights(weights: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Returns weights within 0..1, and the warning where one was not."""
    clamped = {name: clamp_weight(value) for name, value in weights.items()}
    return clamped, outside_warning(sum(clamped[name] != value for name, value in weights.items()))


def emotion_weights(bundle: "ModelBundle", weights: Mapping[str, float]) -> FloatArray:
    """Returns one weight per emotion of the model, [K], from weights by name (any case).

    Raises:
        LipwrightError: for a name that the model does not know (it lists those that it knows), or a weight
            beyond +-`MAX_WEIGHT`.
    """
    known = {name.lower(): index for index, name in enumerate(bundle.emotion_names)}
    row = np.zeros(len(known), np.float32)
    for name, value in weights.items():
        if not known:
            raise LipwrightError(
                f"the model {bundle.name} knows no emotions, so there is no '{name}': drop it"
            )
        if name.lower() not in known:
            listed = ", ".join(bundle.emotion_names)
            raise LipwrightError(
                f"emotion '{name}' is unknown to the model {bundle.name}: choose among {listed}"
            )
        if not abs(value) <= MAX_WEIGHT:
            raise LipwrightError(
                f"emotion '{name}={value:g}' is out of range: use -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}"
            )
        row[known[name.lower()]] = value
    return row


def emotion_vector(bundle: "ModelBundle", weights: Mapping[str, float], strength: float = 1.0) -> FloatArray:
    """Returns the latent vector [E] of a mix of named emotions.

    Args:
        bundle: the model whose emotions they are.
        weights: by name, usually 0..1.
        strength: factor on all of them.

    Raises:
        LipwrightError: for a name that the model does not know.
    """
    mixed: FloatArray = emotion_weights(bundle, weights) @ bundle.emotion_vectors
    return (mixed * np.float32(strength)).astype(np.float32, copy=False)


def felt_emotion(
    chosen: FloatArray,
    strength: FloatArray,
    heard: FloatArray | None = None,
    from_voice: FloatArray | float = 0.0,
) -> FloatArray:
    """Returns what the face is to feel, [N, E]: strength * ((1 - from_voice) * chosen + from_voice * heard).

    Args:
        chosen: [N, E] latent vectors of the sliders.
        strength: [N] 0..1, of everything.
        heard: [N, E] latent vectors of what the voice sounds like; None where nothing listens.
        from_voice: [N] or one share, 0..1, by which what is heard takes the place of what was chosen.
    """
    if heard is not None:
        share = np.broadcast_to(np.asarray(from_voice, np.float32), strength.shape)[:, None]
        chosen = (1 - share) * chosen + share * heard
    felt: FloatArray = chosen * strength[:, None]
    return felt


@dataclass(frozen=True, eq=False)
class EmotionTrack:
    """Emotion keyed over a line, linear between keys and constant beyond the first and last.

    Attributes:
        times: [K] seconds, ascending.
        vectors: [K, E] latent vectors.
    """

    times: DoubleArray
    vectors: FloatArray

    def __call__(self, times: DoubleArray) -> FloatArray:
        """Returns the latent vectors [N, E] at times [N] in seconds."""
        columns = [np.interp(times, self.times, column) for column in self.vectors.T]
        return np.stack(columns, axis=1).astype(np.float32)
