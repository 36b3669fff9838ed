"""Products of half precision where the machine has them, which is faster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def half_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which matrix products take bfloat16 and add up in float32.

    Contact is a question of yes or no, which bears the rounding; motion is learned outside of it. A machine
    without such products computes as usual.

    Args:
        device: Where the products are made.
    """
    if device.type == "cuda":
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_it = torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001 - torch tells it nowhere else
    return torch.autocast(device.type, torch.bfloat16) if has_it else nullcontext()
