"""Strict reading of comma-separated number tables."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 512 * 2**20


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file, as text.

    Args:
        path: UTF-8 file, with or without a byte order mark; empty lines are skipped.

    Raises:
        LipwrightError: The file is missing, empty, too large or not text.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LipwrightError(f"{path}: larger than {MAX_BYTES // 2**20} MiB; split the take.")
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LipwrightError(f"{path}: cannot be read as a CSV file ({error}); export it again.") from error
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one frame
        raise LipwrightError(f"{path}: holds no motion frames; export the take again.")
    return [cell.strip() for cell in rows[0]], rows[1:]


def number(path: Path, line: int, cell: str) -> float:
    """One cell as a number; an empty cell is NaN (a lost value)."""
    text = cell.strip()
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        raise LipwrightError(
            f"{path}: row {line} holds '{text[:20]}' where a number belongs; export the take again."
        ) from None
