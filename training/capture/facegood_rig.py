"""FACEGOOD's animator-made takes: ARKit weights, with the lip rounding that the ARKit mapping lost put back.

``*_arkit.csv`` has no counterpart for the rig's ``mouth_oh_c`` (open rounded lips, as in "oh") and
``mouth_oo_c`` (small rounded lips, as in "oo"). ARKit says the same with mouthFunnel (lips forward, open) and
mouthPucker (lips forward, drawn together), so the two controls are added to those, as far as the pose stays
within 0..1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from inference.errors import LipwrightError

from .live_link_csv import read_live_link_csv
from .named_channels_csv import read_channels
from .raw_motion import RawMotion

if TYPE_CHECKING:
    from pathlib import Path

RIG_SUFFIX = "_rig116.csv"
ARKIT_SUFFIX = "_arkit.csv"
ROUNDING = {
    "mouth_oh_c": {"mouthFunnel": 0.6, "mouthPucker": 0.3},
    "mouth_oo_c": {"mouthFunnel": 0.2, "mouthPucker": 0.8},
}
"""Gains by how ARKit documents the shapes: both rounded vowels protrude; "oh" is the open one, "oo" the drawn
one."""


def read_facegood(arkit: Path, rig: Path | None) -> RawMotion:
    """Read one FACEGOOD take.

    Args:
        arkit: ``*_arkit.csv``, Live Link layout, 30 rows a second.
        rig: ``*_rig116.csv`` of the same take, or None where only the ARKit mapping is at hand.

    Raises:
        LipwrightError: A file is unreadable or the two differ in length by more than a frame.
    """
    motion = read_live_link_csv(arkit)
    if rig is None or motion.weights is None:
        return motion
    _, _, names, values = read_channels(rig, motion.frame_rate)
    if abs(len(values) - motion.frames) > 1:
        raise LipwrightError(
            f"{rig}: {len(values)} frames, but {arkit.name} has {motion.frames}; re-export both."
        )
    frames = min(len(values), motion.frames)
    weights = motion.weights[:frames].copy()
    for channel, gains in ROUNDING.items():
        if channel not in names:
            raise LipwrightError(
                f"{rig}: the control {channel} is missing; this is not a 116-control rig file."
            )
        amount = np.nan_to_num(values[:frames, names.index(channel)])
        for shape, gain in gains.items():
            weights[:, ARKIT_NAMES.index(shape)] += gain * amount
    return RawMotion(
        kind="rig116",
        frame_rate=motion.frame_rate,
        start_s=motion.start_s,
        valid=motion.valid[:frames],
        weights=np.clip(weights, 0.0, 1.0),
        head_rotation=None if motion.head_rotation is None else motion.head_rotation[:frames],
    )
