"""Speech to test with: none of it is trained on, and its phones are known."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from inference.errors import LipwrightError
from training.corpus.alignment import Aligner
from training.corpus.espeak import Espeak
from training.corpus.festival import speak_with_festival
from training.corpus.festival_voices import FESTIVAL_PACKAGES, festival_voices
from training.corpus.flite import flite_available, speak_with_flite
from training.corpus.game_dialogue import CHOOSING, TESTED, game_lines
from training.corpus.prompts import ENGLISH, KEPT_OUT_VOICE, kept_out_prompts, read_prompts
from training.corpus.recorded import Pronouncer, recorded_line
from training.corpus.russian_reader import kept_out_passages, reader_line
from training.corpus.sentences_other import LANGUAGES, kept_out_sentences
from training.corpus.sources import APT, generator
from training.corpus.spoken_line import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from training.corpus.spoken_line import SpokenLine

#: What synthesisers say in tests; no four words in a row of these are in what training may say.
SENTENCES = (
    "Pam bumped her elbow against the pantry door.",
    "A dozen plump robins hopped along the frozen pipe.",
    "Both twins have moved away from Birmingham.",
    "The museum opens at eleven except in February.",
    "Could we borrow that ladder until Wednesday?",
    "Somewhere upstairs a violin was being tuned.",
    "Beware of bumblebees in the raspberry bushes.",
    "Mister Webb proved that the lamp was never plugged in.",
    "Young George enjoys fresh juice and ginger biscuits.",
    "If only the weather would improve before the wedding!",
    "Those leather gloves belong to Thelma, not to Ruth.",
    "Humphrey wrapped up the painting in bubble foil.",
    "Eat your peas, said Grandpa, and then you may leave.",
    "Sure, I'll show you which washing machine vibrates.",
    "Captain Bloom's parrot mimics every ambulance.",
    "Yellow leaves floated past our window all afternoon.",
    "Imagine a world without maps, lamps or stamps.",
    "Her poem about Bombay won the first prize abroad.",
    "Half a mile below, the tram stopped abruptly.",
    "Who put peppermint in my mashed potatoes?",
    "Why not park beside the old pump house?",
    "An amber bead rolled beneath the wardrobe.",
    "Forty ships were sunk off the northern coast.",
    "Hush, the baby has just fallen asleep.",
)
#: Without kal16, whose phones end up to 0.13 s after its sound.
FLITE_TEST_VOICES = ("rms", "slt", "awb")
#: Voices of espeak-ng that training never hears.
ESPEAK_TEST_VOICES = (
    *(
        "en-gb-x-gbclan",
        "en-gb-x-gbcwmd",
        "en-us+Mario",
        "en-gb+grandpa",
        "en-us+paul",
        "en-gb-x-gbclan+caleb",
    ),
    *("en-us+norbert", "en-us+m8"),
)
#: Of the prompts of the voice that training never hears, this many make one that tests use.
KEPT_EVERY = 3
#: Of a game's lines, this many make one that tests use, or that settings are chosen with, if it lasts this
#: long (s).
GAME_EVERY, CHOOSING_EVERY, SHORTEST_GAME_LINE = 16, 6, 1.5
#: Seed of all manners of speaking in tests.
SEED = 20177


def prompts() -> list[SpokenLine]:
    """Return the kept-out recorded prompts: 3.7 minutes of one woman, aligned in ten seconds, once a process.

    Raises:
        LipwrightError: They are not installed.
    """
    return list(_prompts())


@cache
def _prompts() -> tuple[SpokenLine, ...]:
    aligner = Aligner()
    lines = (
        recorded_line(aligner, p.read(), p.text, name=f"prompt {p.name}", voice=ENGLISH.voice)[0]
        for p in kept_out_prompts()
    )
    return tuple(line for line in lines if line is not None)


def unheard_voice() -> list[SpokenLine]:
    """Return recorded prompts of a man whom training never hears: four minutes of Italian, once a process.

    Raises:
        LipwrightError: They, or espeak-ng, are not installed.
    """
    return list(_unheard_voice())


@cache
def _unheard_voice() -> tuple[SpokenLine, ...]:
    aligner, whose = Aligner(), KEPT_OUT_VOICE
    pronouncer = Pronouncer(_espeak(), whose.language)
    lines: list[SpokenLine] = []
    for p in read_prompts(whose)[::KEPT_EVERY]:
        who = {"name": f"{whose.voice} {p.name}", "voice": whose.voice}
        line, _ = recorded_line(aligner, p.read(), p.text, **who, pronouncer=pronouncer)
        lines += [] if line is None else [line]
    return tuple(lines)


def game_dialogue() -> list[SpokenLine]:
    """Return lines of a game, acted in Czech by people whom training never hears, once a process.

    Raises:
        LipwrightError: The game's recordings, or espeak-ng, are not installed.
    """
    return list(_game_dialogue(TESTED, GAME_EVERY))


def other_cast() -> list[SpokenLine]:
    """Return lines of the same game by its Dutch cast, to choose settings with; they never train.

    Raises:
        LipwrightError: As `game_dialogue`.
    """
    return list(_game_dialogue(CHOOSING, CHOOSING_EVERY))


@cache
def _game_dialogue(language: str, every: int) -> tuple[SpokenLine, ...]:
    aligner, pronouncer = Aligner(), Pronouncer(_espeak(), language)
    lines: list[SpokenLine] = []
    for game_line in game_lines(language)[::every]:
        samples = np.asarray(read_audio(game_line.path).samples, np.float32)
        if len(samples) < SHORTEST_GAME_LINE * SAMPLE_RATE:
            continue
        who = {"name": f"game {game_line.name}", "voice": game_line.character}
        line, _ = recorded_line(aligner, samples, game_line.text, **who, pronouncer=pronouncer)
        lines += [] if line is None else [line]
    return tuple(lines)


def reader() -> list[SpokenLine]:
    """Return the kept-out passages of the Russian man who reads: eight minutes, read once a process.

    Raises:
        LipwrightError: They are not installed.
    """
    return list(_reader())


@cache
def _reader() -> tuple[SpokenLine, ...]:
    lines = (reader_line(passage, f"reader {passage.name}")[0] for passage in kept_out_passages())
    return tuple(line for line in lines if line is not None)


def ljspeech(data: Path) -> list[SpokenLine]:
    """Return the lines of LJ Speech that have transcripts, aligned: eight, by one woman.

    Args:
        data: The folder of test data, with `speech/ljspeech` in it.

    Raises:
        LipwrightError: The lines or their transcripts are not there.
    """
    return list(_ljspeech(data))


@cache
def _ljspeech(data: Path) -> tuple[SpokenLine, ...]:
    folder = data / "speech" / "ljspeech"
    table = folder / "transcripts.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            texts = dict(row[:2] for row in csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE) if row)
    except (OSError, ValueError) as error:
        raise LipwrightError(
            f"{table} is no table of names and texts ({error}); name the folder of test data"
        ) from error
    aligner = Aligner()
    lines = []
    for name, text in texts.items():
        samples = np.asarray(read_audio(folder / f"{name}.wav").samples, np.float32)
        lines.append(recorded_line(aligner, samples, text, name=name, voice="LJ")[0])
    return tuple(line for line in lines if line is not None)


def engine_lines(engine: str) -> list[SpokenLine]:
    """Return 24 English lines of a synthesiser; those of espeak-ng in voices that training never hears.

    Args:
        engine: "espeak", "flite" or "festival".

    Raises:
        LipwrightError: The synthesiser is unknown or not installed.
    """
    if engine not in _ENGINES:
        raise LipwrightError(f"{engine} is no synthesiser to test with; choose from {', '.join(_ENGINES)}")
    return _ENGINES[engine]()


def other_language_lines() -> list[SpokenLine]:
    """Return two lines of espeak-ng in each of the other languages, of texts that only tests use.

    Raises:
        LipwrightError: espeak-ng is not installed.
    """
    espeak = _espeak()
    pairs = [(language, text) for language in LANGUAGES for text in kept_out_sentences(language)]
    return _spoken(
        [text for _, text in pairs],
        [language for language, _ in pairs],
        "test espeak abroad",
        espeak.speak,
    )


def _spoken(
    texts: Sequence[str],
    voices: Sequence[str],
    name: str,
    speak: Callable[[str, str, np.random.Generator], SpokenLine | None],
) -> list[SpokenLine]:
    """Return the texts spoken, the voices taking turns."""
    lines = []
    for index, text in enumerate(texts):
        own = f"{name} {index}"
        line = speak(text, voices[index % len(voices)], generator(SEED, own))
        lines += [] if line is None else [replace(line, name=own)]
    return lines


def _espeak() -> Espeak:
    try:
        return Espeak()
    except OSError as error:
        raise LipwrightError(f"espeak-ng is not installed; install it {APT} espeak-ng") from error


def _espeak_lines() -> list[SpokenLine]:
    return _spoken(SENTENCES, ESPEAK_TEST_VOICES, "test espeak", _espeak().speak)


def _flite_lines() -> list[SpokenLine]:
    if not flite_available():
        raise LipwrightError(f"flite is not installed; install it {APT} flite")
    return _spoken(SENTENCES, FLITE_TEST_VOICES, "test flite", speak_with_flite)


def _festival_lines() -> list[SpokenLine]:
    voices = festival_voices()
    if not voices:
        raise LipwrightError(f"festival or its voices are not installed; install {APT} {FESTIVAL_PACKAGES}")
    lines: list[SpokenLine] = []
    for first, voice in enumerate(voices):
        texts = SENTENCES[first :: len(voices)]
        names = [f"test festival {voice} {index}" for index in range(len(texts))]
        spoken = speak_with_festival(texts, voice, [generator(SEED, name) for name in names])
        lines += [replace(line, name=n) for n, line in zip(names, spoken, strict=True) if line is not None]
    return lines


_ENGINES = {"espeak": _espeak_lines, "flite": _flite_lines, "festival": _festival_lines}
