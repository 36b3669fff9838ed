"""From what stands on the command line, manifests, folders, globs and sound files, to lines."""

import glob
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import LipwrightError
from .line import BadLine, BatchLine, LineDefaults
from .line_fields import line_from_fields
from .manifest import SUFFIXES, read_manifest
from .safe_names import name_key

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
_MAGIC = frozenset("*?[")
_FOLDER_MARK = "__"
"""Stands in an id for the slash between folders."""


def collect_lines(
    sources: Sequence[str], defaults: LineDefaults
) -> tuple[list[BatchLine | BadLine], list[str]]:
    """Returns all lines in order, with a sentence in place of each that cannot be done, and warnings.

    A line whose id or output is another's already is refused, also where only case parts the two.

    Raises:
        LipwrightError: when a source as a whole cannot be used.
    """
    lines: list[BatchLine | BadLine] = []
    warnings: list[str] = []
    for source in sources:
        found, told = _lines_of(source, defaults)
        lines += found
        warnings += told
    return list(_without_repetitions(lines)), warnings


def _lines_of(source: str, defaults: LineDefaults) -> tuple[list[BatchLine | BadLine], list[str]]:
    path = Path(source)
    if path.is_dir():
        files = (file for file in path.rglob("*") if _is_sound(file) and not _is_hidden(file, path))
        return _sounds(source, path, files, defaults), []
    if _MAGIC & set(source) and not path.exists():
        found = map(Path, glob.iglob(source, recursive=True))  # noqa: PTH207 - takes absolute patterns too
        return _sounds(source, _fixed_part(path), (file for file in found if _is_sound(file)), defaults), []
    if path.suffix.lower() in SUFFIXES:
        return read_manifest(path, defaults)
    return [_sound_line(path, path.parent, defaults)], []


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in SOUND_SUFFIXES and not path.name.startswith(".") and path.is_file()


def _is_hidden(path: Path, folder: Path) -> bool:
    """Tells whether a folder on the way to a file is hidden, as version control and macOS hide theirs."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _fixed_part(pattern: Path) -> Path:
    """Returns the folder in front of a pattern's first wildcard."""
    fixed = Path()
    for part in pattern.parts[:-1]:
        if _MAGIC & set(part):
            break
        fixed /= part
    return fixed


def _sounds(
    source: str, folder: Path, files: Iterator[Path], defaults: LineDefaults
) -> list[BatchLine | BadLine]:
    lines = [_sound_line(file, folder, defaults) for file in sorted(files)]
    if not lines:
        raise LipwrightError(
            f"{source}: holds no sound files ({', '.join(SOUND_SUFFIXES)}); check the path or the pattern"
        )
    return lines


def _sound_line(path: Path, folder: Path, defaults: LineDefaults) -> BatchLine | BadLine:
    name = _FOLDER_MARK.join(path.relative_to(folder).with_suffix("").parts)
    line = line_from_fields({"wav": "sound", "id": name}, str(path), Path(), defaults)
    # The path itself goes round the checks of a manifest's text: it need not be UTF-8.
    return line if isinstance(line, BadLine) else replace(line, sound=path)


def _without_repetitions(lines: Sequence[BatchLine | BadLine]) -> Iterator[BatchLine | BadLine]:
    ids: dict[str, BatchLine] = {}
    outputs: dict[str, BatchLine] = {}
    for line in lines:
        if isinstance(line, BadLine):
            yield line
            continue
        first = ids.setdefault(name_key(line.id), line)
        other = outputs.setdefault(name_key(line.output), line)
        if first is not line:
            yield BadLine(line.place, line.id, _repeated(line, first, "id", line.id, first.id))
        elif other is not line:
            yield BadLine(line.place, line.id, _repeated(line, other, "output", line.output, other.output))
        else:
            yield line


def _repeated(line: BatchLine, first: BatchLine, what: str, mine: str, theirs: str) -> str:
    if mine == theirs:
        return f"{line.place}: {what} '{mine}' is taken by {first.place}; give each line its own"
    return (
        f"{line.place}: {what} '{mine}' differs only in spelling from '{theirs}' of {first.place}, which is "
        "the same file on Windows and macOS; rename one"
    )
