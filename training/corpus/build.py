"""Builds a corpus of spoken lines by plan, and keeps it in a folder, so that the next build only reads it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from training.corpus.espeak import Espeak
from training.corpus.festival_voices import FESTIVAL_VOICES
from training.corpus.kokoro_source import KokoroSource
from training.corpus.line_files import as_stored, load_line, save_line
from training.corpus.prompts import ABROAD, read_prompts, training_prompts
from training.corpus.sentences_other import LANGUAGES
from training.corpus.sources import (
    APT,
    EspeakAbroad,
    EspeakEnglish,
    Festival,
    FestivalAbroad,
    Flite,
    Reader,
    Recorded,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.corpus.sources import LineId, Source
    from training.corpus.spoken_line import SpokenLine

ENGINES = ("espeak", "flite", "festival", "real", "kokoro")
#: Shares of the English minutes; espeak-ng gets the rest, and all where it is alone.
ENGLISH_SHARES = {"real": 0.22, "flite": 0.22, "festival": 0.18}
#: How much of the other languages is recorded speech, where there is any of them.
RECORDED_ABROAD_SHARE = 0.35
#: How much of the rest of them festival says, where it knows any of them.
FESTIVAL_ABROAD_SHARE = 0.45
#: Count up when voices, texts or manners change: older folders then hold other lines.
VERSION = 5
#: Lines that are made and saved together; shorter ones are left out (s).
BLOCK, SHORTEST = 24, 0.3


@dataclass(frozen=True)
class CorpusPlan:
    """What to build. The same plan gives the same lines; a longer one has those of a shorter one.

    Attributes:
        minutes: How much speech; less where only recordings are asked for and they end.
        engines: Members of `ENGINES`.
        seed: Of texts, manners and order.
        languages: Other languages, by espeak-ng's codes; none leaves all to English.
        english_share: How much is English where there are others.
        reader_minutes: How much of the Russian man who reads (`russian_reader`) comes on top of `minutes`;
            none without the engine "real", and 89 are there.
        kokoro_minutes: How much by Kokoro comes on top of that; none without the engines "kokoro" and
            "espeak", which tells it how words sound.
    """

    minutes: float
    engines: tuple[str, ...] = ENGINES
    seed: int = 0
    languages: tuple[str, ...] = LANGUAGES
    english_share: float = 0.6
    reader_minutes: float = 0.0
    kokoro_minutes: float = 0.0

    def __post_init__(self) -> None:
        """Check the names.

        Raises:
            LipwrightError: An engine or language is unknown, or there is no engine.
        """
        for kind, given, known in (
            ("engine", self.engines, ENGINES),
            ("language", self.languages, LANGUAGES),
        ):
            wrong = [name for name in given if name not in known]
            if wrong:
                raise LipwrightError(
                    f"the corpus plan names the {kind} {wrong[0]}; choose from {', '.join(known)}"
                )
        if not self.engines:
            raise LipwrightError(f"the corpus plan names no engine; choose from {', '.join(ENGINES)}")


@dataclass
class _Shelf:
    """A folder of lines, and which could not be made."""

    folder: Path
    rejected: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, plan: CorpusPlan) -> _Shelf:
        """Open or make the folder of a plan's seed."""
        own = folder / f"corpus-{VERSION}-seed-{plan.seed}"
        try:
            own.mkdir(parents=True, exist_ok=True)
            manifest = own / "manifest.json"
            known = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        except (OSError, ValueError) as error:
            raise LipwrightError(
                f"{own} cannot be used as a corpus ({error}); remove it or name another"
            ) from error
        return cls(own, dict(known.get("rejected", {})))

    def lines(self, source: Source, ids: list[LineId]) -> Iterator[SpokenLine]:
        """Yield those of the lines that there are, making what is missing."""
        found = {
            i.name: load_line(self.folder, i.name, voice=i.voice, engine=i.engine, language=i.language)
            for i in ids
            if i.name not in self.rejected
        }
        missing = [i for i in ids if i.name in found and found[i.name] is None]
        for line_id, (line, why) in zip(missing, source.make(missing) if missing else [], strict=True):
            if line is None or line.seconds < SHORTEST:
                self.rejected[line_id.name] = why or "too short"
            else:
                found[line_id.name] = as_stored(line)
                save_line(self.folder, line)
        yield from (line for line in (found.get(i.name) for i in ids) if line is not None)

    def write_manifest(self, lines: list[SpokenLine]) -> None:
        """Write what is in the corpus, for people, and what could not be made, for the next build."""
        document = {
            "lines": [
                {"name": x.name, "engine": x.engine, "voice": x.voice, "language": x.language}
                | {"seconds": round(x.seconds, 3)}
                for x in lines
            ],
            "rejected": self.rejected,
        }
        unfinished = self.folder / f"manifest.json.{os.getpid()}.part"
        unfinished.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(self.folder / "manifest.json")


