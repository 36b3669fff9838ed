"""Spoken lines as files: NAME.flac with the sound and NAME.tsv with the phones, both there or none counts."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from training.corpus.phones import read_phones, write_phones
from training.corpus.spoken_line import SAMPLE_RATE, SpokenLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FULL_SCALE = 32768


def as_stored(line: SpokenLine) -> SpokenLine:
    """Return a line as reading it back gives it: 16 bits, times in tenths of milliseconds."""
    samples = (_sixteen_bits(line) / np.float32(_FULL_SCALE)).astype(np.float32)
    times = [(round(s.start, 4), round(s.end, 4)) for s in line.segments]
    segments = (replace(s, start=a, end=b) for s, (a, b) in zip(line.segments, times, strict=True))
    return replace(line, samples=samples, segments=tuple(segments))


def save_line(folder: Path, line: SpokenLine) -> None:
    """Write a line's two files; the table comes last and under its own name only when it is whole."""
    sound, table = folder / f"{line.name}.flac", folder / f"{line.name}.tsv"
    _then_rename(sound, lambda path: soundfile.write(path, _sixteen_bits(line), SAMPLE_RATE, format="FLAC"))
    _then_rename(table, lambda path: write_phones(path, {line.name: line.segments}))


def load_line(folder: Path, name: str, *, voice: str, engine: str, language: str) -> SpokenLine | None:
    """Read a line that `save_line` wrote; None where it is not whole.

    Args:
        folder: Holds the two files.
        name: Of the line.
        voice: As in `SpokenLine`; not in the files.
        engine: Likewise.
        language: Likewise.
    """
    sound, table = folder / f"{name}.flac", folder / f"{name}.tsv"
    if not (sound.is_file() and table.is_file()):
        return None
    try:
        samples, rate = soundfile.read(sound, dtype="float32")
    except soundfile.LibsndfileError:
        return None
    segments = read_phones(table).get(name, [])
    if rate != SAMPLE_RATE or not segments:
        return None
    return SpokenLine(name, samples, tuple(segments), voice, engine, language)


def _sixteen_bits(line: SpokenLine) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    scaled = np.round(line.samples.astype(np.float64) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def _then_rename(path: Path, write: Callable[[Path], None]) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    write(unfinished)
    unfinished.replace(path)
