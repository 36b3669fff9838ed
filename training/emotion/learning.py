"""Learns what feeling does to a face: the change of its pose, and one latent vector per frame (Karras 2017).

A frame's vector is what its labels say, each label a learned point, plus what is its own: how this moment of
this performance differs. That part is kept small and smooth in time, and half of the chunks do without it, so
that the points alone say what is felt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks.expression import LATENT_SIZE, Expression

if TYPE_CHECKING:
    from training.emotion.lesson import Lesson
    from training.losses import FaceMetric

CHUNK, CHUNKS = 32, 64
LEARNING_RATE = 2e-3
#: Weights of motion against position, and of the latents' own part: its size and its speed.
MOTION, OWN, OWN_SPEED = 2.0, 0.02, 1.0
#: Share of chunks that do without the latents' own part.
PLAIN = 0.5
#: Weight of letting go of lips that touch, and how much more a closure counts that must not be let go of.
RELEASE, HELD = 0.3, 3.0
#: Share of the position error that counts the mouth no more than the rest of the face.
WHOLE_FACE = 0.5


@dataclass(frozen=True)
class LearnedEmotion:
    """What was learned.

    Attributes:
        expression: In evaluation mode.
        points: [K, 16] the latent vectors of the labels at 1.
        latents: [N, 16] of the lesson's frames.
        explained: Share of the change's mean square that the points alone explain, from 0 to 1.
    """

    expression: Expression
    points: Tensor
    latents: Tensor
    explained: float


class Latents(nn.Module):
    """One vector per frame: its labels' points and a part of its own."""

    def __init__(self, lesson: Lesson) -> None:
        """Start from orthogonal points and no part of one's own."""
        super().__init__()
        points = torch.empty(lesson.labels.shape[1], LATENT_SIZE)
        nn.init.orthogonal_(points)
        self.points = nn.Parameter(points)
        self.own = nn.Parameter(torch.zeros(len(lesson.labels), LATENT_SIZE))

    def forward(self, labels: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return what labels [..., K] say and the own part at frames `rows` [...]: [..., 16] each."""
        return labels @ self.points, self.own[rows]


def learn_emotion(lesson: Lesson, metric: FaceMetric, steps: int, seed: int) -> LearnedEmotion:
    """Learn the change of the pose.

    Args:
        lesson: Frames of emotional speech.
        metric: The project's, for the mouth's share of the error.
        steps: Optimiser steps.
        seed: Same seed, same result.
    """
    torch.manual_seed(seed)
    learning = _Learning(lesson, metric)
    optimiser = torch.optim.AdamW(
        [
            {"params": learning.expression.parameters(), "weight_decay": 0.01},
            {"params": learning.latents.parameters(), "weight_decay": 0.0},
        ]
    )
    for step in range(steps):
        for group in optimiser.param_groups:
            done = 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / 50) * done
        loss = learning.loss(torch.Generator().manual_seed(seed * 1_000_003 + step))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return learning.result()


class _Learning:
    """What a run holds: the lesson, what is learned from it, and how well it fits."""

    def __init__(self, lesson: Lesson, metric: FaceMetric) -> None:
        self.lesson, self.metric = lesson, metric
        self.expression = Expression(lesson.pose.shape[1], lesson.code.shape[1])
        self.expression.get_buffer("pose_scale").fill_(float(lesson.pose.std()) + 1e-9)
        self.latents = Latents(lesson)
        self.starts = _chunk_starts(lesson)
        self.scale = self._mean(self._square(lesson.change), lesson.weight)

    def loss(self, generator: torch.Generator) -> Tensor:
        """Return the loss of chunks drawn at random."""
        first = self.starts[torch.randint(len(self.starts), (CHUNKS,), generator=generator)]
        keep = (torch.rand(CHUNKS, 1, 1, generator=generator) >= PLAIN).float()
        rows = first[:, None] + torch.arange(CHUNK)
        target, weight = self.lesson.change[rows], self.lesson.weight[rows]
        said, own = self.latents(self.lesson.labels[rows], rows)
        spoken = self.lesson.pose[rows], self.lesson.code[rows]
        predicted, let_go = self.expression(*spoken, said + keep * own)
        position = (self._square(predicted - target) * weight).mean()
        speed = self._square(predicted.diff(dim=1) - target.diff(dim=1))
        motion = (speed * weight[:, 1:] * weight[:, :-1]).mean()
        regular = OWN * own.square().mean() + OWN_SPEED * own.diff(dim=1).square().mean()
        release = RELEASE * self._release(let_go[..., 0], rows)
        loss: Tensor = (position + MOTION * motion) / self.scale + regular + release
        return loss

    def _release(self, let_go: Tensor, rows: Tensor) -> Tensor:
        """Return how far lips are let go of at frames `rows` where they should not be, or the reverse."""
        parted, counts = self.lesson.parted[rows], self.lesson.touch[rows] * self.lesson.weight[rows]
        missing = parted * nn.functional.relu(1 - let_go)
        lost = HELD * (1 - parted) * nn.functional.relu(let_go)
        error: Tensor = ((missing.square() + lost.square()) * counts).mean()
        return error

    def result(self) -> LearnedEmotion:
        """Return what was learned."""
        lesson, expression = self.lesson, self.expression.eval()
        with torch.no_grad():
            said, own = self.latents(lesson.labels, torch.arange(len(lesson.labels)))
            missing = self._square(expression(lesson.pose, lesson.code, said)[0] - lesson.change)
            explained = 1 - float(self._mean(missing, lesson.weight) / self.scale)
        return LearnedEmotion(expression, self.latents.points.detach(), (said + own).detach(), explained)

    def _square(self, change: Tensor) -> Tensor:
        """Return the mean square of changes [..., R] by the mouth's metric and over the whole face."""
        root = self.metric.root
        mouth = (change @ root).square().sum(-1)
        whole = change.square().sum(-1) * root.square().sum() / len(root)
        return (1 - WHOLE_FACE) * mouth + WHOLE_FACE * whole

    @staticmethod
    def _mean(values: Tensor, weight: Tensor) -> Tensor:
        return (values * weight).sum() / weight.sum().clamp(min=1)


def _chunk_starts(lesson: Lesson) -> Tensor:
    """Return the frames at which a whole chunk of one line begins."""
    starts = torch.arange(max(len(lesson.line) - CHUNK + 1, 0))
    return starts[lesson.line[starts] == lesson.line[starts + CHUNK - 1]]
