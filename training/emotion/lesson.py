"""Emotional speech as frames: what a network says, what the face did beyond it, and what was felt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.dataset import HOP_LENGTH, SAMPLE_RATE
from training.networks.lipwright import LIP_PAIRS, WIDTH
from training.validation import padded_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.dataset import Motion
    from training.networks import lipwright
    from training.preparation import Prepared

#: Lips that touch for longer than this (s) rest: published closures of p, b and m last 0.06 to 0.15 s.
RESTING = 0.25
#: Lips touch from this share on, and are parted when farther apart than this (metres).
TOUCHING, PARTED = 0.5, 0.001


@dataclass(frozen=True)
class Felt:
    """One line that was spoken with feeling.

    Attributes:
        samples: [N] float32 sound at 16 kHz.
        start: Time of the first frame, seconds.
        frame_rate: Frames per second.
        change: [T, R] what the feeling did to the face: coefficients less those of the same line without it.
            None where that line does not exist; what the network makes of the sound stands for it.
        coefficients: [T, R] the face.
        valid: [T] bool.
        labels: [T, K] how much of each emotion is felt, from 0 to 1.
    """

    samples: NDArray[np.float32]
    start: float
    frame_rate: float
    change: NDArray[np.float32] | None
    coefficients: NDArray[np.float32]
    valid: NDArray[np.bool_]
    labels: NDArray[np.float32]

    @classmethod
    def from_motion(
        cls, motion: Motion, labels: NDArray[np.float32], without: NDArray[np.float32] | None = None
    ) -> Felt:
        """Return a take with labels [T, K], and the same face without feeling [T, R] where there is one."""
        change = None if without is None else motion.coefficients - without
        rows = motion.coefficients, motion.valid, labels
        return cls(motion.samples, motion.start, motion.frame_rate, change, *rows)


@dataclass(frozen=True)
class Lesson:
    """Frames of the network's rate, line after line.

    Attributes:
        pose: [N, R] the network's neutral pose before any contact.
        code: [N, C] speech code.
        change: [N, R] what feeling did to the face.
        labels: [N, K] how much of each emotion is felt.
        weight: [N] 1 where the face is known, else 0.
        line: [N] number of the line.
        touch: [N] from 0 to 1 how much the network lets the lips touch.
        parted: [N] 1 where they rest against each other but what is felt parted them, else 0.
    """

    pose: torch.Tensor
    code: torch.Tensor
    change: torch.Tensor
    labels: torch.Tensor
    weight: torch.Tensor
    line: torch.Tensor
    touch: torch.Tensor
    parted: torch.Tensor


def make_lesson(network: lipwright.Network, prepared: Prepared, lines: Sequence[Felt]) -> Lesson:
    """Let a network speak lines neutrally, and put what feeling did to the face beside it.

    Args:
        network: In evaluation mode, on the CPU.
        prepared: What it was trained on.
        lines: Emotional speech.
    """
    rows = [_frames(network, prepared, line) for line in lines]
    pose, code, change, labels, weight, touch, parted = (
        torch.cat(column) for column in zip(*rows, strict=True)
    )
    line = torch.arange(len(rows)).repeat_interleave(torch.tensor([len(row[0]) for row in rows]))
    return Lesson(pose, code, change, labels, weight, line, touch, parted)


def heard(
    network: lipwright.Network, prepared: Prepared, samples: NDArray[np.float32]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hear a sound neutrally, the first frame at t = 0.

    Returns:
        The pose [T, R] before any contact, the trunk's code [T, C], and how much the lips touch [T].
    """
    with torch.no_grad():
        code = network.speech_code(padded_features(network, prepared, samples))
        spoken = code[..., :WIDTH]
        pose = network.pose(spoken, code.new_zeros(1, code.shape[1], network.manner_size))[0]
    edge = (code.shape[1] - len(pose)) // 2
    inside = slice(edge, edge + len(pose))
    return pose, spoken[0, inside], code[0, inside, WIDTH]


def resting(touch: NDArray[np.floating], frame_rate: float) -> NDArray[np.bool_]:
    """Tell of each frame whether it lies in a rest of the lips, not in a p, b or m.

    Args:
        touch: [T] from 0 to 1 how much the lips touch.
        frame_rate: Frames per second.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], touch >= TOUCHING, [0]]).astype(int)))
    rests = np.zeros(len(touch), bool)
    for start, end in edges.reshape(-1, 2):
        rests[start:end] = end - start > RESTING * frame_rate
    return rests


def _frames(network: lipwright.Network, prepared: Prepared, line: Felt) -> list[torch.Tensor]:
    pose, code, touch = heard(network, prepared, line.samples)
    rate = SAMPLE_RATE / HOP_LENGTH / network.hop
    times = np.arange(len(pose)) / rate
    at = (times - line.start) * line.frame_rate
    face = line.coefficients if line.change is None else line.change
    change, labels = torch.tensor(sampled(face, at)), torch.tensor(sampled(line.labels, at))
    if line.change is None:
        change = change - pose
    inside = (at >= 0) & (at <= len(face) - 1)
    known = inside & (sampled(line.valid[:, None].astype(np.float32), at)[:, 0] == 1)
    gap = sampled(line.coefficients @ prepared.lips.gaps[:, :LIP_PAIRS], at).mean(1)
    parted = resting(touch.numpy(), rate) & (gap > PARTED)
    return [
        *(pose, code, change, labels, torch.tensor(known.astype(np.float32))),
        *(touch, torch.tensor(parted.astype(np.float32))),
    ]


def sampled(rows: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return rows [T, X] at fractional positions [N], the outermost beyond the ends."""
    last = len(rows) - 1
    low = np.clip(np.floor(at).astype(int), 0, last)
    share = np.clip(at - low, 0, 1)[:, None]
    return np.asarray(rows[low] * (1 - share) + rows[np.minimum(low + 1, last)] * share, np.float32)
