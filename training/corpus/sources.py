"""Where the lines of a corpus come from: every source is a row of lines, endless or not, told by number."""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from inference.errors import LipwrightError
from training.corpus.espeak_voices import ESPEAK_VOICES, voices_of
from training.corpus.festival import speak_with_festival
from training.corpus.festival_voices import (
    FESTIVAL_PACKAGES,
    FESTIVAL_VOICES,
    festival_voices,
    festival_voices_abroad,
)
from training.corpus.flite import flite_available, speak_with_flite
from training.corpus.recorded import Pronouncer, recorded_line
from training.corpus.russian_labels import PACKAGE
from training.corpus.russian_reader import LANGUAGE, VOICE, reader_line, training_passages
from training.corpus.sentences_english import make_sentence
from training.corpus.sentences_other import make_other_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.corpus.alignment import Aligner
    from training.corpus.espeak import Espeak
    from training.corpus.prompts import Prompt
    from training.corpus.spoken_line import SpokenLine

APT = "as root with apt-get install -y --no-install-recommends"
#: Without kal16: its phones end up to 0.13 s after its sound.
_FLITE_ORDER = ("rms", "slt", "awb")


@dataclass(frozen=True)
class LineId:
    """Which line of a source.

    Attributes:
        name: Of the line.
        voice: Who speaks.
        engine: As in `SpokenLine`.
        language: Likewise.
        index: Its number in the source.
    """

    name: str
    voice: str
    engine: str
    language: str
    index: int


class Source(Protocol):
    """A row of lines that can be made."""

    @property
    def count(self) -> int | None:
        """How many lines there are; None where there is no end."""

    def line_id(self, index: int) -> LineId:
        """Return what line `index` will be."""

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Return the lines, or None and why there is none."""


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the source of every choice made for one line."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _named(line: SpokenLine | None, line_id: LineId) -> tuple[SpokenLine | None, str]:
    if line is None:
        return None, "not spoken"
    return replace(line, name=line_id.name), ""


class EspeakEnglish:
    """English by espeak-ng."""

    count = None

    def __init__(self, seed: int, espeak: Espeak) -> None:
        """Take the library, which there is one of in a process."""
        self._seed, self._espeak = seed, espeak

    def line_id(self, index: int) -> LineId:
        """Return line `index`: the voices take turns."""
        voice = ESPEAK_VOICES[index % len(ESPEAK_VOICES)]
        return LineId(f"espeak-en-{index:05d}", voice, "espeak", "en", index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak lines."""
        made = []
        for line_id in ids:
            rng = generator(self._seed, line_id.name)
            made.append(_named(self._espeak.speak(make_sentence(rng), line_id.voice, rng), line_id))
        return made


