"""What motion is made of: dilated convolutions over the features.

Like the other trunk it computes in eight bits once it has learned, all but its first layer, which is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks.eight_bits import EightBitLinear
from training.networks.taps import seen_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Kernel of the two layers below the dilated ones; the second has stride 2.
STEM_KERNEL = 5
#: Dilations of the residual layers (kernel 3), in code frames of 16 ms.
DILATIONS = (1, 2, 4, 6, 8)
CONTEXT_KERNEL = 3
#: Receptive field and stride, in feature frames.
SPEECH_STRIDE = 2
SPEECH_FIELD = STEM_KERNEL + (STEM_KERNEL - 1) + 2 * sum(DILATIONS) * SPEECH_STRIDE

#: Taps, stride and dilation of the layers that are rounded.
LOOKS = ((STEM_KERNEL, SPEECH_STRIDE, 1), *((CONTEXT_KERNEL, 1, dilation) for dilation in DILATIONS))


class SpeechTrunk(nn.Module):
    """Features to a code of what is said."""

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        """Create the layers.

        Args:
            channels: Feature channels per frame.
            width: Channels of the code.
            dropout: Dropped share of the activations in training.
        """
        super().__init__()
        self.stem: Sequence[nn.Conv1d] = nn.ModuleList(  # type: ignore[assignment]
            (nn.Conv1d(channels, width, STEM_KERNEL), nn.Conv1d(width, width, STEM_KERNEL, SPEECH_STRIDE))
        )
        self.context: Sequence[nn.Conv1d] = nn.ModuleList(  # type: ignore[assignment]
            nn.Conv1d(width, width, CONTEXT_KERNEL, dilation=d) for d in DILATIONS
        )
        self.dropout = nn.Dropout(dropout)
        #: The second layer of the stem and the others in eight bits, once they are rounded.
        self.rounded: Sequence[EightBitLinear] = nn.ModuleList()  # type: ignore[assignment]

    def forward(self, features: Tensor) -> Tensor:
        """Map features [B, N, C] to a code [B, M, width], one frame every 16 ms."""
        if self.rounded:
            x = self._begun(features)
            for number in range(len(self.rounded)):
                x = self._rounded_step(x, number)
            return x
        x = features.transpose(1, 2)
        for layer in self.stem:
            x = nn.functional.relu(layer(x))
        for layer, dilation in zip(self.context, DILATIONS, strict=True):
            x = x[:, :, dilation:-dilation] + nn.functional.relu(layer(self.dropout(x)))
        return x.transpose(1, 2)

    def round_off(self, features: Tensor) -> None:
        """Compute in eight bits from now on, in steps for training features [B, N, C]."""
        rounded = nn.ModuleList()
        with torch.no_grad():
            x = self._begun(features)
            for number, layer in enumerate((self.stem[1], *self.context)):
                assert layer.bias is not None  # noqa: S101 - a convolution may have none
                seen = seen_frames(x, *LOOKS[number])
                rounded.append(EightBitLinear(as_matrix(layer.weight), layer.bias, seen))
                self.rounded = rounded  # type: ignore[assignment]
                x = self._rounded_step(x, number)

    def _begun(self, features: Tensor) -> Tensor:
        """Return the first layer's output [B, N - 4, width]."""
        return nn.functional.relu(self.stem[0](features.transpose(1, 2))).transpose(1, 2)

    def _rounded_step(self, x: Tensor, number: int) -> Tensor:
        """Return the next layer's output [B, M, width]."""
        heard = nn.functional.relu(self.rounded[number](seen_frames(x, *LOOKS[number])))
        if number == 0:
            return heard
        dilation = LOOKS[number][2]
        return x[:, dilation:-dilation] + heard


def as_matrix(weight: Tensor) -> Tensor:
    """Return a convolution's weight [K, C, taps] for frames that lie side by side, [K, taps * C]."""
    return weight.permute(0, 2, 1).flatten(1)
