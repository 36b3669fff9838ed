"""A line said slower or faster: sound, motion and phones alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.corpus.phones import BILABIALS, Segment
from training.mouth.lip_contact import sealed
from training.performance.lip_keeping import frame_times
from training.sound_conditions.pitch import stretched
from training.teaching.teacher import contact_share

if TYPE_CHECKING:
    from training.dataset import Motion
    from training.performance.shape_layer import PerformingFace


def retimed(motion: Motion, factor: float, face: PerformingFace) -> Motion:
    """Return a line that lasts `factor` times as long, at the same frame rate and pitch.

    Args:
        motion: A take in contact.
        factor: Of its length.
        face: Where the lips are: a closure shorter than two frames must not fall between the new ones.
    """
    sound = stretched(motion.samples, factor).astype(np.float32)
    scale = len(sound) / len(motion.samples)
    old = frame_times(motion) * scale
    count = int((old[-1] - old[0]) * motion.frame_rate + 1e-6) + 1
    times = old[0] + np.arange(count) / motion.frame_rate
    at = np.interp(times, old, np.arange(len(old)))
    low, high = np.floor(at).astype(int), np.ceil(at).astype(int)
    share = (at - low)[:, None]
    segments = tuple(Segment(s.phone, s.start * scale, s.end * scale) for s in motion.segments)
    pose = motion.coefficients[low] * (1 - share) + motion.coefficients[high] * share
    pose = sealed(face.lips, pose.astype(np.float32), contact_share(segments, times, BILABIALS))
    touch = motion.touch
    return replace(
        motion,
        samples=sound,
        start=float(old[0]),
        coefficients=pose,
        valid=motion.valid[low] & motion.valid[high],
        segments=segments,
        touch=None if touch is None else touch[low] * (1 - share) + touch[high] * share,
    )