def build_corpus(
    plan: CorpusPlan, folder: Path, progress: Callable[[float, float], None] | None = None
) -> list[SpokenLine]:
    """Return the lines of a plan; two hours take two or three minutes on one core, and seconds when kept.

    Args:
        plan: What to build.
        folder: Where lines are kept; a build that was stopped goes on from there.
        progress: Told the seconds of speech that are ready and the seconds planned.

    Raises:
        LipwrightError: A synthesiser or a package is missing, or the folder cannot be used.
    """
    espeak = _espeak() if "espeak" in plan.engines else None
    groups = _sources(plan, espeak), _reader(plan), _kokoro(plan, espeak)
    shelf = _Shelf.open(folder, plan)
    planned = sum(seconds for sources in groups for _, seconds in sources)
    lines: list[SpokenLine] = []
    ready = 0.0
    for sources in groups:
        due = ready
        for source, seconds in sources:
            due += seconds  # what a source that ended early owes, the next one of its group gives
            for line in _fill(shelf, source, due - ready):
                lines.append(line)
                ready += line.seconds
                if progress is not None:
                    progress(ready, planned)
            shelf.write_manifest(lines)
    return lines


def _fill(shelf: _Shelf, source: Source, seconds: float) -> Iterator[SpokenLine]:
    """Yield a source's lines until they last as long as asked."""
    first = 0
    while seconds > 0 and (source.count is None or first < source.count):
        last = first + BLOCK if source.count is None else min(first + BLOCK, source.count)
        for line in shelf.lines(source, [source.line_id(i) for i in range(first, last)]):
            if seconds > 0:
                yield line
            seconds -= line.seconds
        first = last


def _sources(plan: CorpusPlan, espeak: Espeak | None) -> list[tuple[Source, float]]:
    """Return the plan's sources and how many seconds each gives."""
    abroad = plan.languages if espeak else ()
    english = plan.minutes * 60 * (plan.english_share if abroad else 1.0)
    shares = {name: share for name, share in ENGLISH_SHARES.items() if name in plan.engines}
    if espeak is None:
        shares = {name: share / sum(shares.values()) for name, share in shares.items()}
    sources: list[tuple[Source, float]] = []
    if "real" in shares:
        sources.append((Recorded(plan.seed, training_prompts()), english * shares["real"]))
    if espeak is not None:
        sources.append((EspeakEnglish(plan.seed, espeak), english * (1 - sum(shares.values()))))
    if "flite" in shares:
        sources.append((Flite(plan.seed), english * shares["flite"]))
    if "festival" in shares:
        sources.append((Festival(plan.seed), english * shares["festival"]))
    if espeak is not None and abroad:
        seconds = plan.minutes * 60 - english
        recorded = [r for r in ABROAD if r.language in abroad] if "real" in plan.engines else []
        if recorded:
            prompts = [prompt for recordings in recorded for prompt in read_prompts(recordings)]
            sources.append((Recorded(plan.seed, prompts, espeak), seconds * RECORDED_ABROAD_SHARE))
            seconds *= 1 - RECORDED_ABROAD_SHARE
        if "festival" in shares and any(voice.language in abroad for voice in FESTIVAL_VOICES.values()):
            sources.append((FestivalAbroad(plan.seed, abroad), seconds * FESTIVAL_ABROAD_SHARE))
            seconds *= 1 - FESTIVAL_ABROAD_SHARE
        sources.append((EspeakAbroad(plan.seed, espeak, abroad), seconds))
    return sources


def _reader(plan: CorpusPlan) -> list[tuple[Source, float]]:
    """Return what comes on top of the plan's minutes, whatever the others give."""
    if plan.reader_minutes <= 0 or "real" not in plan.engines:
        return []
    return [(Reader(plan.seed), plan.reader_minutes * 60)]


def _kokoro(plan: CorpusPlan, espeak: Espeak | None) -> list[tuple[Source, float]]:
    """Likewise, of natural voices."""
    if plan.kokoro_minutes <= 0 or "kokoro" not in plan.engines or espeak is None:
        return []
    return [(KokoroSource(plan.seed, espeak), plan.kokoro_minutes * 60)]


def _espeak() -> Espeak:
    try:
        return Espeak()
    except OSError as error:
        raise LipwrightError(f"espeak-ng is not installed; install it {APT} espeak-ng") from error
