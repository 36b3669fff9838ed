"""What was asked for: one line of dialogue, or a request that cannot be understood."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class BatchLine:
    """One line to animate.

    Attributes:
        place: where it was asked for, as messages name it: "LINES.csv, row 7", or the sound file.
        id: its name, unique in the batch and fit to be a file's.
        sound: the sound file.
        character: a face outside Blender, or None for the model's own.
        model: the model bundle.
        emotion: as `--emotion` takes it.
        start: seconds on the timeline at which the line begins.
        seed: for what is left to chance; nothing is yet.
        text: what is said, for the report.
        output: the result's file name in the output folder.
        format: "csv", "npz" or "json".
        frame_rate: frames per second.
    """

    place: str
    id: str
    sound: Path
    character: Path | None
    model: Path
    emotion: str
    start: float
    seed: int
    text: str
    output: str
    format: str
    frame_rate: Fraction


@dataclass(frozen=True)
class BadLine:
    """A request that cannot be carried out.

    Attributes:
        place: where it stands, see `BatchLine`.
        id: its name as far as it has one.
        error: one sentence.
    """

    place: str
    id: str
    error: str


@dataclass(frozen=True)
class LineDefaults:
    """What lines use that say nothing else; see `BatchLine`."""

    format: str
    frame_rate: Fraction
    emotion: str
    model: Path
    character: Path | None
