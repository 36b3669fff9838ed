"""The second ear for contact: it listens to nothing but what a speech recogniser would say of the sound.

Few layers, which learn for a short time: the longer it learns from the voices of training, the less it
follows others. What it hears of strangers goes wrong elsewhere than what the first ear hears, so both
together miss fewer p, b and m for as many closures too many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks.contact_trunk import DILATIONS as FIRST_EARS_DILATIONS
from training.networks.contact_trunk import STEM, TAPS, Block
from training.networks.eight_bits import EightBitLinear
from training.networks.phone_likelihoods import FIELD, LIKELIHOODS, STRIDE, PhoneLikelihoods

if TYPE_CHECKING:
    from collections.abc import Sequence

RECOGNISER_WIDTH = 128
#: How far apart the taps of a block are in each, in code frames of 16 ms.
DILATIONS = (1, 2, 3, 4)
#: Share of what the recogniser would say that is not heard in training.
UNHEARD = 0.2
#: Code frames that the first ear needs more on either side, beyond its stem.
_FEWER = (TAPS - 1) // 2 * (sum(FIRST_EARS_DILATIONS) - sum(DILATIONS))
#: Feature frames at both ends that this ear does not look at, so that both ears end at the same moments:
#: up to the middle of its first code frame, less what it sees around that.
BEYOND = sum(taps // 2 for taps, _ in STEM) + STRIDE * _FEWER - FIELD // 2


class RecogniserTrunk(nn.Module):
    """Features to what tells whether lips touch, by way of phones that a recogniser would hear."""

    def __init__(self, channels: int) -> None:
        """Create the layers for features of so many mel bands."""
        super().__init__()
        self.likelihoods = PhoneLikelihoods(channels).requires_grad_(requires_grad=False)
        self.stem = nn.Linear(LIKELIHOODS, RECOGNISER_WIDTH)
        self.blocks: Sequence[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(dilation, RECOGNISER_WIDTH) for dilation in DILATIONS
        )
        self.norm = nn.LayerNorm(RECOGNISER_WIDTH)
        self.unheard = nn.Dropout(UNHEARD)
        self.rounded: EightBitLinear | None = None

    def forward(self, features: Tensor, colour: Tensor | None = None) -> Tensor:
        """Map features [B, N, C] to [B, M, 128], at the same moments as the first ear's.

        Args:
            features: [B, N, C] normalised log-mel.
            colour: [B, N, 13] the recording's colour; None for that of all of the features.
        """
        heard = self.heard(features, colour)
        code = self.stem(self.unheard(heard)) if self.rounded is None else self.rounded(heard)
        for block in self.blocks:
            code = block(code)
        return nn.functional.relu(self.norm(code))

    def heard(self, features: Tensor, colour: Tensor | None = None) -> Tensor:
        """Return what a recogniser would say [B, M + 20, 252]."""
        inside = slice(BEYOND, -BEYOND)
        with torch.no_grad():
            said: Tensor = self.likelihoods(
                features[:, inside], None if colour is None else colour[:, inside]
            )
        return said

    def round_off(self, features: Tensor) -> None:
        """Compute in eight bits from now on, in steps for training features [B, N, C]."""
        self.likelihoods.round_off(features[:, BEYOND:-BEYOND])
        with torch.no_grad():
            heard = self.heard(features)
            rounded = EightBitLinear(self.stem.weight, self.stem.bias, heard)
            code = rounded(heard)
            for block in self.blocks:
                block.round_off(code)
                code = block(code)
            self.rounded = rounded
