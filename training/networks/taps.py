"""Convolutions over time as matrix products: the frames that each output sees, side by side."""

from __future__ import annotations

import torch
from torch import Tensor


def seen_frames(frames: Tensor, taps: int, stride: int = 1, dilation: int = 1) -> Tensor:
    """Return what each output of a convolution sees.

    Args:
        frames: [B, N, C].
        taps: How many frames that is.
        stride: From one output to the next, in frames.
        dilation: From one tap to the next, in frames.

    Returns:
        [B, (N - (taps - 1) * dilation - 1) // stride + 1, taps * C].
    """
    count = (frames.shape[1] - (taps - 1) * dilation - 1) // stride + 1
    last = (count - 1) * stride + 1
    starts = [tap * dilation for tap in range(taps)]
    return torch.cat([frames[:, start : start + last : stride] for start in starts], 2)
