"""Speech under an expression: lips meet at p, b and m, lip and teeth at f and v, and vowels stay open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.corpus.phones import BILABIALS, LABIODENTALS
from training.mouth.lip_contact import LIP_PAIRS, touch_share
from training.teaching.teacher import contact_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.dataset import Motion
    from training.performance.shape_layer import PerformingFace

#: Of a neutral face's lip gap in speech at least this share is kept.
OPEN_KEPT = 0.5
#: One step towards the gaps that are wanted leaves a little, where an expression is one-sided.
CLOSING_STEPS = 3


def frame_times(motion: Motion) -> NDArray[np.float64]:
    """Return the time of every frame [T], seconds."""
    return np.asarray(motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate, np.float64)


def contacts(
    motion: Motion, face: PerformingFace, speaking: NDArray[np.float64]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return how much the lips must touch, and lower lip and teeth, [T] each, 0 to 1.

    Args:
        motion: Where its phones are unknown, lips that touch while it speaks are taken for p, b or m.
        face: Whose.
        speaking: [T] from 0 to 1 whether it speaks.
    """
    if motion.segments:
        lips, teeth = (contact_share(motion.segments, frame_times(motion), p) for p in _CONTACTS)
        return lips, teeth
    touching = touch_share(face.lips, motion.coefficients) * np.clip(2 * speaking - 1, 0, 1)
    return touching, np.zeros_like(touching)


_CONTACTS: Sequence[Sequence[str]] = (BILABIALS, LABIODENTALS)


def speech_kept(
    motion: Motion,
    added: NDArray[np.float64],
    face: PerformingFace,
    touching: tuple[NDArray[np.floating], NDArray[np.floating]],
    speaking: NDArray[np.float64],
) -> Motion:
    """Return motion with an expression added, whose lips and teeth do what they did without it.

    The motion itself is already in contact (`training.teaching.teacher.in_contact`), so it is the addition
    alone that goes into the pose of f and v and that closes with the lips; an addition of nothing changes
    nothing. Eyelids that it would push through each other only meet.

    Args:
        motion: Neutral motion in contact.
        added: [T, R] what the expression adds.
        face: Whose.
        touching: How much lips, and lip and teeth, must touch, [T] each.
        speaking: [T] from 0 to 1 whether it speaks.
    """
    lips, teeth = touching
    own = motion.coefficients.astype(np.float64)
    added = added - teeth[:, None] * (added @ face.teeth.release)
    before, change = own @ face.lips.gaps, added @ face.lips.gaps
    wanted = before + (1 - lips)[:, None] * change
    pairs = len(LIP_PAIRS)
    least = OPEN_KEPT * speaking[:, None] * np.maximum(before[:, :pairs], 0)
    wanted[:, :pairs] = np.maximum(wanted[:, :pairs], least)
    closed = own + added
    for _ in range(CLOSING_STEPS):
        closed = closed + (wanted - closed @ face.lips.gaps) @ face.lips.closing
    closed = face.lids.kept_apart(closed, own)
    active = np.abs(added).max(1, keepdims=True) > 0
    kept = np.where(active, closed, own).astype(np.float32)
    return replace(motion, coefficients=kept, touch=_touch(motion, kept, face, lips))


def _touch(
    motion: Motion, kept: NDArray[np.float32], face: PerformingFace, lips: NDArray[np.floating]
) -> NDArray[np.float32] | None:
    if motion.touch is None:
        return None
    touching = np.maximum(lips, touch_share(face.lips, kept))
    return np.stack([touching, motion.touch[:, 1]], 1).astype(np.float32)
