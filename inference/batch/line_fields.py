"""From a manifest's columns to a line, with a sentence for each value that makes no sense."""

import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from ..emotion import parse_emotion
from ..errors import LipwrightError
from ..frame_timing import parse_frame_rate
from ..motion_files import WRITERS
from .line import BadLine, BatchLine, LineDefaults
from .safe_names import RESERVED, check_name, name_key

COLUMNS = (
    "wav", "id", "character", "model", "emotion", "start", "seed", "text", "output", "format", "fps",
)  # fmt: skip
_LATEST_START = 24 * 3600.0
_LARGEST_SEED = 2**32 - 1


def line_from_fields(
    values: Mapping[str, str], place: str, folder: Path, defaults: LineDefaults
) -> BatchLine | BadLine:
    """Makes a line of a manifest's row.

    Args:
        values: text by column; an empty one means the default.
        place: how messages name the row.
        folder: what relative paths start from.
        defaults: for what the row leaves out.
    """
    filled = {name: value.strip() for name, value in values.items() if value and value.strip()}
    name = filled.get("id", Path(filled.get("wav", "")).stem)
    try:
        return _line(filled, name, place, folder, defaults)
    except LipwrightError as error:
        return BadLine(place, name, f"{place}: {error}")


def _line(
    values: Mapping[str, str], name: str, place: str, folder: Path, defaults: LineDefaults
) -> BatchLine:
    for column, value in values.items():
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise LipwrightError(f"its {column} is not UTF-8; save the manifest as UTF-8")
    if "wav" not in values:
        raise LipwrightError("names no sound; fill its column 'wav'")
    check_name(name, "id")
    kind = values.get("format", defaults.format).lower()
    if kind not in WRITERS:
        raise LipwrightError(f"format '{kind}' is unknown; choose among {', '.join(WRITERS)}")
    emotion = values.get("emotion", defaults.emotion)
    parse_emotion(emotion)
    return BatchLine(
        place=place,
        id=name,
        sound=_path(values["wav"], folder),
        character=_path(values["character"], folder) if "character" in values else defaults.character,
        model=_path(values["model"], folder) if "model" in values else defaults.model,
        emotion=emotion,
        start=_start(values.get("start", "0")),
        seed=_seed(values.get("seed", "0")),
        text=values.get("text", ""),
        output=_output(values.get("output", name), kind),
        format=kind,
        frame_rate=_frame_rate(values, defaults),
    )


def _frame_rate(values: Mapping[str, str], defaults: LineDefaults) -> Fraction:
    return parse_frame_rate(values["fps"]) if "fps" in values else defaults.frame_rate


def _path(text: str, folder: Path) -> Path:
    if "\0" in text:
        raise LipwrightError("a path holds a null character; type it anew")
    return folder / text


def _output(name: str, kind: str) -> str:
    """Returns the result's file name, with its ending once."""
    check_name(name, "output")
    stem = name[: -len(kind) - 1] if name.casefold().endswith(f".{kind}") else name
    check_name(stem, "output")
    output = f"{stem}.{kind}"
    if name_key(output) in RESERVED:
        raise LipwrightError(f"output '{output}' is the batch's own report; choose another name")
    return output


def _start(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= _LATEST_START:
        raise LipwrightError(f"start '{text}' is no number of seconds from 0 to {_LATEST_START:g}")
    return seconds


def _seed(text: str) -> int:
    whole = text.removesuffix(".0")  # spreadsheets write whole numbers so
    number = int(whole) if whole.isascii() and whole.isdecimal() and len(whole) <= 10 else -1  # noqa: PLR2004 - digits
    if not 0 <= number <= _LARGEST_SEED:
        raise LipwrightError(f"seed '{text}' is no whole number from 0 to {_LARGEST_SEED}")
    return number
