"""Speech that only measures: prompts kept out, LJSpeech, and sentences that no training line says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from inference.errors import LipwrightError
from training.corpus.espeak import Espeak
from training.corpus.festival import festival_voices, speak_with_festival
from training.corpus.flite import FLITE_VOICES, flite_available, speak_with_flite
from training.corpus.prompts import VOICE, kept_out_prompts
from training.corpus.recorded import recorded_line
from training.corpus.sources import generator

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from training.corpus.spoken_line import SpokenLine

#: What the engines say; the corpus's sentences are made of other words in another order.
KEPT_OUT_SENTENCES = (
    "Peter's brown pony stopped by the pump.",
    "Remember my number, Emma, or mumble it to Tom.",
    "Five vivid waves flooded over the farm gate.",
    "Both babies slept, but Pip woke up.",
    "Whoever chews this gum shall hear an awful sound.",
    "A cheap shoe shop opened at Bishop Street.",
    "You knew who threw blue glue at Sue.",
    "Empty the cup before Bob climbs up.",
    "The thin cat sat on the other path.",
    "Maple syrup makes plain pancakes perfect.",
    "How now, proud owl, out and about?",
    "Each evening we see three deer near here.",
)
ESPEAK_TEST_VOICES = ("en-us", "en-gb", "en-us+f3", "en-us+m4", "en-us+klatt2", "en-gb-scotland")
_SEED = 90210


def prompts() -> list[SpokenLine]:
    """Return the prompts of `kept_out_prompts.txt` whose alignment can be believed.

    Raises:
        LipwrightError: They are not installed.
    """
    return _aligned((p.name.replace("/", "-"), p.read(), p.text, VOICE) for p in kept_out_prompts())


def ljspeech(data: Path) -> list[SpokenLine]:
    """Return the transcribed lines of LJSpeech whose alignment can be believed.

    Args:
        data: Folder with `speech/ljspeech`.

    Raises:
        LipwrightError: They are not there.
    """
    folder = data / "speech" / "ljspeech"
    table = folder / "transcripts.csv"
    try:
        rows = [r.split("|", 1) for r in table.read_text(encoding="utf-8").splitlines() if "|" in r]
    except OSError as error:
        raise LipwrightError(
            f"{table}: cannot be read ({error.strerror}); name the data folder with LIPWRIGHT_DATA"
        ) from error
    return _aligned((name, _samples(folder / f"{name}.wav"), text, "LJSpeech") for name, text in rows)


def engine_lines(engine: str) -> list[SpokenLine]:
    """Return the kept-out sentences spoken by an engine's voices in turn.

    Args:
        engine: "espeak", "flite" or "festival".

    Raises:
        LipwrightError: The engine is unknown or not installed.
    """
    speakers = {"espeak": _espeak_lines, "flite": _flite_lines, "festival": _festival_lines}
    if engine not in speakers:
        raise LipwrightError(f"there is no engine called '{engine}'; choose from {', '.join(speakers)}")
    lines = [line for line in speakers[engine]() if line is not None]
    if not lines:
        raise LipwrightError(f"{engine} is not installed here; install it with apt-get install {engine}")
    return lines


def _samples(path: Path) -> NDArray[np.float32]:
    return np.asarray(read_audio(path).samples, np.float32)


def _aligned(recordings: Iterable[tuple[str, NDArray[np.float32], str, str]]) -> list[SpokenLine]:
    from training.corpus.alignment import Aligner  # noqa: PLC0415 - its model takes a second

    aligner = Aligner()
    lines = (
        recorded_line(aligner, samples, text, name, voice)[0] for name, samples, text, voice in recordings
    )
    return [line for line in lines if line is not None]


def _espeak_lines() -> list[SpokenLine | None]:
    try:
        espeak = Espeak()
    except OSError:
        return []
    voices = [ESPEAK_TEST_VOICES[i % len(ESPEAK_TEST_VOICES)] for i in range(len(KEPT_OUT_SENTENCES))]
    return [
        espeak.speak(text, voice, generator(_SEED, text))
        for text, voice in zip(KEPT_OUT_SENTENCES, voices, strict=True)
    ]


def _flite_lines() -> list[SpokenLine | None]:
    if not flite_available():
        return []
    return [
        speak_with_flite(text, FLITE_VOICES[i % len(FLITE_VOICES)], generator(_SEED, text))
        for i, text in enumerate(KEPT_OUT_SENTENCES)
    ]


def _festival_lines() -> list[SpokenLine | None]:
    voices = festival_voices()
    lines: list[SpokenLine | None] = []
    for number, voice in enumerate(voices):
        texts = KEPT_OUT_SENTENCES[number :: len(voices)]
        lines += speak_with_festival(texts, voice, [generator(_SEED, text) for text in texts])
    return lines
