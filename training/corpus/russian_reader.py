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
#: No recording is longer (s); sound and labels end this near each other (s).
_LONGEST, _ENDS_APART = 60.0, 0.1


@dataclass(frozen=True)
class Passage:
    """A part of a recording between two pauses.

    Attributes:
        recording: Name of the recording's files, without their endings.
        number: Of the part, from 0.
        segments: Its phones and pauses without gaps, in seconds from the recording's beginning.
        last: Whether the recording ends with it.
        folder: Of the package.
    """

    recording: str
    number: int
    segments: tuple[Segment, ...]
    last: bool
    folder: Path

    @property
    def name(self) -> str:
        """Unique among the passages."""
        return f"{self.recording}-{self.number}"

    @property
    def kept_out(self) -> bool:
        """Whether only tests hear it, with its whole recording."""
        return int(self.recording.rpartition("_")[2]) % KEPT_OUT_EVERY == 0


def reader_available(folder: Path = FOLDER) -> bool:
    """Tell whether the recordings and labels are installed."""
    return (folder / "wav").is_dir() and (folder / "lab").is_dir()


def training_passages(folder: Path = FOLDER) -> list[Passage]:
    """Return the passages to train on, in the order of their names.

    Raises:
        LipwrightError: The package is not installed, or a label file is damaged.
    """
    return [p for p in _passages(folder) if not p.kept_out]


def kept_out_passages(folder: Path = FOLDER) -> list[Passage]:
    """Return the passages that only tests use; errors as in `training_passages`."""
    return [p for p in _passages(folder) if p.kept_out]


def reader_line(passage: Passage, name: str) -> tuple[SpokenLine | None, str]:
    """Return a passage as a line, or None and why its labels cannot be believed.

    Args:
        passage: What to read.
        name: Of the line.

    Raises:
        LipwrightError: The recording is damaged or of another length than its labels.
    """
    path = passage.folder / "wav" / f"{passage.recording}.wav"
    if AudioFile(path).duration > _LONGEST:
        raise LipwrightError(f"{path}: lasts over {_LONGEST:.0f} s; {MEND}")
    sound = np.asarray(read_audio(path).samples, np.float32)
    begins, ends = passage.segments[0].start, passage.segments[-1].end
    seconds = len(sound) / SAMPLE_RATE
    if ends > seconds + _ENDS_APART or (passage.last and ends < seconds - _ENDS_APART):
        raise LipwrightError(f"{path}: lasts {seconds:.2f} s and its labels {ends:.2f} s; {MEND}")
    first = round(begins * SAMPLE_RATE)
    samples = sound[first:] if passage.last else sound[first : round(ends * SAMPLE_RATE)]
    segments = tuple(_moved(passage.segments, begins, len(samples) / SAMPLE_RATE))
    fault = timing_fault(segments, samples) or ("loud stop" if has_loud_stop(segments, samples) else "")
    return (None, fault) if fault else (SpokenLine(name, samples, segments, VOICE, "real", LANGUAGE), "")


def _passages(folder: Path) -> list[Passage]:
    if not reader_available(folder):
        raise LipwrightError(
            f"{folder} is missing; install the Russian reader as root with "
            f"apt-get install -y --no-install-recommends {PACKAGE}"
        )
    return [
        Passage(path.stem, number, part, last, path.parent.parent)
        for path in sorted((folder / "lab").glob("ru_[0-9]*.lab"))
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
    """Yield segments counted from a passage's beginning, the last one to its end."""
    *others, last = segments
    for s in others:
        yield Segment(s.phone, s.start - begins, s.end - begins)
    if last.phone == SILENCE:
        yield Segment(SILENCE, last.start - begins, seconds)
    else:
        yield Segment(last.phone, last.start - begins, min(last.end - begins, seconds))
        if last.end - begins < seconds:
            yield Segment(SILENCE, last.end - begins, seconds)
