"""What listens for contact: normalised residual blocks over the features, each a look around and a thought.

A block looks at three moments of every channel by itself, then mixes the channels through a layer twice as
wide (after Liu et al., "A ConvNet for the 2020s", 2022). All of it is matrix products over [B, N, C], which
half precision makes faster, and all but the first are rounded to eight bits once they have learned: half of
a line's time went into them, and how surely lips touch bears the rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks.eight_bits import EightBitLinear
from training.networks.taps import seen_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTACT_WIDTH = 256
#: Channels between the two layers of the stem.
STEM_WIDTH = 128
#: How many times as wide as a block its inside is.
WIDER = 2
#: Taps and strides of the stem's layers, in feature frames.
STEM = ((5, 1), (5, 2))
#: Taps of a block, and how far apart in each, in code frames of 16 ms: together as far as the other trunk.
TAPS, DILATIONS = 3, (1, 2, 3, 4, 5, 6)


class Frames(nn.Linear):
    """A convolution over time [B, N, C] as one matrix product."""

    def __init__(self, channels: int, width: int, taps: int, stride: int) -> None:
        """Create the layer.

        Args:
            channels: Of the input.
            width: Of the output.
            taps: Frames that one output frame sees.
            stride: From one output frame to the next.
        """
        super().__init__(channels * taps, width)
        self.taps, self.stride = taps, stride
        self.rounded: EightBitLinear | None = None

    def forward(self, frames: Tensor) -> Tensor:
        """Map [B, N, C] to [B, (N - taps) // stride + 1, width]."""
        seen = seen_frames(frames, self.taps, self.stride)
        rounded: EightBitLinear | None = self.rounded
        return super().forward(seen) if rounded is None else rounded(seen)

    def round_off(self, frames: Tensor) -> None:
        """Compute in eight bits from now on, in steps for what the layer sees here [B, N, C]."""
        self.rounded = EightBitLinear(self.weight, self.bias, seen_frames(frames, self.taps, self.stride))


class Block(nn.Module):
    """Adds what is heard around each frame."""

    def __init__(self, dilation: int, width: int = CONTACT_WIDTH) -> None:
        """Create the layers for so many channels; at first the block passes on what it gets."""
        super().__init__()
        self.dilation = dilation
        self.taps = nn.Parameter(torch.randn(TAPS, width) / TAPS)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, WIDER * width)
        self.narrow = nn.Linear(WIDER * width, width)
        self.rounded: Sequence[EightBitLinear] = nn.ModuleList()  # type: ignore[assignment]
        nn.init.zeros_(self.narrow.weight)

    def forward(self, code: Tensor) -> Tensor:
        """Map [B, M, width] to [B, M - 2 * dilation, width]."""
        middle, around = self._seen(code)
        if self.rounded:
            widen, narrow = self.rounded
            heard = narrow(nn.functional.relu(widen(self._normal(around))))
        else:
            heard = self.narrow(nn.functional.relu(self.widen(self.norm(around))))
        passed: Tensor = middle + heard
        return passed

    def round_off(self, code: Tensor) -> None:
        """Compute in eight bits from now on, in steps for what the block sees here [B, M, width]."""
        around, scale, shift = self._normal(self._seen(code)[1]), self.norm.weight, self.norm.bias
        weight, bias = self.widen.weight * scale, self.widen.bias + self.widen.weight @ shift
        widen = EightBitLinear(weight, bias, around)
        narrow = EightBitLinear(self.narrow.weight, self.narrow.bias, nn.functional.relu(widen(around)))
        self.rounded = nn.ModuleList((widen, narrow))  # type: ignore[assignment]

    def _seen(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moments themselves and what lies around them, both [B, M - 2 * dilation, width]."""
        inside = code.shape[1] - (TAPS - 1) * self.dilation
        first, middle, last = (code[:, k * self.dilation : k * self.dilation + inside] for k in range(TAPS))
        taps = self.taps.to(code.dtype)  # half precision stays half
        return middle, first * taps[0] + middle * taps[1] + last * taps[2]

    def _normal(self, around: Tensor) -> Tensor:
        """Return frames with mean 0 and deviation 1."""
        return nn.functional.layer_norm(around, around.shape[-1:], eps=self.norm.eps)


class ContactTrunk(nn.Module):
    """Features to what tells whether lips touch."""

    def __init__(self, channels: int) -> None:
        """Create the layers for feature frames of so many channels."""
        super().__init__()
        (first, step), (second, stride) = STEM
        self.stem: Sequence[Frames] = nn.ModuleList(  # type: ignore[assignment]
            (Frames(channels, STEM_WIDTH, first, step), Frames(STEM_WIDTH, CONTACT_WIDTH, second, stride))
        )
        self.blocks: Sequence[Block] = nn.ModuleList(Block(d) for d in DILATIONS)  # type: ignore[assignment]
        self.norm = nn.LayerNorm(CONTACT_WIDTH)

    def forward(self, features: Tensor) -> Tensor:
        """Map features [B, N, C] to [B, M, 256], one frame every 16 ms."""
        code = self.stem[1](nn.functional.relu(self.stem[0](features)))
        for block in self.blocks:
            code = block(code)
        return nn.functional.relu(self.norm(code))

    def round_off(self, features: Tensor) -> None:
        """Compute in eight bits, all but the first layer, in steps for training features [B, N, C]."""
        with torch.no_grad():
            begun = nn.functional.relu(self.stem[0](features))
            self.stem[1].round_off(begun)
            code = self.stem[1](begun)
            for block in self.blocks:
                block.round_off(code)
                code = block(code)
