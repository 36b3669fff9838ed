"""Finds the points of the learned space that deserve an emotion's name, as Karras et al. 2017 mine theirs.

Candidates are what the frames of one emotion gather round. Those that break speech, or let the face drift
where nobody speaks, are thrown out; where that leaves none, they are tried weaker. Of the rest, the one
that moves the face farthest gets the name, as long as it moves it much as the performances of that emotion
did: their mean is weaker than any of them, since lips that one drew apart and another pressed together add
up to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.dataset import HOP_LENGTH, SAMPLE_RATE
from training.emotion.lesson import heard, resting
from training.emotion_mining import cluster_centres, keeps_speech
from training.validation import line_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.emotion.learning import LearnedEmotion
    from training.emotion.lesson import Lesson
    from training.networks import lipwright
    from training.preparation import Prepared

#: A frame belongs to one emotion where its label is at least the first and all others add up to the second.
PURE, OTHERS = 0.8, 0.1
CANDIDATES = 6
#: How strongly candidates are felt, where all break speech that are felt in full.
STRENGTHS = (1.0, 0.85, 0.7)
#: Cosine between a point's mean change of the face and that of the performances.
LIKE = 0.7
#: Sound to try candidates on, and silence (s).
SPOKEN, SILENT = 20.0, 4.0
#: A face that moves more than this in silence drifts: mean speed over that in speech.
DRIFT = 0.1


@dataclass(frozen=True)
class Mined:
    """Named points.

    Attributes:
        names: Emotions with a point that keeps speech.
        vectors: [K, 16] the points.
        refused: Emotions for which no candidate kept speech.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    refused: tuple[str, ...]


def mine(
    network: lipwright.Network,
    prepared: Prepared,
    learned: LearnedEmotion,
    lesson: Lesson,
    names: Sequence[str],
) -> Mined:
    """Name points of the learned space.

    Args:
        network: With the learned expression.
        prepared: What it was trained on.
        learned: Points and latents.
        lesson: The frames that they were learned from.
        names: K, of the labels.
    """
    stage = _Stage(network, prepared)
    found, refused = {}, []
    for k, name in enumerate(names):
        pure = (lesson.labels[:, k] >= PURE) & (lesson.labels.sum(1) - lesson.labels[:, k] <= OTHERS)
        pure &= lesson.weight > 0
        candidates = [learned.points[k].numpy()]
        if int(pure.sum()) >= CANDIDATES:
            rng = np.random.default_rng(k)
            candidates += list(cluster_centres(learned.latents[pure].numpy(), CANDIDATES, rng))
        kept = _strong_enough(candidates, stage)
        if kept:
            found[name] = _strongest(kept, [stage.change(point) for point in kept], lesson.change[pure])
        else:
            refused.append(name)
    vectors = np.array(list(found.values()), np.float32).reshape(-1, learned.points.shape[1])
    return Mined(tuple(found), vectors, tuple(refused))


def _strong_enough(candidates: Sequence[NDArray[np.float32]], stage: _Stage) -> list[NDArray[np.float32]]:
    """Return the candidates that keep speech; where none does, those that do when felt less."""
    for strength in STRENGTHS:
        felt = [np.asarray(strength * point, np.float32) for point in candidates]
        kept = [point for point in felt if stage.keeps_speech(point)]
        if kept:
            return kept
    return []


def _strongest(
    points: Sequence[NDArray[np.float32]], changes: Sequence[NDArray[np.float32]], performed: torch.Tensor
) -> NDArray[np.float32]:
    """Return the point whose change [R] is largest of those that are like what was performed [N, R]."""
    if not len(performed):
        return points[0]
    mean = performed.mean(0).numpy()
    sizes = [float(np.linalg.norm(c) * np.linalg.norm(mean)) + 1e-12 for c in changes]
    likeness = [float(change @ mean) / size for change, size in zip(changes, sizes, strict=True)]
    alike = [i for i, like in enumerate(likeness) if like >= min(LIKE, max(likeness))]
    return points[max(alike, key=lambda i: float(np.linalg.norm(changes[i])))]


class _Stage:
    """A speaking and a silent face to try points on."""

    def __init__(self, network: lipwright.Network, prepared: Prepared) -> None:
        self.network, self.prepared = network, prepared
        rate = prepared.settings.sample_rate
        main = np.concatenate([m.samples for m in prepared.motions if m.group == "main"])
        self.spoken = line_code(network, prepared, main[: int(SPOKEN * rate)])
        self.silent = line_code(network, prepared, np.zeros(int(SILENT * rate), np.float32))
        self.pose, self.said, touch = heard(network, prepared, main[: int(SPOKEN * rate)])
        #: Between words an emotion may part the lips.
        self.said_frames = ~resting(touch.numpy(), SAMPLE_RATE / HOP_LENGTH / network.hop)
        nothing = np.zeros(self.network.emotion_size - network.manner_size, np.float32)
        self.neutral = self._gap(self._face(self.spoken, nothing))

    def keeps_speech(self, point: NDArray[np.float32]) -> bool:
        """Tell whether speaking lips close with a feeling where they do without, and silence keeps still."""
        face = self._face(self.spoken, point)
        speed = [float(self._speed(f)) for f in (self._face(self.silent, point), face)]
        kept = keeps_speech(self.neutral[self.said_frames], self._gap(face)[self.said_frames])
        return kept and speed[0] <= DRIFT * speed[1]

    def change(self, point: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean change [R] of the speaking face."""
        with torch.no_grad():
            latent = torch.tensor(point).expand(len(self.pose), -1)
            expression = self.network.expression
            assert expression is not None  # noqa: S101 - it was just learned
            return np.asarray(expression(self.pose, self.said, latent)[0].mean(0).numpy(), np.float32)

    def _face(self, code: torch.Tensor, point: NDArray[np.float32]) -> torch.Tensor:
        vector = torch.cat([torch.zeros(self.network.manner_size), torch.tensor(point)])
        with torch.no_grad():
            return self.network.face(code, vector.expand(1, code.shape[1], -1))[0]

    def _gap(self, face: torch.Tensor) -> NDArray[np.float32]:
        return np.asarray(self.prepared.metric.measures(face)[:, 0].numpy(), np.float32)

    def _speed(self, face: torch.Tensor) -> torch.Tensor:
        speed: torch.Tensor = (face.diff(dim=0) @ self.prepared.metric.root).norm(dim=1).mean()
        return speed
