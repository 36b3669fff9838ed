"""When each phone of a recording with a known English text is said: forced alignment by PocketSphinx."""

from __future__ import annotations

import itertools
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pocketsphinx import Config, Decoder, get_model_path

from training.corpus.flite import flite_available
from training.corpus.phones import SILENCE, known_phones
from training.corpus.spoken_line import SAMPLE_RATE
from training.corpus.spoken_text import spoken_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: PocketSphinx counts frames of 10 ms; the border before frame i lies at 10 i + 7.8 ms, halfway between the
#: centres of two windows of 25.6 ms.
FRAME, FIRST_BORDER = 0.01, 0.0078
#: Silence added on both sides (s), and noise on it (of 32768), as the decoder stumbles over true zeros.
PAD, DITHER = 0.2, 3.0
#: Pauses between words shorter than this many frames are not kept.
SHORTEST_PAUSE = 4
_LINE_NUMBERS = itertools.count()
_NARROW: dict[str, float] = {"silprob": 0.1}
_WIDE = _NARROW | {"beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80}


@dataclass(frozen=True)
class AlignedPhone:
    """One phone, as found.

    Attributes:
        phone: A member of `PHONES`.
        start: Seconds.
        end: Seconds.
        score: Mean acoustic score of its frames; about -20 is usual, under -60 bad.
    """

    phone: str
    start: float
    end: float
    score: float


class Aligner:
    """PocketSphinx with its English model and dictionary; words that it lacks are asked of flite.

    Other languages can be aligned by telling how their words are said; English phones come near enough.
    """

    def __init__(self) -> None:
        """Load the model; the second decoder, with wider beams, only once a line needs it."""
        self._narrow = _decoder(_NARROW)
        self._wide: Decoder | None = None
        self._names: dict[tuple[str, ...], str] = {}

    def align(self, samples: NDArray[np.float32], text: str) -> list[AlignedPhone] | None:
        """Return the phones of a recording without gaps, or None where no path through it was found.

        Args:
            samples: [N] 16 kHz, full scale 1.
            text: What is said.
        """
        return self._align(samples, dict.fromkeys(spoken_words(text), ()), spoken_words(text))

    def align_said(
        self, samples: NDArray[np.float32], said: Sequence[Sequence[str]]
    ) -> list[AlignedPhone] | None:
        """Return the phones of a recording as `align` does, by how each of its words is said.

        Args:
            samples: [N] 16 kHz, full scale 1.
            said: The phones of each word, members of `PHONES`.
        """
        names = [self._names.setdefault(tuple(word), f"saidword{len(self._names)}") for word in said]
        return self._align(samples, {n: tuple(word) for n, word in zip(names, said, strict=True)}, names)

    def _align(
        self, samples: NDArray[np.float32], pronunciations: dict[str, tuple[str, ...]], words: Sequence[str]
    ) -> list[AlignedPhone] | None:
        if not words:
            return None
        raw = _padded(samples)
        found = _align(self._narrow, raw, pronunciations, words)
        if found is None:
            self._wide = self._wide or _decoder(_WIDE)
            found = _align(self._wide, raw, pronunciations, words)
        return None if found is None else list(_between(found, len(samples) / SAMPLE_RATE))


def _decoder(settings: dict[str, float]) -> Decoder:
    return Decoder(
        Config(
            hmm=get_model_path("en-us/en-us"),
            dict=get_model_path("en-us/cmudict-en-us.dict"),
            lm=None,
            samprate=float(SAMPLE_RATE),
            loglevel="FATAL",
            **settings,
        )
    )


def _padded(samples: NDArray[np.float32]) -> bytes:
    silence = np.zeros(int(PAD * SAMPLE_RATE))
    sound = np.concatenate([silence, samples.astype(np.float64) * 32767, silence])
    sound += np.random.default_rng(0).normal(0, DITHER, len(sound))
    return bytes(np.clip(sound, -32768, 32767).astype("<i2").tobytes())


def _run(decoder: Decoder, raw: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()


def _reads(decoder: Decoder, raw: bytes, text: str) -> bool:
    """Follow a text through the sound and tell whether a way was found."""
    decoder.set_align_text(text)
    _run(decoder, raw)
    return decoder.hyp() is not None


def _align(
    decoder: Decoder, raw: bytes, pronunciations: dict[str, tuple[str, ...]], words: Sequence[str]
) -> list[AlignedPhone] | None:
    """Return phones by two passes: the first picks pronunciations and pauses, the second places the phones.

    The second pass gets the whole line as one word. Given the words as they are, it stays within the borders
    of the first pass and often finds no way.
    """
    if not all(_knows(decoder, word, phones) for word, phones in pronunciations.items()):
        return None
    try:
        phones = _phones_of_words(decoder) if _reads(decoder, raw, " ".join(words)) else []
        if not phones:
            return None
        line = f"wholeline{next(_LINE_NUMBERS)}"
        decoder.add_word(line, " ".join(phones), update=True)
        if not _reads(decoder, raw, line):
            return None
        decoder.set_alignment()
        _run(decoder, raw)
        return [_aligned(phone) for word in decoder.get_alignment() for phone in word]
    except RuntimeError:  # how the decoder says that it found no way
        return None


def _knows(decoder: Decoder, word: str, phones: Sequence[str]) -> bool:
    """Make sure that a word has a pronunciation: the given one, the dictionary's, or else flite's."""
    if decoder.lookup_word(word) is None:
        phones = phones or pronounce(word)
        if not phones:
            return False
        decoder.add_word(word, " ".join(phones), update=True)
    return True


def pronounce(word: str) -> list[str]:
    """Return the phones that flite would say; none where it is not installed."""
    if not flite_available():
        return []
    command = ["flite", "-voice", "rms", "-ps", "-t", word, "-o", "none"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [p for symbol in said.split() for p in known_phones(symbol) if p != SILENCE]


def _phones_of_words(decoder: Decoder) -> list[str]:
    phones: list[str] = []
    for part in decoder.seg():
        if part.word in ("<s>", "</s>", "(NULL)"):
            continue
        if re.match(r"<sil>|\+\+|\[", part.word):
            long = part.end_frame - part.start_frame >= SHORTEST_PAUSE
            if phones and phones[-1] != SILENCE and long:
                phones.append(SILENCE)
        else:
            phones += decoder.lookup_word(part.word).split()
    return phones[:-1] if phones[-1:] == [SILENCE] else phones


def _aligned(found: object) -> AlignedPhone:
    name, start = getattr(found, "name"), getattr(found, "start")  # noqa: B009 - the library has no types
    duration, score = getattr(found, "duration"), getattr(found, "score")  # noqa: B009 - likewise
    return AlignedPhone(
        name if name != "SIL" and name[:1].isalpha() else SILENCE,
        start * FRAME + FIRST_BORDER - PAD,
        (start + duration) * FRAME + FIRST_BORDER - PAD,
        score / max(1, duration),
    )


def _between(phones: Sequence[AlignedPhone], seconds: float) -> Iterator[AlignedPhone]:
    """Yield the phones within the recording, the first from its beginning and the last to its end."""
    last = len(phones) - 1
    for index, p in enumerate(phones):
        start = 0.0 if index == 0 else min(max(p.start, 0.0), seconds)
        end = seconds if index == last else min(max(p.end, 0.0), seconds)
        if end > start:
            yield AlignedPhone(p.phone, start, end, p.score)
