"""A linear layer in whole numbers of eight bits, which processors multiply several times as fast.

What enters is rounded to steps that reach as far as what was seen in training, a row of weights to 63 steps
of its largest. Seven bits of weights instead of eight: processors that add pairs of products in 16 bits then
never overflow, and all of them compute the same. The sums stay below 2**24, up to which float32 is exact.
"""

from __future__ import annotations

from torch import Tensor, nn

#: Largest whole number of a weight, and of what enters.
WEIGHT_STEPS, INPUT_STEPS = 63, 255
#: Smallest step: a layer that hears nothing divides by no zero.
_TINY = 1e-8


class EightBitLinear(nn.Module):
    """Computes what a linear layer does, about; it does not learn."""

    def __init__(self, weight: Tensor, bias: Tensor, seen: Tensor) -> None:
        """Round a layer.

        Args:
            weight: [K, C] of the layer.
            bias: [K] of the layer.
            seen: [..., C] what enters it in training: the steps reach that far. Negative numbers take half
                of them.
        """
        super().__init__()
        weight, bias, seen = weight.detach(), bias.detach(), seen.detach()
        self.zero_point = (INPUT_STEPS + 1) // 2 if bool((seen < 0).any()) else 0
        step = seen.abs().max().clamp(min=_TINY) / (INPUT_STEPS - self.zero_point)
        row_steps = weight.abs().amax(1).clamp(min=_TINY) / WEIGHT_STEPS
        self.register_buffer("step", step, persistent=False)
        self.register_buffer("row_steps", row_steps, persistent=False)
        self.register_buffer("weight", (weight / row_steps[:, None]).round(), persistent=False)
        self.register_buffer("bias", (bias / (row_steps * step)).round(), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Map [..., C] to [..., K]."""
        step, row_steps, weight, bias = (
            self.get_buffer(name) for name in ("step", "row_steps", "weight", "bias")
        )
        whole = (frames / step).round().clamp(-self.zero_point, INPUT_STEPS - self.zero_point)
        return (nn.functional.linear(whole, weight) + bias) * (row_steps * step)
