"""Sentences of our own in other languages, so that mouths follow sounds that English lacks.

`texts/CODE.txt` holds one text a line: sentences, "+" and a phrase to combine with others and with numbers,
or "-" and a sentence that only tests use.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_FOLDER = Path(__file__).with_name("texts")
#: Codes of espeak-ng, by which the texts are named.
LANGUAGES = tuple(sorted(path.stem for path in _FOLDER.glob("*.txt")))
#: Here digits are tones.
_NO_NUMBERS = ("cmn-latn-pinyin",)
#: Share of plain sentences; the rest are phrases in a row, half of them with numbers.
_PLAIN_SHARE = 0.5


def training_sentences(language: str) -> tuple[str, ...]:
    """Return whole sentences in a language."""
    return tuple(line for line in _lines(language) if line[0] not in "+-")


def kept_out_sentences(language: str) -> tuple[str, ...]:
    """Return the sentences that only tests use."""
    return _marked(language, "-")


def make_other_sentence(language: str, rng: np.random.Generator) -> str:
    """Return a sentence, or a few phrases and numbers in a row.

    Args:
        language: A member of `LANGUAGES`.
        rng: Source of the choice.
    """
    sentences, phrases = training_sentences(language), _marked(language, "+")
    if rng.random() < _PLAIN_SHARE:
        return sentences[rng.integers(len(sentences))]
    parts = [phrases[i] for i in rng.choice(len(phrases), int(rng.integers(2, 5)), replace=False)]
    if language not in _NO_NUMBERS and rng.random() < 0.5:  # noqa: PLR2004 - half of them
        parts += [str(rng.integers(1, 10 ** int(rng.integers(1, 5)))) for _ in range(2)]
        rng.shuffle(parts)
    return ", ".join(parts) + "."


@cache
def _lines(language: str) -> tuple[str, ...]:
    return tuple((_FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines())


def _marked(language: str, mark: str) -> tuple[str, ...]:
    return tuple(line[1:].strip() for line in _lines(language) if line.startswith(mark))
