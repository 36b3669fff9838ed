"""``phones.tsv``: the phones of every take by forced alignment, to measure closing lips by."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from inference.measures import PhoneInterval

if TYPE_CHECKING:
    from pathlib import Path


def read_phones(folder: Path) -> dict[str, tuple[PhoneInterval, ...]]:
    """Phones by take of a capture folder; empty where it has no ``phones.tsv``.

    Args:
        folder: Holds ``phones.tsv`` with four columns: take, ARPAbet phone, start and end in seconds.

    Raises:
        LipwrightError: A line has other columns, no numbers, or an end before its start.
    """
    path = folder / "phones.tsv"
    if not path.exists():
        return {}
    phones: dict[str, list[PhoneInterval]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for line, row in enumerate(csv.reader(file, delimiter="\t"), start=1):
                if row:
                    take, interval = _interval(path, line, row)
                    phones.setdefault(take, []).append(interval)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LipwrightError(f"{path}: cannot be read ({error}); export it again.") from error
    return {take: tuple(intervals) for take, intervals in phones.items()}


def _interval(path: Path, line: int, row: list[str]) -> tuple[str, PhoneInterval]:
    try:
        take, name, start, end = row
        interval = PhoneInterval(name, float(start), float(end))
    except ValueError:
        raise LipwrightError(
            f"{path}: line {line} is not take, phone, start, end; export it again."
        ) from None
    if not interval.start <= interval.end < math.inf:
        raise LipwrightError(f"{path}: line {line} ends before it starts; export it again.")
    return take, interval
