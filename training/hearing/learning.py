"""Learns which emotions prosody tells of, by logistic regression.

A hidden layer told the emotions of known voices better, and those of unheard ones worse: what is linear in
these measures is what voices have in common.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from inference.errors import LipwrightError
from inference.hearing_model import HearingModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.hearing.performed_speech import HeardLine

STEPS, BATCH, LEARNING_RATE, DECAY = 600, 512, 5e-3, 0.01
#: Noise on the measures while they are learned (in their standard deviations).
BLUR = 0.3
#: Moments with less voice than this tell nothing.
LEAST_VOICED = 0.1
#: So many moments are needed.
FEWEST = 100
#: Measures farther from their mean (standard deviations) are taken for this far, as when listening.
FARTHEST = 3.0
#: Where labels add up to less, speech counts as neutral.
NEUTRAL = 0.05
#: Share of neutral speech that is taken for less of an emotion than what is heard must exceed.
USUAL = 0.75


def shares_of(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return shares of neutral and of every emotion, [M, K + 1], that add up to 1, by amounts [M, K]."""
    neutral = np.maximum(1 - labels.sum(1, keepdims=True), 0)
    every = np.concatenate([neutral, labels], 1)
    return np.asarray(every / every.sum(1, keepdims=True), np.float32)


def learn_hearing(
    lines: Sequence[HeardLine], names: tuple[str, ...], kept: Sequence[int], seed: int
) -> HearingModel:
    """Learn.

    Args:
        lines: What is heard of performed speech.
        names: [K] the emotions to tell.
        kept: [K] which of the lines' emotions these are; what is another counts for nothing.
        seed: Same seed, same result.

    Raises:
        LipwrightError: There is too little voice in the lines.
    """
    values = np.concatenate([line.values for line in lines])
    labels = np.concatenate([line.labels for line in lines])
    told = np.concatenate([line.voiced for line in lines]) >= LEAST_VOICED
    if told.sum() < FEWEST:
        raise LipwrightError("there is too little voice in this project to learn how emotion sounds")
    values, shares = values[told], shares_of(labels[told])[:, [0, *(k + 1 for k in kept)]]
    mean, scale = values.mean(0), values.std(0) + 1e-6
    standard = torch.tensor(np.clip((values - mean) / scale, -FARTHEST, FARTHEST), dtype=torch.float32)
    layer = _learned(standard, torch.tensor(shares, dtype=torch.float32), seed)
    weight, bias = (np.array(a.detach().numpy(), np.float32) for a in (layer.weight.T, layer.bias))
    learned = HearingModel(names, mean, scale, weight, bias, np.zeros(len(names), np.float32))
    neutral = learned.shares(values[labels[told].sum(1) <= NEUTRAL])
    usual = np.quantile(neutral[:, 1:], USUAL, axis=0) if len(neutral) else learned.usual
    return replace(learned, usual=np.asarray(usual, np.float32))


def _learned(values: torch.Tensor, shares: torch.Tensor, seed: int) -> nn.Linear:
    torch.manual_seed(seed)
    layer = nn.Linear(values.shape[1], shares.shape[1])
    optimiser = torch.optim.AdamW(layer.parameters(), LEARNING_RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        rows = torch.randint(len(values), (BATCH,), generator=generator)
        blur = BLUR * torch.randn(BATCH, values.shape[1], generator=generator)
        loss = nn.functional.cross_entropy(layer(values[rows] + blur), shares[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return layer
