"""Teaches a small network to judge sound as the Gaussians of a speech recogniser do (knowledge distillation).

Half of what is asked about is heard: training sound, altered as it is in training and then moved about. The
other half the teacher draws itself, so the network learns voices that no training data holds.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks.phone_likelihoods import DOUBTFUL, LIKELIHOODS, told_apart
from training.second_ear.acoustic_model import read_acoustic_model
from training.second_ear.gaussian_teacher import GaussianTeacher

if TYPE_CHECKING:
    from training.networks.lipwright import Network
    from training.networks.phone_likelihoods import PhoneLikelihoods

#: Frames per step, half of them heard.
BATCH = 2048
#: How far heard frames are moved at most, in their own standard deviations.
_MOVED = 0.3
_LEARNING_RATE = 4e-3
#: How much the distance of log-probabilities counts beside that of probabilities.
_LOGARITHMS = 4.0


def teach_second_ear(network: Network, features: Tensor, steps: int, seed: int) -> float:
    """Teach a network's second ear what it listens to, in place.

    Args:
        network: Told how its features are made.
        features: [B, N, C] of training sound, on the CPU.
        steps: Optimiser steps.
        seed: Same seed, same network.

    Returns:
        As `learn_likelihoods`.

    Raises:
        LipwrightError: PocketSphinx's acoustic model cannot be read.
    """
    pupil = network.recogniser.likelihoods
    taught = copy.deepcopy(pupil).cpu().requires_grad_()
    heard = taught.streams(features).flatten(0, 1)
    explained = learn_likelihoods(taught, GaussianTeacher(read_acoustic_model()), heard, steps, seed)
    pupil.load_state_dict(taught.state_dict())
    return explained


def learn_likelihoods(
    pupil: PhoneLikelihoods, teacher: GaussianTeacher, heard: Tensor, steps: int, seed: int
) -> float:
    """Teach a network, in place.

    Args:
        pupil: Untaught.
        teacher: On the CPU, as everything here.
        heard: [N, 39] frames of training sound.
        steps: Optimiser steps.
        seed: Same seed, same network.

    Returns:
        Share of the variance of the teacher's answers, on frames not learned from, that is explained.
    """
    generator = torch.Generator().manual_seed(seed)
    pupil.get_used_to(heard)
    optimiser = torch.optim.Adam(pupil.layers.parameters(), lr=_LEARNING_RATE)  # type: ignore[attr-defined]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _LEARNING_RATE, total_steps=max(2, steps), pct_start=0.1
    )
    for _ in range(steps):
        frames, answers = _asked(teacher, heard, generator)
        loss = _distance(pupil.log_likelihoods(frames), answers)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return _explained(pupil, *_asked(teacher, heard, generator))


def _asked(teacher: GaussianTeacher, heard: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return frames [N, 39] and the teacher's log-likelihoods of them [N, 126]."""
    half = BATCH // 2
    some = heard[torch.randint(0, len(heard), (half,), generator=generator)]
    far = _MOVED * torch.rand(half, 1, generator=generator) * heard.std(0)
    some = some + far * torch.randn(some.shape, generator=generator)
    frames = torch.cat([some, teacher.drawn(BATCH - half, generator)])
    with torch.no_grad():
        return frames, teacher.log_likelihoods(frames)


def _distance(likely: Tensor, answers: Tensor) -> Tensor:
    ours, theirs = (torch.log_softmax(DOUBTFUL * x, -1) for x in (likely, answers))
    apart = nn.functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")
    return apart + _LOGARITHMS * (_logarithms(likely) - _logarithms(answers)).square().mean()


def _logarithms(likely: Tensor) -> Tensor:
    return told_apart(likely)[:, : LIKELIHOODS // 2]


def _explained(pupil: PhoneLikelihoods, frames: Tensor, answers: Tensor) -> float:
    with torch.no_grad():
        ours, theirs = _logarithms(pupil.log_likelihoods(frames)), _logarithms(answers)
    return float(1 - (ours - theirs).square().mean() / theirs.var(0).mean())
