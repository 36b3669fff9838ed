"""The lines that Kokoro says: English in many voices, five other languages in those of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from training.corpus.kokoro import Kokoro, KokoroRequest
from training.corpus.kokoro_phones import kokoro_line, symbol_numbers
from training.corpus.kokoro_voices import VOICE_FOLDER, kokoro_voices, language_of
from training.corpus.recorded import aligned_line
from training.corpus.sentences_english import make_sentence
from training.corpus.sentences_other import make_other_sentence
from training.corpus.sources import LineId, generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.corpus.alignment import Aligner
    from training.corpus.espeak import Espeak
    from training.corpus.spoken_line import SpokenLine

#: How often a line is spoken by somebody between two voices, and how much of the first one is in that.
BETWEEN_SHARE, SHARES = 0.5, (0.3, 0.7)
#: How many times as fast as usual.
SPEEDS = (0.8, 1.3)
NAME = "kokoro"


class KokoroSource:
    """Lines by Kokoro, without end."""

    count = None

    def __init__(self, seed: int, espeak: Espeak, folder: Path = VOICE_FOLDER) -> None:
        """Look which voices are here.

        Args:
            seed: Of texts and manners.
            espeak: Tells how words sound.
            folder: Where the voices lie.

        Raises:
            LipwrightError: None is, or the model is not installed.
        """
        self._seed, self._espeak = seed, espeak
        self._voices = kokoro_voices(folder)
        if not self._voices:
            raise LipwrightError(
                f"{folder}: there are no voices of Kokoro; python build.py test fetches them"
            )
        self._folder = folder
        self._kokoro: Kokoro | None = None
        self._aligner: Aligner | None = None

    def line_id(self, index: int) -> LineId:
        """Return line `index`: the voices take turns."""
        voice = self._voices[index % len(self._voices)]
        return LineId(f"{NAME}-{index:05d}", voice, NAME, _code(language_of(voice)), index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak and align lines."""
        if self._kokoro is None or self._aligner is None:
            from training.corpus.alignment import Aligner  # noqa: PLC0415 - its model takes a second

            self._kokoro, self._aligner = Kokoro(self._folder), Aligner()
        asked = [self._asked(line_id) for line_id in ids]
        sounds = self._kokoro.speak_all([request for request, _ in asked if request is not None])
        return [self._heard(line_id, said, sounds) for line_id, (_, said) in zip(ids, asked, strict=True)]

    def _asked(self, line_id: LineId) -> tuple[KokoroRequest | None, list[list[str]]]:
        """Return what to say and its words' phones; None and no words where a sound of it is unknown."""
        rng = generator(self._seed, line_id.name)
        language = language_of(line_id.voice)
        english = line_id.language == "en"
        text = make_sentence(rng) if english else make_other_sentence(line_id.language, rng)
        spelled, said = kokoro_line(self._espeak, text, language)
        voices, share = self._between(line_id.voice, rng)
        symbols = symbol_numbers(spelled)
        if not said or not symbols:
            return None, []
        return KokoroRequest(symbols, voices, share, float(rng.uniform(*SPEEDS))), said

    def _between(self, voice: str, rng: np.random.Generator) -> tuple[tuple[str, ...], float]:
        """Return one voice, or as often two that speak its language, and the share of the first."""
        others = [v for v in self._voices if language_of(v) == language_of(voice) and v != voice]
        share = float(rng.uniform(*SHARES))
        if not others or rng.random() >= BETWEEN_SHARE:
            return (voice,), 1.0
        return (voice, others[int(rng.integers(len(others)))]), share

    def _heard(
        self, line_id: LineId, said: list[list[str]], sounds: Iterator[NDArray[np.float32]]
    ) -> tuple[SpokenLine | None, str]:
        if not said:
            return None, "unknown sound"
        assert self._aligner is not None  # noqa: S101 - `make` has loaded it
        samples = next(sounds)
        phones = self._aligner.align_said(samples, said)
        return aligned_line(phones, samples, line_id.name, line_id.voice, NAME, line_id.language)


def _code(language: str) -> str:
    """Return a language as lines name it: all that is English is "en"."""
    return "en" if language.startswith("en") else language
