"""Writes all lines of one character into one file, each as soon as it is animated: one line needs memory.

JSON holds each line's own object under the line's id. A Live Link Face CSV knows one timeline, so there the
lines follow one another with a frame of rest between, and a table beside it says which timecodes are whose.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from ..atomic_file import atomic_path
from ..errors import LipwrightError
from ..motion_files import csv_header, csv_rest_row, csv_rows, json_parts, timecode
from ..pipeline import FaceMotion
from .formats import table_name

LINES_FORMAT = "lipwright-lines"
_COLUMNS = (
    "line", "first_frame", "last_frame", "frames_per_second", "first_timecode", "last_timecode", "start",
)  # fmt: skip

NamedMotions = Iterable[tuple[str, FaceMotion]]
"""Lines by id."""


def write_lines_json(name: str, lines: NamedMotions, path: Path) -> None:
    """Writes one object with each line's own, as `write_json` does it, under its id.

    Args:
        name: the character's.
        lines: may have different frame rates and shapes.
        path: NAME.json.

    Raises:
        LipwrightError: when the file cannot be written.
    """
    head = {"format": LINES_FORMAT, "version": 1, "character": name}
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "lines": {')
        for number, (line, motion) in enumerate(lines):
            stream.write((",\n" if number else "\n") + f"{json.dumps(line, ensure_ascii=False)}: ")
            stream.writelines(json_parts(motion))
        stream.write("\n }\n}\n")


def write_lines_csv(_name: str, lines: NamedMotions, path: Path) -> None:
    """Writes one Live Link Face CSV, and beside it the table that says where in it each line is.

    Timecodes begin at zero, as lines lie one after another and not at their own starts, which the table has.

    Args:
        _name: the character's; the layout has no place for it.
        lines: of one frame rate and with the same shapes.
        path: NAME.csv; the table is NAME.timecodes.csv.

    Raises:
        LipwrightError: when a file cannot be written, or lines have different frame rates.
    """
    table = path.with_name(table_name(path.name))
    with (
        atomic_path(table) as table_part,
        table_part.open("w", encoding="utf-8", newline="") as table_stream,
        atomic_path(path) as part,
        part.open("w", encoding="utf-8", newline="\n") as stream,
    ):
        spans = csv.writer(table_stream, lineterminator="\n")
        spans.writerow(_COLUMNS)
        stream.writelines(_csv_parts(lines, spans.writerow, path))


def _csv_parts(lines: NamedMotions, note: Callable[[Iterable[object]], object], path: Path) -> Iterator[str]:
    """Yields the rows of all lines, and notes in the table where each is."""
    rate: Fraction | None = None
    first = 0
    for line, motion in lines:
        if rate is None:
            rate = motion.frame_rate
            yield csv_header(motion)
        elif motion.frame_rate != rate:
            raise different_rates(path, (rate, motion.frame_rate))
        else:
            yield csv_rest_row(motion, first - 1)
        yield from csv_rows(motion, first)
        last = first + len(motion.times) - 1
        codes = (timecode(frame, rate) for frame in (first, last))
        note((line, first, last, f"{float(rate):.9g}", *codes, f"{motion.start:.9g}"))
        first = last + 2


def different_rates(path: Path, rates: Iterable[Fraction]) -> LipwrightError:
    """Returns the sentence for lines that cannot share a file with one frame rate."""
    both = " and ".join(f"{float(rate):g}" for rate in sorted(rates))
    return LipwrightError(f"{path}: its lines have {both} frames a second; give them one rate")


CHARACTER_WRITERS: dict[str, Callable[[str, NamedMotions, Path], None]] = {
    "csv": write_lines_csv,
    "json": write_lines_json,
}
"""Writers by format name."""
