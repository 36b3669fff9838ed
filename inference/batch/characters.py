"""All lines of a character in one file, made after the lines: which there are, and which are out of date."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..output_version import OUTPUT_VERSION
from .ledger import Entry
from .line import BatchLine
from .plan import PlannedLine, PlanRules, State, decided
from .safe_names import name_key

FOLDER = "characters"
"""Where these files lie, in the output folder: no line's output can have their names."""
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_DEFAULT = "Lipwright Head"


@dataclass(frozen=True)
class Gathered:
    """One character's file.

    Attributes:
        planned: what is to become of it.
        members: its lines, in order.
        lacking: ids of lines that belong to it and have no result.
    """

    planned: PlannedLine
    members: tuple[PlannedLine, ...]
    lacking: tuple[str, ...]


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
        lines: all lines of the batch; those whose format needs no scene belong to nobody.
        ending: format and ending of the files.
        entries: what is known of results, of lines and characters, by output.
        rules: how to decide.
        ahead: whether the lines that are to be done count as done.
    """
    groups: dict[tuple[object, ...], list[PlannedLine]] = {}
    for one in lines:
        if one.line.scene is not None:
            scene = one.line.scene
            key = (scene.blend, scene.object, one.line.character, one.line.model)
            groups.setdefault(key, []).append(one)
    gathered = []
    for name, group in zip(_names(group[0].line for group in groups.values()), groups.values(), strict=True):
        done = [one for one in group if _is_done(one, entries) or (ahead and one.state is State.DO)]
        lacking = tuple(one.line.id for one in group if one not in done)
        if done:
            recipe = [
                (one.line.id, one.settings, _sound(entries.get(one.line.output), one, ahead=ahead))
                for one in done
            ]
            planned = _planned(name, ending, done, _hash(ending, recipe, lacking), entries)
            gathered.append(Gathered(decided(planned, rules, _why), tuple(done), lacking))
    return gathered


def _is_done(one: PlannedLine, entries: Mapping[str, Entry]) -> bool:
    entry = entries.get(one.line.output)
    return one.state is not State.FAILED and entry is not None and entry.settings == one.settings


def _sound(entry: Entry | None, one: PlannedLine, *, ahead: bool) -> str:
    """Returns the hash of a line's sound; of one that is to be done nobody knows it yet."""
    return "" if entry is None or (ahead and one.state is State.DO) else entry.sound


def _hash(ending: tuple[str, str], recipe: Sequence[tuple[str, str, str]], lacking: Sequence[str]) -> str:
    plain = [OUTPUT_VERSION, ending[0], recipe, lacking]
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def _names(lines: Iterable[BatchLine]) -> Iterator[str]:
    """Yields a file's name for each character: the face's or the scene's, and no two that are one file."""
    taken: set[str] = set()
    for line in lines:
        base = _UNFIT.sub("_", _own_name(line)).strip(" .")[:100]
        names = [base or _DEFAULT, f"{base} {line.model.stem[:60]}"]
        names += [f"{names[1]} {number}" for number in range(2, len(taken) + 3)]
        name = next(name for name in names if name_key(name) not in taken)
        taken.add(name_key(name))
        yield name


def _own_name(line: BatchLine) -> str:
    """Returns what a line's face is called: scene and object, or the character outside Blender."""
    if line.scene is not None and line.scene.blend is not None:
        return f"{line.scene.blend.stem} {line.scene.object}".strip()
    return line.character.stem if line.character else _DEFAULT


def _planned(
    name: str,
    ending: tuple[str, str],
    members: Sequence[PlannedLine],
    settings: str,
    entries: Mapping[str, Entry],
) -> PlannedLine:
    kind, suffix = ending
    first = members[0]
    output = f"{FOLDER}/{name}.{suffix}"
    line = replace(
        first.line,
        place=name,
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
