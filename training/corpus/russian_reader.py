"""A Russian man reading a novel: the recordings and labels of Debian's festvox-ru, by Nickolay V. Shmyrev.

An hour and a half of one natural voice, recorded for a synthesiser, labelled phone by phone, under a
licence like BSD's. Recordings whose number is a multiple of `KEPT_OUT_EVERY` are for tests alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import AudioFile, read_audio
from inference.errors import LipwrightError
from training.corpus.alignment_quality import has_loud_stop, timing_fault
from training.corpus.phones import SILENCE, Segment
from training.corpus.russian_labels import MEND, PACKAGE, read_labels
from training.corpus.spoken_line import SAMPLE_RATE, SpokenLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")
VOICE, LANGUAGE = "Nsh", "ru"
#: Every so many-th recording is only tested on.
KEPT_OUT_EVERY = 12
#: Recordings are cut within pauses of at least this length, into passages of at least that length (s).
PAUSE_TO_CUT, SHORTEST_PASSAGE = 0.16, 3.0
#: No recording is longer (s), and none goes on for longer after its labels end (s).
_LONGEST, _LONGEST_REST = 60.0, 0.1


@dataclass(frozen=True)
class Passage:
    """A part of a recording between two pauses.

    Attributes:
        recording: Name of the recording's files, without their endings.
        number: Of the part, from 0.
        segments: Its phones and pauses without gaps, in seconds from the recording's beginning.
        last: Whether the recording ends with it.
    """

    recording: str
    number: int
    segments: tuple[Segment, ...]
    last: bool

    @property
    def name(self) -> str:
        """Unique among the passages."""
        return f"{self.recording}-{self.number}"


def reader_available() -> bool:
    """Tell whether the recordings and labels are installed."""
    return (FOLDER / "wav").is_dir() and (FOLDER / "lab").is_dir()


def training_passages() -> list[Passage]:
    """Return the passages to train on, in the order of their names.

    Raises:
        LipwrightError: The package is not installed, or a label file is damaged.
    """
    return _passages(kept_out=False)


def kept_out_passages() -> list[Passage]:
    """Return the passages that only tests use; errors as in `training_passages`."""
    return _passages(kept_out=True)


def reader_line(passage: Passage, name: str) -> tuple[SpokenLine | None, str]:
    """Return a passage as a line, or None and why its labels cannot be believed.

    Args:
        passage: What to read.
        name: Of the line.

    Raises:
        LipwrightError: The recording is damaged or of another length than its labels.
    """
    path = FOLDER / "wav" / f"{passage.recording}.wav"
    if AudioFile(path).duration > _LONGEST:
        raise LipwrightError(f"{path}: lasts over {_LONGEST:.0f} s; {MEND}")
    sound = np.asarray(read_audio(path).samples, np.float32)
    begins, ends = passage.segments[0].start, passage.segments[-1].end
    seconds = len(sound) / SAMPLE_RATE
    if ends > seconds or (passage.last and ends < seconds - _LONGEST_REST):
        raise LipwrightError(f"{path}: lasts {seconds:.2f} s and its labels {ends:.2f} s; {MEND}")
    first = round(begins * SAMPLE_RATE)
    samples = sound[first:] if passage.last else sound[first : round(ends * SAMPLE_RATE)]
    segments = tuple(_moved(passage.segments, begins, len(samples) / SAMPLE_RATE))
    fault = timing_fault(segments, samples) or ("loud stop" if has_loud_stop(segments, samples) else "")
    return (None, fault) if fault else (SpokenLine(name, samples, segments, VOICE, "real", LANGUAGE), "")


def _passages(*, kept_out: bool) -> list[Passage]:
    paths = sorted((FOLDER / "lab").glob("ru_[0-9][0-9][0-9][0-9].lab"))
    if not (paths and reader_available()):
        raise LipwrightError(
            f"{FOLDER}: no recordings with labels are here; install the Russian reader as root with "
            f"apt-get install -y --no-install-recommends {PACKAGE}"
        )
    return [
        Passage(path.stem, number, part, last)
        for path in paths
        if (int(path.stem.removeprefix("ru_")) % KEPT_OUT_EVERY == 0) == kept_out
        for number, (part, last) in enumerate(_cut(read_labels(path)))
    ]


def _cut(segments: Sequence[Segment]) -> Iterator[tuple[tuple[Segment, ...], bool]]:
    """Yield the parts between long enough pauses, and whether each is the last; pauses are halved."""
    end = segments[-1].end
    part: list[Segment] = []
    for segment in segments:
        middle = (segment.start + segment.end) / 2
        pause = segment.phone == SILENCE and segment.end - segment.start >= PAUSE_TO_CUT
        if pause and part and min(middle - part[0].start, end - middle) >= SHORTEST_PASSAGE:
            yield (*part, Segment(SILENCE, segment.start, middle)), False
            part = [Segment(SILENCE, middle, segment.end)]
        else:
            part.append(segment)
    yield tuple(part), True


def _moved(segments: Sequence[Segment], begins: float, seconds: float) -> Iterator[Segment]:
    """Yield segments counted from a passage's beginning, and silence up to its end."""
    *others, last = segments
    for s in others:
        yield Segment(s.phone, s.start - begins, s.end - begins)
    end = seconds if last.phone == SILENCE else last.end - begins
    yield Segment(last.phone, last.start - begins, end)
    if end < seconds:
        yield Segment(SILENCE, end, seconds)
