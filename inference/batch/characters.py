"""All lines of a character in one file, made after the lines: which there are, and which are out of date."""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import LipwrightError
from ..output_version import OUTPUT_VERSION
from .fingerprint import hash_sound
from .formats import CHARACTER_FORMATS, TABLE_FORMATS, TABLE_MARK, table_name
from .ledger import Entry
from .line import BatchLine, SceneChoice
from .plan import PlannedLine, PlanRules, State, decided
from .safe_names import fit_name, name_key

FOLDER = "characters"
"""Where these files lie, in the output folder: no line's output can have their names."""
_DEFAULT = "Lipwright Head"
_LONGEST_NAME = 120
"""Bytes; endings and what tells two of one name apart are added."""
_LONGEST_MODEL = 60
_TABLE_MARKS = (TABLE_MARK, ".lines")
"""What the names of tables beside a character's file end in; `.lines` are those of USD and Alembic."""


@dataclass(frozen=True)
class Gathered:
    """One character's file.

    Attributes:
        planned: what is to become of it.
        members: its lines, in order.
        lacking: ids of lines that belong to it and have no result.
        table: what is to become of the table beside it, the same as of the file; None where it has none.
    """

    planned: PlannedLine
    members: tuple[PlannedLine, ...]
    lacking: tuple[str, ...]
    table: PlannedLine | None = None

    @property
    def files(self) -> tuple[PlannedLine, ...]:
        """Returns the file, and the table where there is one."""
        return (self.planned,) if self.table is None else (self.planned, self.table)


def plan_characters(
    lines: Sequence[PlannedLine],
    ending: tuple[str, str],
    entries: Mapping[str, Entry],
    rules: PlanRules,
    *,
    ahead: bool = False,
) -> list[Gathered]:
    """Decides on each character's file: lines belong together that one face of one model speaks.

    Args:
        lines: all lines of the batch; in files that only Blender writes, those whose format needs no scene
            belong to nobody.
        ending: format and ending of the files.
        entries: what is known of results, of lines and characters, by output.
        rules: how to decide.
        ahead: whether the lines that are to be done count as done.
    """
    groups: dict[tuple[object, ...], list[PlannedLine]] = {}
    for one in lines:
        if one.line.scene is not None or ending[0] in CHARACTER_FORMATS:
            groups.setdefault(_face(one.line), []).append(one)
    gathered = []
    for name, group in zip(_names(group[0].line for group in groups.values()), groups.values(), strict=True):
        done = [one for one in group if _is_done(one, entries) or (ahead and one.state is State.DO)]
        there = {one.line.output for one in done}
        lacking = tuple(one.line.id for one in group if one.line.output not in there)
        if done:
            recipe = [
                (one.line.id, one.settings, _sound(entries.get(one.line.output), one, ahead=ahead))
                for one in done
            ]
            settings = _hash(ending, recipe, lacking)
            files = [
                decided(_planned(output, ending[0], done, settings, entries), rules, _why)
                for output in _outputs(name, ending)
            ]
            planned, *tables = _together(files)
            gathered.append(Gathered(planned, tuple(done), lacking, *tables))
    return gathered


def _face(line: BatchLine) -> tuple[object, ...]:
    """Returns what lines share that one face of one model speaks."""
    scene = line.scene or SceneChoice()
    paths = (path and path.absolute() for path in (scene.blend, line.character, line.model))
    return (*paths, scene.object)


def _outputs(name: str, ending: tuple[str, str]) -> list[str]:
    """Returns a character's file, and the table beside it where its format has one."""
    kind, suffix = ending
    output = f"{FOLDER}/{name}.{suffix}"
    return [output, table_name(output)] if kind in TABLE_FORMATS else [output]


def _together(files: Sequence[PlannedLine]) -> list[PlannedLine]:
    """Lets a file and its table have one fate, as the one tells what is in the other."""
    for state in (State.FAILED, State.EDITED, State.DO):
        first = next((one for one in files if one.state is state), None)
        if first is not None:
            named = "" if first is files[0] or state is State.FAILED else f"{first.target.name}: "
            reason, stale = f"{named}{first.reason}", any(one.stale for one in files)
            return [replace(one, state=state, reason=reason, stale=stale) for one in files]
    return list(files)


def _is_done(one: PlannedLine, entries: Mapping[str, Entry]) -> bool:
    entry = entries.get(one.line.output)
    return one.state is not State.FAILED and entry is not None and entry.settings == one.settings


def _sound(entry: Entry | None, one: PlannedLine, *, ahead: bool) -> str:
    """Returns the hash of a line's sound; of one that is to be done nobody knows it yet."""
    if entry is None or (ahead and one.state is State.DO):
        return ""
    if one.stale:  # its own result stays as somebody edited it, and the sound has changed since
        with contextlib.suppress(LipwrightError):
            return hash_sound(one.line.sound)[0]
    return entry.sound


def _hash(ending: tuple[str, str], recipe: Sequence[tuple[str, str, str]], lacking: Sequence[str]) -> str:
    plain = [OUTPUT_VERSION, ending[0], recipe, lacking]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def _names(lines: Iterable[BatchLine]) -> Iterator[str]:
    """Yields a file's name for each character: the face's or the scene's, and no two that are one file."""
    taken: set[str] = set()
    for line in lines:
        base = fit_name(_own_name(line), _LONGEST_NAME) or _DEFAULT
        names = [base, f"{base} {fit_name(line.model.stem, _LONGEST_MODEL)}".strip()]
        names += [f"{names[1]} {number}" for number in range(2, len(taken) + 3)]
        name = next(name for name in names if taken.isdisjoint(_keys(name)))
        taken.update(_keys(name))
        yield name


def _keys(name: str) -> set[str]:
    """Returns the names that a character's file and the tables beside it may take."""
    return {name_key(f"{name}{mark}") for mark in ("", *_TABLE_MARKS)}


def _own_name(line: BatchLine) -> str:
    """Returns what a line's face is called: scene and object, or the character outside Blender."""
    if line.scene is not None and line.scene.blend is not None:
        return f"{line.scene.blend.stem} {line.scene.object}".strip()
    return line.character.stem if line.character else _DEFAULT


def _planned(
    output: str,
    kind: str,
    members: Sequence[PlannedLine],
    settings: str,
    entries: Mapping[str, Entry],
) -> PlannedLine:
    first = members[0]
    line = replace(
        first.line,
        place=Path(output).stem,
        id=output,
        text=f"{len(members)} lines in one file",
        output=output,
        format=kind,
    )
    folder = first.target.parent
    return PlannedLine(line, folder / output, settings=settings, files=first.files, entry=entries.get(output))


def _why(planned: PlannedLine) -> tuple[str, Entry | None]:
    """Returns why a file must be made, or "", and what is known of it."""
    entry = planned.entry
    if entry is None:
        return "is new", entry
    if planned.settings != entry.settings:
        return "its lines have changed", entry
    if planned.present != entry.result and planned.present in {"", entry.previous}:
        return "its result is missing", entry
    return "", entry


def prepare_characters(output: Path) -> None:
    """Makes the folder of these files.

    Raises:
        OSError: it cannot be made.
    """
    (output / FOLDER).mkdir(exist_ok=True)
