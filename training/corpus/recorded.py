"""Recordings with their texts as spoken lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from training.corpus.alignment_quality import alignment_fault
from training.corpus.phones import SILENCE, Segment
from training.corpus.spoken_line import SpokenLine
from training.corpus.spoken_text import without_remarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.corpus.alignment import AlignedPhone, Aligner
    from training.corpus.espeak import Espeak


class Pronouncer:
    """How the words of another language are said, as espeak-ng says them."""

    def __init__(self, espeak: Espeak, language: str) -> None:
        """Take the library and one of its language codes."""
        self._espeak, self.language = espeak, language
        self._known: dict[str, list[str]] = {}

    def words(self, text: str) -> list[list[str]]:
        """Return the phones of each word, or nothing where one cannot be said; brackets hold remarks."""
        plain = re.sub(r"[^\w']", " ", without_remarks(text))
        said = [self._phones(word) for word in plain.split()]
        return said if all(said) else []

    def _phones(self, word: str) -> list[str]:
        if word not in self._known:
            line = self._espeak.speak(word, self.language, np.random.default_rng(0))
            self._known[word] = [s.phone for s in line.segments if s.phone != SILENCE] if line else []
        return self._known[word]


def recorded_line(
    aligner: Aligner,
    samples: NDArray[np.float32],
    text: str,
    *,
    name: str,
    voice: str,
    pronouncer: Pronouncer | None = None,
) -> tuple[SpokenLine | None, str]:
    """Return a recording with its phones, or None and why they could not be found or believed.

    Args:
        aligner: Finds the phones.
        samples: [N] the recording, 16 kHz.
        text: What is said.
        name: Of the line.
        voice: Who speaks.
        pronouncer: Of its language; None for English.
    """
    phones = (
        aligner.align(samples, text)
        if pronouncer is None
        else aligner.align_said(samples, pronouncer.words(text))
    )
    language = "en" if pronouncer is None else pronouncer.language
    return aligned_line(phones, samples, name, voice, "real", language)


def aligned_line(  # noqa: PLR0917 - what a line is made of
    phones: Sequence[AlignedPhone] | None,
    samples: NDArray[np.float32],
    name: str,
    voice: str,
    engine: str,
    language: str,
) -> tuple[SpokenLine | None, str]:
    """Return a line of the phones that were found, or None and why they cannot be believed.

    Args:
        phones: Of the whole sound; None where none were found.
        samples: [N] the sound, 16 kHz.
        name: Of the line.
        voice: As in `SpokenLine`.
        engine: Likewise.
        language: Likewise.
    """
    if phones is None:
        return None, "no alignment"
    fault = alignment_fault(phones, samples)
    if fault:
        return None, fault
    segments = tuple(Segment(p.phone, p.start, p.end) for p in phones)
    return SpokenLine(name, samples, segments, voice, engine, language), ""
