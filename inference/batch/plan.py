"""Compares what was asked for with what is done: which lines to do, and which to leave alone, and why."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from ..audio_checks import check_sound_file
from ..bundled import default_head_path
from ..errors import LipwrightError
from .fingerprint import (
    NO_FILES,
    FileHashes,
    Stamp,
    hash_file,
    hash_sound,
    input_stamp,
    is_fine,
    is_settled,
    output_stamp,
    settings_hash,
)
from .ledger import Entry
from .line import BatchLine

_READERS = 8


class State(Enum):
    """What is to become of a line; the value is what reports call it."""

    DO = "to do"
    UNCHANGED = "unchanged"
    EDITED = "edited"
    FAILED = "failed"


@dataclass(frozen=True)
class PlannedLine:
    """A line and what is to become of it.

    Attributes:
        line: as asked for.
        target: where its result lies.
        state: what is to be done.
        reason: why, in a few words, or the sentence of what failed.
        settings: hash of its settings.
        files: hashes of its model and what else it names.
        entry: what is known of its last result; renewed where only dates had changed.
        stale: whether an edited result is no longer that of its sound and settings.
        present: hash of what lies at the target now, or "" for nothing.
        seen: stamp of what lies there, or None for nothing.
    """

    line: BatchLine
    target: Path
    state: State = State.DO
    reason: str = ""
    settings: str = ""
    files: FileHashes = NO_FILES
    entry: Entry | None = None
    stale: bool = False
    present: str = ""
    seen: Stamp | None = None


@dataclass(frozen=True)
class PlanRules:
    """How to decide.

    Attributes:
        everything: do also what is unchanged.
        overwrite_edited: replace also what others have written.
        vertices: whether npz holds vertices.
    """

    everything: bool
    overwrite_edited: bool
    vertices: bool


def make_plan(
    lines: Sequence[BatchLine], folder: Path, entries: Mapping[str, Entry], rules: PlanRules
) -> list[PlannedLine]:
    """Decides on every line; reads only files whose stamps are new.

    Args:
        lines: what was asked for.
        folder: the output folder.
        entries: what is known of earlier results, by output.
        rules: how to decide.
    """
    hashes = _Hashes()
    planned = [_prepared(line, folder, entries.get(line.output), hashes, rules) for line in lines]
    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(lambda one: decided(one, rules, _why), planned))


class _Hashes:
    """Hashes of models, characters and the like, each read once; a bad one fails all lines that use it."""

    def __init__(self) -> None:
        self._known: dict[Path, str | LipwrightError] = {}

    def of(self, path: Path) -> str:
        if path not in self._known:
            try:
                self._known[path] = hash_file(path)[0]
            except LipwrightError as error:
                self._known[path] = error
        found = self._known[path]
        if isinstance(found, LipwrightError):
            raise LipwrightError(str(found))
        return found


def _guarded(planned: PlannedLine, action: Callable[[PlannedLine], PlannedLine]) -> PlannedLine:
    if planned.state is State.FAILED:
        return planned
    try:
        return action(planned)
    except LipwrightError as error:
        return replace(planned, state=State.FAILED, reason=str(error))


def _prepared(
    line: BatchLine, folder: Path, entry: Entry | None, hashes: _Hashes, rules: PlanRules
) -> PlannedLine:
    def with_hashes(planned: PlannedLine) -> PlannedLine:
        scene = _scene_file(line)
        files = FileHashes(
            model=hashes.of(line.model),
            character=hashes.of(line.character) if line.character else "",
            track=hashes.of(line.emotion_track) if line.emotion_track else "",
            scene=hashes.of(scene) if scene else "",
        )
        return replace(planned, files=files, settings=settings_hash(line, files, vertices=rules.vertices))

    return _guarded(PlannedLine(line, folder / line.output, entry=entry), with_hashes)


def _scene_file(line: BatchLine) -> Path | None:
    """Returns the file of the face that speaks in Blender, or None where none but the character's does."""
    if line.scene is None or (line.scene.blend is None and line.character):
        return None
    return line.scene.blend or default_head_path()


