"""Puts finished results in place and remembers them: the only place where an output folder's files change."""

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from ..atomic_file import cannot_write, flush_to_disk
from ..errors import LipwrightError
from .fingerprint import Stamp, output_stamp
from .ledger import Entry, Ledger
from .outcome import Outcome
from .plan import PlannedLine, State
from .work import Result

_TOGETHER = 32
"""Results that share one flush to the disk; as many are done again after a kill."""
_EVERY_S = 1.0
"""Slow results are not kept waiting for others."""


class Committer:
    """Takes workers' results and turns them into files and entries, some at a time.

    A file's content is safe on the disk before its entry is in the ledger, and the entry before the file is
    renamed into place. The entry names the content before and after, so that a process killed between the two
    leaves nothing that cannot be told apart.
    """

    def __init__(self, ledger: Ledger, planned: Mapping[str, PlannedLine]) -> None:
        """Takes the ledger and the plan, by output."""
        self._ledger = ledger
        self._planned = planned
        self._waiting: list[Result] = []
        self._flushed_at = time.monotonic()
        self.outcomes: dict[str, Outcome] = {}
        """What became of each line so far, by output."""

    def add(self, result: Result) -> None:
        """Takes one result; those that wait for the disk are put in place when enough have come together.

        Raises:
            LipwrightError: when the ledger cannot be written, after which nothing more can be done.
        """
        planned = self._planned[result.output]
        if result.error or result.part is None:
            self.outcomes[result.output] = Outcome(planned.line, State.FAILED.value, result.error)
            return
        self._waiting.append(result)
        if len(self._waiting) >= _TOGETHER or time.monotonic() - self._flushed_at >= _EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Puts all that wait in place.

        Raises:
            LipwrightError: when the ledger cannot be written.
        """
        waiting, self._waiting = self._waiting, []
        self._flushed_at = time.monotonic()
        entries = {}
        for result in waiting:
            try:
                entries.update({one.output: self._entry(one) for one in _files(result)})
            except LipwrightError as error:
                self._fail(result, str(error))
        if entries:
            self._ledger.record(entries.values())
        for result in waiting:
            if result.output in entries:
                for one in _files(result):
                    self._put_in_place(one, entries[one.output])

    def _entry(self, result: Result) -> Entry:
        """Returns what to remember.

        Raises:
            LipwrightError: when somebody else wrote the target since the batch began.
        """
        planned = self._planned[result.output]
        if result.part is None or _stamp_of(planned.target) != planned.seen:
            raise LipwrightError(
                f"{planned.target}: was changed while the batch ran, so it is left alone; run again"
            )
        try:
            stamp = output_stamp(result.part.stat())
            flush_to_disk(result.part)
        except FileNotFoundError as error:
            raise LipwrightError(
                f"{result.part}: is gone before it could be put in place ({error.strerror}); run again, and "
                "see that all workers reach the same output folder"
            ) from error
        except OSError as error:
            raise cannot_write(planned.target, error) from error
        return Entry(
            output=result.output,
            settings=planned.settings,
            sound=result.sound,
            sound_stamp=result.sound_stamp,
            result=result.digest,
            result_stamp=stamp,
            previous=planned.present,
            facts=result.facts or {},
        )

    def _put_in_place(self, result: Result, entry: Entry) -> None:
        planned = self._planned[result.output]
        if result.part is None:
            return
        try:
            result.part.replace(planned.target)
        except OSError as error:
            self._fail(result, str(cannot_write(planned.target, error)))
            return
        self.outcomes[result.output] = Outcome(planned.line, "done", planned.reason, entry.facts)

    def _fail(self, result: Result, sentence: str) -> None:
        for part in filter(None, (one.part for one in _files(result))):
            with contextlib.suppress(OSError):
                part.unlink()
        line = self._planned[result.output].line
        self.outcomes[result.output] = Outcome(line, State.FAILED.value, sentence)


def _files(result: Result) -> tuple[Result, ...]:
    """Returns a result and what was written along with it: all of them are taken, or none."""
    return result, *result.beside


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return output_stamp(path.stat())
    except OSError:
        return None
