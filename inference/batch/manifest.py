"""Reads a manifest, CSV or JSON Lines: which lines to animate, and how."""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import LipwrightError
from .line import BadLine, BatchLine, LineDefaults
from .line_fields import COLUMNS, line_from_fields

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")
_LARGEST = 256 << 20
_DELIMITERS = ",;\t"
_BOM = "\ufeff"
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def read_manifest(path: Path, defaults: LineDefaults) -> tuple[list[BatchLine | BadLine], list[str]]:
    """Reads a manifest; paths in it start from its own folder.

    UTF-8, or UTF-16 and UTF-32 with a byte order mark; cells end at commas, semicolons or tabs.

    Returns:
        The lines in order, also those that make no sense, and warnings.

    Raises:
        LipwrightError: when the file as a whole cannot be used.
    """
    text = _text(path)
    if path.suffix.lower() in {".jsonl", ".ndjson"}:
        rows, unknown = _json_rows(text, path)
    else:
        rows, unknown = _csv_rows(text, path)
    folder = path.parent
    lines = [
        row if isinstance(row, BadLine) else line_from_fields(row, place, folder, defaults)
        for place, row in rows
    ]
    if not lines:
        raise LipwrightError(f"{path}: holds no lines; write one row for each line of dialogue")
    warnings = []
    if unknown:
        warnings.append(
            f"{path}: ignores the unknown {_listed('column', unknown)}; known are {', '.join(COLUMNS)}"
        )
    return lines, warnings


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise LipwrightError(f"{path}: is larger than {_LARGEST >> 20} MiB; split the manifest")
        data = path.read_bytes()
    except OSError as error:
        raise LipwrightError(
            f"{path}: the manifest cannot be read ({error.strerror}); check the path"
        ) from error
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(data, encoding, path)
    if b"\0" in data:
        raise LipwrightError(
            f"{path}: holds null bytes, so it is no text or UTF-16 without a mark; save it as UTF-8"
        )
    # What is not UTF-8 spoils only the rows that hold it; those are refused one by one.
    return data.decode("utf-8", errors="surrogateescape").removeprefix(_BOM)


def _decoded(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise LipwrightError(
            f"{path}: begins as {encoding.upper()} and does not go on so; save it as UTF-8"
        ) from error


_Row = tuple[str, Mapping[str, str] | BadLine]


def _csv_rows(text: str, path: Path) -> tuple[list[_Row], list[str]]:
    records = _records(text, path)
    _, names = next(records, (0, []))
    header = [name.strip(_BOM + " \t").lower() for name in names]
    if not any(header):
        raise LipwrightError(f"{path}: is empty; its first row must name the columns, wav at least")
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise LipwrightError(f"{path}: names the {_listed('column', repeated)} twice; rename one")
    if "wav" not in header:
        found = ", ".join(filter(None, header))[:200]
        raise LipwrightError(f"{path}: lacks the column 'wav'; its first row names {found}")
    rows = []
    for number, cells in records:
        if any(cell.strip(_BOM + " \t") for cell in cells):
            rows.append(_csv_row(cells, header, f"{path}, row {number}"))
    return rows, [name for name in header if name and name not in COLUMNS]


def _csv_row(cells: Sequence[str], header: Sequence[str], place: str) -> _Row:
    values = {name: cell.strip(_BOM) for name, cell in zip(header, cells, strict=False) if name in COLUMNS}
    if any(cell.strip() for cell in cells[len(header) :]):
        problem = f"has {len(cells)} cells for {len(header)} columns; quote cells that hold the delimiter"
        return place, BadLine(place, values.get("id", ""), f"{place}: {problem}")
    return place, values


def _records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of the text line on which each record ends, and its cells."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise LipwrightError(
            f"{path}, row {reader.line_num}: is no CSV ({error}); look for a quotation mark left open"
        ) from error


def _json_rows(text: str, path: Path) -> tuple[list[_Row], list[str]]:
    rows: list[_Row] = []
    unknown: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip(_BOM + " \t\r")
        if content:
            place = f"{path}, row {number}"
            rows.append((place, _json_row(content, place, unknown)))
    return rows, list(unknown)


def _json_row(content: str, place: str, unknown: dict[str, None]) -> Mapping[str, str] | BadLine:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        return BadLine(place, "", f"{place}: is no JSON ({error}); write one object on each row")
    if not isinstance(value, dict):
        return BadLine(place, "", f'{place}: is no JSON object; write {{"wav": "LINE.wav"}}')
    unknown.update(dict.fromkeys(name[:60] for name in value if name.lower() not in COLUMNS))
    values = {}
    for name, content_of in value.items():
        if name.lower() in COLUMNS:
            plain = _plain(content_of)
            if plain is None:
                return BadLine(place, "", f"{place}: its '{name}' is neither text nor a number")
            values[name.lower()] = plain
    return values


def _plain(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON held
    """Returns a JSON value as the text that a CSV would hold; an object such as {"joy": 0.6} as "joy=0.6"."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)[:60]
    if isinstance(value, dict) and all(isinstance(part, int | float) for part in value.values()):
        return ",".join(f"{name}={part}" for name, part in value.items())
    return None


def _listed(what: str, names: Sequence[str]) -> str:
    quoted = ", ".join(f"'{name[:60]}'" for name in names)
    return f"{what}{'s' if len(names) > 1 else ''} {quoted}"
