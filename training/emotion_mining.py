"""What a bundle's sliders are: emotions where they were learned, and manners of speaking.

A neutral capture holds no joy and no anger. Where emotion was not learned after speech and no take names one,
what is offered are "style 1" to "style 6", points of the learned database that lie far apart and leave the
speech intact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.audio_features import silence_features
from training.alteration.altered_copies import features_of
from training.teaching.careful_speech import CAREFUL

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from training.networks import FaceNetwork
    from training.preparation import Prepared
    from training.trainer import TrainedModel

STYLES = 6
#: Correlation of lip gap with the neutral face's that a style must keep, and the share of its closures.
KEEPS_SPEECH, KEEPS_CLOSURE = 0.85, 0.8
#: A gap under this share of the line's 95th percentile counts as closed (the report's definition).
CLOSED = 0.15
DATABASE_LIMIT = 4096


@dataclass(frozen=True)
class EmotionTable:
    """What a bundle says about emotion.

    Attributes:
        names: Names of the sliders.
        vectors: [K, E] their latent vectors; zero is neutral and has no entry.
        database: [N, E] learned latents, at most 4096.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    database: NDArray[np.float32]


def build_emotion_table(trained: TrainedModel) -> EmotionTable:
    """Name points of the learned latent space.

    Args:
        trained: A finished run.
    """
    latents, size = trained.latents, trained.network.emotion_size
    manners = {name if name == CAREFUL else f"speaker {name}": v for name, v in trained.styles.items()}
    if trained.points:  # latents of emotion lie behind those of manner
        latents = np.pad(latents, ((0, 0), (size - latents.shape[1], 0)))
        emotions = {name: np.pad(v, (size - len(v), 0)) for name, v in trained.points.items()}
        named = emotions | {name: np.pad(v, (0, size - len(v))) for name, v in manners.items()}
    elif labelled := labelled_emotions(trained):
        named = labelled | manners
    else:
        found = spread_styles(trained)
        named = manners | {f"style {i + 1}": vector for i, vector in enumerate(found)}
    table = np.array(list(named.values()), np.float32).reshape(-1, size)
    step = max(1, -(-len(latents) // DATABASE_LIMIT))
    return EmotionTable(tuple(named), table, latents[::step].astype(np.float32))


def labelled_emotions(trained: TrainedModel) -> dict[str, NDArray[np.float32]]:
    """Return the median latents, by name, of the main speaker's takes that carry an emotion label."""
    label_of = {t.name: t.emotion for t in trained.prepared.project.takes}
    takes = [label_of.get(m.name, "neutral") for m in trained.prepared.motions]
    found = {}
    for name in sorted(set(takes) - {"neutral", ""}):
        mine = np.isin(trained.latent_takes, [i for i, label in enumerate(takes) if label == name])
        if mine.any():
            found[name] = np.median(trained.latents[mine], 0).astype(np.float32)
    return found


def spread_styles(trained: TrainedModel) -> NDArray[np.float32]:
    """Return up to six latents [K, E]: cluster centres that keep speech and differ most in the face.

    Args:
        trained: A finished run.
    """
    centres = cluster_centres(trained.latents, 24, np.random.default_rng(trained.config.seed))
    code = _sample_code(trained)
    base, poses, kept = _gaps_and_pose(trained, code, np.zeros(centres.shape[1], np.float32)), [], []
    for centre in centres:
        candidate = _gaps_and_pose(trained, code, centre)
        if keeps_speech(base[0], candidate[0]):
            kept.append(centre)
            poses.append(candidate[1] - base[1])
    chosen = farthest_first(np.array(poses), STYLES) if kept else []
    return np.array([kept[i] for i in chosen], np.float32).reshape(-1, centres.shape[1])


def keeps_speech(neutral: NDArray[np.float32], styled: NDArray[np.float32]) -> bool:
    """Tell whether a style's lip gap [T] follows the neutral face's and closes where that one does."""
    r = float(np.corrcoef(neutral, styled)[0, 1])
    closed = neutral <= CLOSED * np.percentile(neutral, 95)
    closes = styled <= CLOSED * np.percentile(styled, 95)
    share = float(closes[closed].mean()) if closed.any() else 1.0
    return r >= KEEPS_SPEECH and share >= KEEPS_CLOSURE


def cluster_centres(points: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return k-means centres [K, E] of points [N, E], started from points drawn at random."""
    centres = points[rng.choice(len(points), min(count, len(points)), replace=False)]
    for _ in range(20):
        distance = ((points**2).sum(1)[:, None] - 2 * points @ centres.T) + (centres**2).sum(1)[None]
        nearest = distance.argmin(1)
        filled = np.unique(nearest)
        centres = np.array([points[nearest == k].mean(0) for k in filled], np.float32)
    return centres


def farthest_first(points: NDArray[np.float32], count: int) -> list[int]:
    """Return up to `count` rows of points [N, D], each farthest from the origin and those before it."""
    distance, chosen = np.linalg.norm(points, axis=1), []
    for _ in range(min(count, len(points))):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def _sample_code(trained: TrainedModel) -> Tensor:
    """Return the speech code [1, M, 256] of up to 20 s of the main speaker's training sound."""
    prepared: Prepared = trained.prepared
    own = [m.samples for m in prepared.motions if m.group == "main"]
    samples = np.concatenate(own)[: 20 * prepared.settings.sample_rate]
    features = features_of(samples, prepared.settings, prepared.target_db)
    quiet = np.repeat(silence_features(prepared.settings)[None], trained.network.window // 2, 0)
    with torch.no_grad():
        code: Tensor = trained.network.speech_code(
            torch.tensor(np.concatenate([quiet, features, quiet]))[None]
        )
    return code


def _gaps_and_pose(
    trained: TrainedModel, code: Tensor, emotion: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    network: FaceNetwork = trained.network
    with torch.no_grad():
        out = network.face(code, torch.tensor(emotion).expand(1, code.shape[1], -1))[0]
        gap = trained.prepared.metric.measures(out)[:, 0].numpy()
    return gap, out.numpy().mean(0)
