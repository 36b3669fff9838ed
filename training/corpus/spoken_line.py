"""One line of speech with its phones, whatever spoke it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.corpus.phones import Segment

#: Hertz; of every line.
SAMPLE_RATE = 16000


@dataclass(frozen=True, eq=False)
class SpokenLine:
    """Speech and what is said in it.

    Attributes:
        name: Unique in its corpus, and fit for a file name.
        samples: [N] float32, 16 kHz, mono.
        segments: Its phones and pauses, in order.
        voice: Which voice spoke.
        engine: What made it: "espeak", "flite", "festival", or "real" for a recording.
        language: Code of its language, such as "en" or "pt-br".
    """

    name: str
    samples: NDArray[np.float32]
    segments: tuple[Segment, ...]
    voice: str
    engine: str
    language: str = "en"

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / SAMPLE_RATE
