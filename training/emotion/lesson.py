"""Emotional speech as frames: what a network says, what the face did beyond it, and what was felt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.dataset import HOP_LENGTH, SAMPLE_RATE
from training.validation import padded_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.dataset import Motion
    from training.networks import lipwright
    from training.preparation import Prepared


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
    """

    pose: torch.Tensor
    code: torch.Tensor
    change: torch.Tensor
    labels: torch.Tensor
    weight: torch.Tensor
    line: torch.Tensor


def make_lesson(network: lipwright.Network, prepared: Prepared, lines: Sequence[Felt]) -> Lesson:
    """Let a network speak lines neutrally, and put what feeling did to the face beside it.

    Args:
        network: In evaluation mode, on the CPU.
        prepared: What it was trained on.
        lines: Emotional speech.
    """
    rows = [_frames(network, prepared, line) for line in lines]
    pose, code, change, labels, weight = (torch.cat(column) for column in zip(*rows, strict=True))
    line = torch.arange(len(rows)).repeat_interleave(torch.tensor([len(row[0]) for row in rows]))
    return Lesson(pose, code, change, labels, weight, line)


def heard(
    network: lipwright.Network, prepared: Prepared, samples: NDArray[np.float32]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the neutral pose [T, R] and the speech code [T, C] of a sound, the first frame at t = 0."""
    with torch.no_grad():
        code = network.speech(padded_features(network, prepared, samples))
        pose = network.pose(code, code.new_zeros(1, code.shape[1], network.manner_size))[0]
    edge = (code.shape[1] - len(pose)) // 2
    return pose, code[0, edge : edge + len(pose)]


def _frames(network: lipwright.Network, prepared: Prepared, line: Felt) -> list[torch.Tensor]:
    pose, code = heard(network, prepared, line.samples)
    times = np.arange(len(pose)) * network.hop * HOP_LENGTH / SAMPLE_RATE
    at = (times - line.start) * line.frame_rate
    face = line.coefficients if line.change is None else line.change
    change, labels = torch.tensor(sampled(face, at)), torch.tensor(sampled(line.labels, at))
    if line.change is None:
        change = change - pose
    inside = (at >= 0) & (at <= len(face) - 1)
    known = inside & (sampled(line.valid[:, None].astype(np.float32), at)[:, 0] == 1)
    return [pose, code, change, labels, torch.tensor(known.astype(np.float32))]


def sampled(rows: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return rows [T, X] at fractional positions [N], the outermost beyond the ends."""
    last = len(rows) - 1
    low = np.clip(np.floor(at).astype(int), 0, last)
    share = np.clip(at - low, 0, 1)[:, None]
    return np.asarray(rows[low] * (1 - share) + rows[np.minimum(low + 1, last)] * share, np.float32)
