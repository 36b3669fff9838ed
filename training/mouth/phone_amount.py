"""How much of something the phones ask for at each time: rounding, spreading, an open jaw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.corpus.phones import Segment


def phone_amount(
    segments: Sequence[Segment],
    times: NDArray[np.floating[Any]],
    amounts: Mapping[str, float],
    ramp: float,
    full_after: float = 0.0,
) -> NDArray[np.float32]:
    """Return the largest amount that a phone asks for at each time [T].

    Args:
        segments: Phones with their start and end (s).
        times: [T] seconds.
        amounts: What each phone asks for while it lasts, from 0 to 1; others ask for nothing.
        ramp: Time (s) over which an amount grows before its phone and fades after it.
        full_after: A phone shorter than this (s) asks for less, in proportion: its target is not reached.
    """
    amount = np.zeros(len(times))
    for segment in segments:
        if segment.phone in amounts:
            outside = np.maximum(np.maximum(segment.start - times, times - segment.end), 0)
            near = np.clip(1 - outside / ramp, 0, 1)
            reached = min(1.0, (segment.end - segment.start) / full_after) if full_after else 1.0
            amount = np.maximum(amount, amounts[segment.phone] * reached * near * near * (3 - 2 * near))
    return amount.astype(np.float32)
