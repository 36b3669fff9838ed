"""Loss terms of karras2017 and the running normalisation that balances them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: iBUG landmark pairs of the report: lip gap, mouth width, chin drop; and the eye distance that divides them.
MEASURES = ((62, 66), (48, 54), (8, 33))
EYES = (36, 45)
#: Lip gaps (over the eye distance) below this count as touching; keeps the logarithm finite.
TOUCHING = 0.008


class RunningRms:
    """Divides each loss term by its running RMS, as the paper does, with Adam's bias correction."""

    def __init__(self, decay: float = 0.99) -> None:
        """Start with nothing seen.

        Args:
            decay: Share of the running mean kept at each step.
        """
        self.decay = decay
        self.state: dict[str, list[float]] = {}

    def normalise(self, name: str, loss: Tensor) -> Tensor:
        """Return `loss` over the running RMS of its own values, this one included."""
        mean, weight = self.state.get(name, [0.0, 0.0])
        mean = self.decay * mean + (1 - self.decay) * float(loss.detach()) ** 2
        weight = self.decay * weight + (1 - self.decay)
        self.state[name] = [mean, weight]
        return loss / (math.sqrt(mean / weight) + 1e-12)


@dataclass(frozen=True)
class FaceMetric:
    """What turns coefficients into the numbers that the loss compares.

    Attributes:
        root: [R, R]; |c @ root|^2 is the weighted square displacement of all vertices over its spread.
        landmarks: [68, 3] at rest, metres.
        landmark_basis: [R, 68, 3].
        eye_distance: Metres, at rest.
    """

    root: Tensor
    landmarks: Tensor
    landmark_basis: Tensor
    eye_distance: float

    def measures(self, coefficients: Tensor) -> Tensor:
        """Return lip gap, mouth width and chin drop over the eye distance, [..., 3]."""
        used = sorted({i for pair in MEASURES for i in pair})
        basis = self.landmark_basis[:, used]
        points: Tensor = self.landmarks[used] + torch.tensordot(coefficients, basis, dims=1)
        pairs = [(used.index(a), used.index(b)) for a, b in MEASURES]
        spans: Tensor = torch.stack([points[..., a, :] - points[..., b, :] for a, b in pairs], -2)
        distances: Tensor = torch.sqrt((spans**2).sum(-1) + 1e-12)
        return distances / self.eye_distance

    def to(self, device: torch.device) -> FaceMetric:
        """Return a copy on `device`."""
        return FaceMetric(
            self.root.to(device), self.landmarks.to(device), self.landmark_basis.to(device), self.eye_distance
        )


def mouth_weights(
    template: NDArray[np.float32], landmarks: NDArray[np.int32], emphasis: float
) -> NDArray[np.float64]:
    """Return per-vertex weights [V]: `emphasis` at the lips, falling to 1 about 4 cm away, never below 1.

    Args:
        template: [V, 3] head at rest, metres.
        landmarks: [68] iBUG vertex numbers.
        emphasis: Weight at a lip landmark.
    """
    lips = template[landmarks[48:68]].astype(np.float64)
    distance = np.full(len(template), np.inf)
    for point in lips:
        distance = np.minimum(distance, np.linalg.norm(template - point, axis=1))
    return np.asarray(1 + (emphasis - 1) * np.exp(-((distance / 0.02) ** 2)), np.float64)


def build_metric(
    template: NDArray[np.float32],
    landmarks: NDArray[np.int32],
    basis: NDArray[np.float32],
    samples: NDArray[np.float32],
    emphasis: float,
) -> FaceMetric:
    """Build the metric of a project.

    Args:
        template: [V, 3] head at rest, metres.
        landmarks: [68] iBUG vertex numbers.
        basis: [R, V, 3] orthonormal motion basis.
        samples: [N, R] training coefficients; their mean square about the mean becomes 1.
        emphasis: Weight of the mouth's vertices; see `mouth_weights`.
    """
    weights = mouth_weights(template, landmarks, emphasis)
    flat = basis.astype(np.float64) * np.sqrt(weights)[None, :, None]
    flat = flat.reshape(len(basis), -1)
    gram = flat @ flat.T
    values, vectors = np.linalg.eigh(gram)
    root = vectors * np.sqrt(np.maximum(values, 0))
    spread = np.sqrt((((samples - samples.mean(0)) @ root) ** 2).sum(1).mean()) + 1e-12
    points = template[landmarks]
    return FaceMetric(
        torch.tensor(root / spread, dtype=torch.float32),
        torch.tensor(points),
        torch.tensor(basis[:, landmarks]),
        float(np.linalg.norm(points[EYES[0]] - points[EYES[1]])),
    )


def position_loss(metric: FaceMetric, predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean square error of positions; `weight` [B, T] is 0 where there is no capture."""
    error = (((predicted - target) @ metric.root) ** 2).sum(-1)
    return (error * weight).sum() / weight.sum().clamp(min=1)


def motion_loss(metric: FaceMetric, predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the same for the change between neighbouring output frames (the paper's frame pairs)."""
    change = (predicted - target)[:, 1:] - (predicted - target)[:, :-1]
    pair = weight[:, 1:] * weight[:, :-1]
    return (((change @ metric.root) ** 2).sum(-1) * pair).sum() / pair.sum().clamp(min=1)


def mouth_losses(
    metric: FaceMetric, predicted: Tensor, target: Tensor, weight: Tensor, spread: Tensor
) -> tuple[Tensor, Tensor]:
    """Return mean square errors of gap, width, chin over their `spread` [3], and of the log of the gap."""
    ours, theirs = metric.measures(predicted), metric.measures(target)
    share = weight / weight.sum().clamp(min=1)
    linear = (((ours - theirs) / spread) ** 2).mean(-1)
    closure = (torch.log(ours[..., 0] + TOUCHING) - torch.log(theirs[..., 0] + TOUCHING)) ** 2
    return (linear * share).sum(), (closure * share).sum()


def touch_loss(logit: Tensor, touching: Tensor, weight: Tensor) -> Tensor:
    """Return the cross-entropy between predicted and true contact.

    Args:
        logit: [B, T, K] how surely something touches.
        touching: [B, T, K] how much it does, from 0 to 1; NaN where nobody knows.
        weight: [B, T] 0 where there is no capture.
    """
    known = weight[..., None] * ~torch.isnan(touching)
    each = nn.functional.binary_cross_entropy_with_logits(logit, torch.nan_to_num(touching), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def phone_loss(logit: Tensor, phone: Tensor, weight: Tensor) -> Tensor:
    """Return the cross-entropy between heard and spoken phones.

    Args:
        logit: [B, T, P] how surely each phone is heard.
        phone: [B, T] the spoken one; -1 where nobody knows.
        weight: [B, T] 0 where there is no capture.
    """
    known = weight * (phone >= 0)
    each = nn.functional.cross_entropy(logit.transpose(1, 2), phone.clamp(min=0), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1)


def emotion_loss(latents: Tensor) -> Tensor:
    """Return the latents' mean square change over their mean square: shrinking them gains nothing.

    Args:
        latents: [B, T, E], one per code frame.
    """
    change = ((latents[:, 1:] - latents[:, :-1]) ** 2).mean()
    return change / ((latents**2).mean() + 1e-8)