class EspeakAbroad:
    """Other languages by espeak-ng."""

    count = None

    def __init__(self, seed: int, espeak: Espeak, languages: Sequence[str]) -> None:
        """Take the library and the languages, by espeak-ng's codes."""
        self._seed, self._espeak, self._languages = seed, espeak, tuple(languages)

    def line_id(self, index: int) -> LineId:
        """Return line `index`: the languages take turns, then the voices of each."""
        turn, which = divmod(index, len(self._languages))
        language = self._languages[which]
        voices = voices_of(language)
        name = f"espeak-{language}-{turn:05d}"
        return LineId(name, voices[turn % len(voices)], "espeak", language, index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak lines."""
        made = []
        for line_id in ids:
            rng = generator(self._seed, line_id.name)
            text = make_other_sentence(line_id.language, rng)
            made.append(_named(self._espeak.speak(text, line_id.voice, rng), line_id))
        return made


class Flite:
    """English by flite."""

    count = None

    def __init__(self, seed: int) -> None:
        """Check that the program is here.

        Raises:
            LipwrightError: It is not.
        """
        if not flite_available():
            raise LipwrightError(f"flite is not installed; install it {APT} flite")
        self._seed = seed

    def line_id(self, index: int) -> LineId:
        """Return line `index`."""
        voice = _FLITE_ORDER[index % len(_FLITE_ORDER)]
        return LineId(f"flite-{index:05d}", voice, "flite", "en", index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak lines."""
        made = []
        for line_id in ids:
            rng = generator(self._seed, line_id.name)
            made.append(_named(speak_with_flite(make_sentence(rng), line_id.voice, rng), line_id))
        return made


class Festival:
    """English by festival."""

    count = None

    def __init__(self, seed: int) -> None:
        """Look which voices are here.

        Raises:
            LipwrightError: None is.
        """
        self._seed, self._voices = seed, _there(festival_voices())

    def line_id(self, index: int) -> LineId:
        """Return line `index`."""
        return _festival_line(self._voices, index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak lines, those of each voice in one run of the program."""
        return _spoken_by_festival(ids, self._seed, lambda _, rng: make_sentence(rng))


class FestivalAbroad:
    """Other languages by festival."""

    count = None

    def __init__(self, seed: int, languages: Sequence[str]) -> None:
        """Look which voices of the languages are here.

        Raises:
            LipwrightError: None is.
        """
        known = [voice for voice in festival_voices_abroad() if FESTIVAL_VOICES[voice].language in languages]
        self._seed, self._voices = seed, _there(known)

    def line_id(self, index: int) -> LineId:
        """Return line `index`."""
        return _festival_line(self._voices, index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Speak lines, those of each voice in one run of the program."""
        return _spoken_by_festival(ids, self._seed, make_other_sentence)


def _there(voices: Sequence[str]) -> tuple[str, ...]:
    if voices:
        return tuple(voices)
    lacking = "festival is" if shutil.which("festival") is None else "festival's voices are"
    raise LipwrightError(f"{lacking} not installed; install them {APT} {FESTIVAL_PACKAGES}")


def _festival_line(voices: Sequence[str], index: int) -> LineId:
    """Return line `index`: the voices take turns."""
    turn, which = divmod(index, len(voices))
    voice = voices[which]
    language = FESTIVAL_VOICES[voice].language
    return LineId(f"festival-{voice}-{turn:05d}", voice, "festival", language, index)


def _spoken_by_festival(
    ids: Sequence[LineId], seed: int, sentence: Callable[[str, np.random.Generator], str]
) -> list[tuple[SpokenLine | None, str]]:
    """Return lines of sentences in their languages."""
    made: dict[str, tuple[SpokenLine | None, str]] = {}
    for voice in dict.fromkeys(line_id.voice for line_id in ids):
        mine = [line_id for line_id in ids if line_id.voice == voice]
        generators = [generator(seed, line_id.name) for line_id in mine]
        texts = [sentence(i.language, rng) for i, rng in zip(mine, generators, strict=True)]
        lines = speak_with_festival(texts, voice, generators)
        made |= {i.name: _named(line, i) for i, line in zip(mine, lines, strict=True)}
    return [made[line_id.name] for line_id in ids]


class Recorded:
    """Recorded prompts, less those that only tests use, in an order of the seed's."""

    def __init__(self, seed: int, prompts: Sequence[Prompt], espeak: Espeak | None = None) -> None:
        """Shuffle the prompts.

        Args:
            seed: Of the order.
            prompts: Of one voice or several.
            espeak: Tells how words of other languages are said; not needed for English.
        """
        order = np.random.default_rng([seed, 0]).permutation(len(prompts))
        self._prompts = [prompts[i] for i in order]
        self._aligner: Aligner | None = None
        self._pronouncers = {
            p.recordings.language: Pronouncer(espeak, p.recordings.language)
            for p in prompts
            if espeak is not None and p.recordings.language != "en"
        }

    @property
    def count(self) -> int:
        """How many prompts there are."""
        return len(self._prompts)

    def line_id(self, index: int) -> LineId:
        """Return line `index`."""
        prompt = self._prompts[index]
        whose = prompt.recordings
        name = f"real-{whose.package}-{prompt.name.replace('/', '-')}"
        return LineId(name, whose.voice, "real", whose.language, index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Read and align lines."""
        if self._aligner is None:
            from training.corpus.alignment import Aligner  # noqa: PLC0415 - its model takes a second

            self._aligner = Aligner()
        made = []
        for line_id in ids:
            prompt, pronouncer = self._prompts[line_id.index], self._pronouncers.get(line_id.language)
            who = {"name": line_id.name, "voice": line_id.voice}
            sound = prompt.read()
            made.append(recorded_line(self._aligner, sound, prompt.text, **who, pronouncer=pronouncer))
        return made


class Reader:
    """The Russian man who reads, less what only tests use, in an order of the seed's."""

    def __init__(self, seed: int) -> None:
        """Shuffle the passages.

        Raises:
            LipwrightError: The package is not installed or damaged.
        """
        passages = training_passages()
        self._passages = [passages[i] for i in generator(seed, VOICE).permutation(len(passages))]

    @property
    def count(self) -> int:
        """How many passages there are."""
        return len(self._passages)

    def line_id(self, index: int) -> LineId:
        """Return line `index`."""
        return LineId(f"real-{PACKAGE}-{self._passages[index].name}", VOICE, "real", LANGUAGE, index)

    def make(self, ids: Sequence[LineId]) -> list[tuple[SpokenLine | None, str]]:
        """Read lines with their labels."""
        return [reader_line(self._passages[line_id.index], line_id.name) for line_id in ids]
