"""Remembers what is done: for every result its recipe, its content and what the report says of it.

A SQLite database in the output folder, written by one process at a time and locked while it runs. An entry is
committed before its result is put in place, and names what lay there before; whichever of the two a killed
process leaves behind, the next one can tell which it is.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import LipwrightError
from .fingerprint import Stamp

_APPLICATION = 0x4C495057  # "LIPW"
_VERSION = 1
_LARGEST = 4 << 30
_CLOCK_TOLERANCE_NS = 1_000_000_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    output TEXT PRIMARY KEY, settings TEXT NOT NULL, sound TEXT NOT NULL, sound_stamp TEXT NOT NULL,
    result TEXT NOT NULL, result_stamp TEXT NOT NULL, previous TEXT NOT NULL, facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (key TEXT PRIMARY KEY, png BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clock (latest_ns INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Entry:
    """What is known of one result.

    Attributes:
        output: its file name.
        settings: hash of its settings.
        sound: hash of its sound.
        sound_stamp: the sound's stamp, or None where it cannot be relied on.
        result: hash of what was written.
        result_stamp: its stamp, or None where it cannot be relied on.
        previous: hash of what lay there before, or "" for nothing.
        facts: what the report says of the line, as JSON has it.
    """

    output: str
    settings: str
    sound: str
    sound_stamp: Stamp | None
    result: str
    result_stamp: Stamp | None
    previous: str
    facts: Mapping[str, Any]


class Ledger:
    """The open ledger of an output folder; nobody else can open it meanwhile."""

    def __init__(self, path: Path | None) -> None:
        """Opens or makes it.

        Args:
            path: the database, or None for one in memory.

        Raises:
            LipwrightError: when it is locked, damaged, or cannot be written.
        """
        self._path = path
        self.clock_went_back = False
        """Whether this machine's clock is earlier than at the last run: all stamps are then forgotten."""
        with self._told():
            if path and path.exists() and path.stat().st_size > _LARGEST:
                raise LipwrightError(f"{path}: is too large to be a batch's ledger; delete it")
            self._database = sqlite3.connect(path or ":memory:", timeout=1.0, isolation_level=None)
            self._prepare()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the database and frees its lock."""
        self._database.close()

    def entries(self) -> dict[str, Entry]:
        """Returns all entries by output.

        Raises:
            LipwrightError: when one is damaged.
        """
        with self._told():
            return {row[0]: _entry(row) for row in self._database.execute("SELECT * FROM entries")}

    def record(self, entries: Iterable[Entry]) -> None:
        """Writes entries, all or none, and returns when they are safe on the disk.

        Raises:
            LipwrightError: when they cannot be written.
        """
        rows = [_row(entry) for entry in entries]
        with self._told():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO entries VALUES (?,?,?,?,?,?,?,?)", rows)
            self._database.execute("DELETE FROM clock")
            self._database.execute("INSERT INTO clock VALUES (?)", (time.time_ns(),))
            self._database.execute("COMMIT")

    def pictures(self) -> dict[str, bytes]:
        """Returns the kept pictures, PNG by key."""
        with self._told():
            return dict(self._database.execute("SELECT key, png FROM pictures"))

    def keep_pictures(self, pictures: Mapping[str, bytes]) -> None:
        """Keeps these pictures and no others."""
        with self._told():
            self._database.execute("BEGIN")
            self._database.execute("DELETE FROM pictures")
            self._database.executemany("INSERT INTO pictures VALUES (?,?)", pictures.items())
            self._database.execute("COMMIT")

    def _prepare(self) -> None:
        run = self._database.execute
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA locking_mode = EXCLUSIVE")
        run(
            "PRAGMA journal_mode = WAL"
        )  # one flush for each commit; on a shared disk too, as nobody shares it
        run("PRAGMA synchronous = FULL")
        run("BEGIN IMMEDIATE")
        application, version = (
            run(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if run("SELECT count(*) FROM sqlite_master").fetchone()[0] and application != _APPLICATION:
            raise LipwrightError(f"{self._path}: is another program's database; choose another output folder")
        if version > _VERSION:
            raise LipwrightError(f"{self._path}: was written by a newer Lipwright; update this one")
        for statement in filter(str.strip, _SCHEMA.split(";")):
            run(statement)
        run(f"PRAGMA application_id = {_APPLICATION}")
        run(f"PRAGMA user_version = {_VERSION}")
        latest = run("SELECT max(latest_ns) FROM clock").fetchone()[0]
        if isinstance(latest, int) and time.time_ns() < latest - _CLOCK_TOLERANCE_NS:
            # A file may since have got a date that another content of it had before.
            self.clock_went_back = True
            run("UPDATE entries SET sound_stamp = 'null', result_stamp = 'null'")
            run("UPDATE clock SET latest_ns = ?", (time.time_ns(),))
        run("COMMIT")

    def _told(self) -> "_Told":
        return _Told(self._path)


class _Told:
    """Turns SQLite's errors into sentences."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, sqlite3.Error | OSError | ValueError | TypeError | KeyError):
            raise LipwrightError(f"{self._path}: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    words = str(error)
    if "locked" in words:
        return "another batch is writing into this folder; wait for its end or choose another folder"
    if "full" in words:
        return "cannot be written; the disk is full: free some space or choose another folder"
    if isinstance(error, sqlite3.OperationalError | OSError):
        return f"cannot be written ({words}); choose another output folder"
    return (
        f"what is remembered of this folder is damaged ({words}); delete that file, and the results that "
        "are to be made again, or run with --overwrite-edited"
    )


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        entry.output,
        entry.settings,
        entry.sound,
        json.dumps(entry.sound_stamp),
        entry.result,
        json.dumps(entry.result_stamp),
        entry.previous,
        json.dumps(entry.facts),
    )


def _entry(row: tuple[str, ...]) -> Entry:
    output, settings, sound, sound_stamp, result, result_stamp, previous, facts = row
    known = json.loads(facts)
    if not isinstance(known, dict):
        raise TypeError(f"the entry of {output} makes no sense")
    stamps = _stamp(sound_stamp), _stamp(result_stamp)
    return Entry(output, settings, sound, stamps[0], result, stamps[1], previous, known)


def _stamp(text: str) -> Stamp | None:
    numbers = json.loads(text)
    return None if numbers is None else Stamp(*(int(number) for number in numbers))
