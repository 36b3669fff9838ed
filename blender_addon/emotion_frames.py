"""What a face feels at each frame, in plain values: safe to use in a thread."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .inference.emotion import felt_emotion
from .inference.emotion_track import EmotionKeys

if TYPE_CHECKING:
    from .inference.model_bundle import ModelBundle

_LONGEST_TRACK = 20_000.0
"""Seconds: what lies behind is no line's, and must not fill the memory."""


@dataclass(frozen=True, eq=False)
class EmotionFrames:
    """Emotion over the scene's frames, linear between them and constant beyond the first and the last.

    Attributes:
        names: the emotions.
        first: scene frame of the first row; the others follow frame by frame.
        weights: of the emotions [F, N], 0..1.
        strength: [F] 0..1.
        latent: what is added along the latent's first L axes, [F, L]; None for nothing.
        from_voice: [F] 0..1, by how much what is heard in the voice takes the place of all that; None for
            not at all.
    """

    names: tuple[str, ...]
    first: int
    weights: NDArray[np.float32]
    strength: NDArray[np.float32]
    latent: NDArray[np.float32] | None = None
    from_voice: NDArray[np.float32] | None = None

    @property
    def _columns(self) -> NDArray[np.float32]:
        """Weights and latent side by side, [F, N + L]."""
        return self.weights if self.latent is None else np.concatenate((self.weights, self.latent), axis=1)

    @property
    def listens(self) -> bool:
        """Whether anything of it is to be heard in the voice."""
        return self.from_voice is not None and bool((self.from_voice * self.strength).any())

    @property
    def _felt(self) -> NDArray[np.float32]:
        """All that is felt side by side, [F, N + L], and behind it what is heard, if anything is."""
        columns = self._columns
        if self.from_voice is not None and self.listens:
            share = self.from_voice[:, None]
            columns = np.concatenate((columns * (1 - share), share), axis=1)
        return columns * self.strength[:, None]

    @property
    def is_neutral(self) -> bool:
        """Whether the face feels nothing at any frame."""
        return not self._felt.any()

    @property
    def mark(self) -> str:
        """The same for the same emotions; empty for neutral."""
        if self.is_neutral:
            return ""
        felt = np.round(self._felt, 4)
        used: NDArray[np.bool_] = np.any(felt != 0, axis=0)
        every = (*self.names, *range(self._columns.shape[1] - len(self.names)))
        every += ("from voice",) if self.listens else ()
        names = [name for name, is_used in zip(every, used, strict=True) if is_used]
        changes = np.flatnonzero((felt[1:] != felt[:-1]).any(axis=1))
        start, stop = (int(changes[0]), int(changes[-1]) + 2) if len(changes) else (0, 1)
        first, felt = (self.first + start if len(changes) else 0), felt[start:stop]
        digest = hashlib.sha256(f"{names}|{first}".encode())
        digest.update(felt[:, used].astype(np.float32).tobytes())
        return digest.hexdigest()

    def vectors(
        self,
        model: "ModelBundle",
        frames: NDArray[np.float64],
        heard: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Latent vectors [T, E] at scene frames [T]; emotions that the model does not know are left out.

        Args:
            model: whose latent it is.
            frames: scene frames, which may lie between two.
            heard: what the voice sounds like at these frames, [T, E]; None where nothing listens.
        """
        rows = zip(model.emotion_names, model.emotion_vectors, strict=True)
        known = {name.lower(): vector for name, vector in rows}
        nothing = np.zeros(model.emotion_size, np.float32)
        table = np.array([known.get(name.lower(), nothing) for name in self.names], np.float32)
        places = np.clip(frames - self.first, 0, len(self.weights) - 1)
        before = np.floor(places).astype(np.int64)
        after = np.minimum(before + 1, len(self.weights) - 1)
        share = (places - before).astype(np.float32)
        columns = self._columns
        mixed = columns[before] * (1 - share)[:, None] + columns[after] * share[:, None]
        strength = self.strength[before] * (1 - share) + self.strength[after] * share
        count = len(self.names)
        chosen = (mixed[:, :count] @ table.reshape(count, model.emotion_size)).astype(np.float32, copy=False)
        axes = min(mixed.shape[1] - count, model.emotion_size)
        chosen[:, :axes] += mixed[:, count : count + axes]
        if heard is None or self.from_voice is None:
            return felt_emotion(chosen, strength)
        listening = self.from_voice[before] * (1 - share) + self.from_voice[after] * share
        return felt_emotion(chosen, strength, heard, listening)


NEUTRAL = EmotionFrames((), 0, np.zeros((1, 0), np.float32), np.ones(1, np.float32))


def constant_emotion(
    weights: Mapping[str, float], strength: float, latent: Sequence[float] = (), from_voice: float = 0.0
) -> EmotionFrames:
    """The same emotion at every frame."""
    row = np.array([list(weights.values())], np.float32).reshape(1, -1)
    added = np.array([latent], np.float32) if any(latent) else None
    heard = np.full(1, from_voice, np.float32) if from_voice else None
    return EmotionFrames(tuple(weights), 0, row, np.full(1, strength, np.float32), added, heard)


def track_emotion(
    keys: EmotionKeys,
    model: "ModelBundle",
    strength: float,
    origin: float,
    rate: Fraction,
    *,
    from_voice: float = 0.0,
) -> EmotionFrames:
    """A track's emotion at the scene's frames, with the line's first sample at frame `origin`."""
    seconds = min(max(float(times[-1]) for times, _ in keys.keys.values()), _LONGEST_TRACK)
    first = math.floor(origin)
    frames = np.arange(first, math.ceil(origin + seconds * float(rate)) + 1, dtype=np.float64)
    weights = keys.weights(model, (frames - origin) / float(rate))
    heard = np.full(len(frames), from_voice, np.float32) if from_voice else None
    felt = np.full(len(frames), strength, np.float32)
    return EmotionFrames(tuple(model.emotion_names), first, weights, felt, from_voice=heard)