Why = Callable[[PlannedLine], tuple[str, Entry | None]]
"""Tells why something must be done, or "", and what is known of it."""


def decided(planned: PlannedLine, rules: PlanRules, reason: Why) -> PlannedLine:
    """Returns what is to become of a result; what somebody else has written is left alone.

    Args:
        planned: the result; one that has failed already stays so.
        rules: how to decide.
        reason: asked whether it is out of date.
    """
    return _guarded(planned, lambda one: _decided(one, rules, reason))


def _decided(planned: PlannedLine, rules: PlanRules, reason: Why) -> PlannedLine:
    _check_target(planned)
    planned = _with_present(planned)
    why, entry = reason(planned)
    mine = not planned.present or (entry and planned.present in {entry.result, entry.previous})
    if not mine and not rules.overwrite_edited:
        stale = bool(entry and why)
        return replace(planned, state=State.EDITED, reason=_edited_reason(entry, why), stale=stale)
    if not mine:
        return replace(planned, reason="was edited, and is to be overwritten")
    if why:
        return replace(planned, reason=why)
    state = State.DO if rules.everything else State.UNCHANGED
    return replace(planned, state=state, reason="asked for again" if rules.everything else "", entry=entry)


def _check_target(planned: PlannedLine) -> None:
    """Refuses a result that would replace what it is made of."""
    line = planned.line
    blend = line.scene.blend if line.scene else None
    for source in filter(None, (line.sound, line.character, line.emotion_track, blend)):
        with contextlib.suppress(OSError, ValueError):
            if planned.target.samefile(source):
                raise LipwrightError(
                    f"{source}: its line's result would replace it; choose another folder with -o"
                )


def _edited_reason(entry: Entry | None, why: str) -> str:
    if entry is None:
        return "a file of that name was there already; --overwrite-edited replaces it"
    since = f", though {why}" if why else ""
    return f"edited since it was written, so it is left alone{since}; --overwrite-edited replaces it"


def _with_present(planned: PlannedLine) -> PlannedLine:
    """Looks at what lies at the target; its content is read only where its stamp says nothing."""
    try:
        seen = output_stamp(planned.target.stat())
    except (FileNotFoundError, NotADirectoryError):
        return planned
    except OSError as error:
        raise LipwrightError(
            f"{planned.target}: cannot be reached ({error.strerror}); check the folder"
        ) from error
    entry = planned.entry
    if entry and seen == entry.result_stamp and is_fine(seen):
        return replace(planned, seen=seen, present=entry.result)
    present = hash_file(planned.target)[0]
    if entry and present == entry.result:
        entry = replace(entry, result_stamp=seen)
    return replace(planned, seen=seen, present=present, entry=entry)


def _why(planned: PlannedLine) -> tuple[str, Entry | None]:
    """Returns why a line must be done, or "", and what is known of it, with a renewed stamp of the sound."""
    line, entry = planned.line, planned.entry
    try:
        stamp = input_stamp(line.sound.stat())
    except (OSError, ValueError):
        check_sound_file(line.sound)
        raise LipwrightError(f"{line.sound}: cannot be reached; check the path") from None
    if entry is None:
        check_sound_file(line.sound)
        return "is new", entry
    if entry.sound_stamp != stamp:
        digest, stamp = hash_sound(line.sound)
        if digest != entry.sound:
            return "its sound has changed", entry
        entry = replace(entry, sound_stamp=stamp if is_settled(stamp) else None)
    if planned.settings != entry.settings:
        return "its model or settings have changed", entry
    if planned.present != entry.result and planned.present in {"", entry.previous}:
        return "its result is missing", entry
    return "", entry


def renewed_entries(planned: Iterable[PlannedLine], entries: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yields the entries of unchanged lines whose stamps are to be remembered anew."""
    for one in planned:
        if one.state is State.UNCHANGED and one.entry and one.entry != entries.get(one.line.output):
            yield one.entry
