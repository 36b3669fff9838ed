"""Recordings with their texts as spoken lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.corpus.alignment_quality import alignment_fault
from training.corpus.phones import Segment
from training.corpus.spoken_line import SpokenLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.corpus.alignment import Aligner


def recorded_line(
    aligner: Aligner, samples: NDArray[np.float32], text: str, name: str, voice: str
) -> tuple[SpokenLine | None, str]:
    """Return a recording with its phones, or None and why they could not be found or believed.

    Args:
        aligner: Finds the phones.
        samples: [N] the recording, 16 kHz.
        text: What is said, in English.
        name: Of the line.
        voice: Who speaks.
    """
    phones = aligner.align(samples, text)
    if phones is None:
        return None, "no alignment"
    fault = alignment_fault(phones, samples)
    if fault:
        return None, fault
    segments = tuple(Segment(p.phone, p.start, p.end) for p in phones)
    return SpokenLine(name, samples, segments, voice, "real"), ""
