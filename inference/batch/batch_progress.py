"""Shows how far a batch is: a bar on a terminal, now and then a line elsewhere, nothing if quiet."""

import time
from types import TracebackType
from typing import Self, TextIO

_WIDTH = 30
_REDRAW_S = 0.1
_TELL_S = 30.0
_WINDOW_S = 20.0
"""The rate is that of about the last so many seconds, as the first ones load models."""


class BatchProgress:
    """Counts lines and tells their rate and the time left."""

    def __init__(self, total: int, stream: TextIO, *, quiet: bool) -> None:
        """Takes the number of lines, and where to show them."""
        self._total = total
        self._stream = stream
        self._terminal = stream.isatty()
        self._quiet = quiet
        self._every = _REDRAW_S if self._terminal else _TELL_S
        self._done = self._failed = 0
        self._started = self._shown_at = time.monotonic()
        self._marks = [(self._started, 0)]

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the bar."""
        self.clear()

    def advance(self, *, failed: bool) -> None:
        """Counts one line."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if not self._quiet and now - self._shown_at >= self._every:
            self._shown_at = now
            self._show(now)

    def clear(self) -> None:
        """Makes room for a message."""
        if self._terminal and not self._quiet:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def _show(self, now: float) -> None:
        self._marks.append((now, self._done))
        while len(self._marks) > 2 and now - self._marks[1][0] > _WINDOW_S:  # noqa: PLR2004 - a first and a last
            del self._marks[0]
        since, before = self._marks[0]
        rate = (self._done - before) / max(now - since, 1e-6)
        left = (self._total - self._done) / rate if rate else 0.0
        words = f"{self._done}/{self._total}, {rate:.1f} lines/s, {_clock(left)} left"
        if self._failed:
            words += f", {self._failed} failed"
        if self._terminal:
            filled = round(self._done / self._total * _WIDTH)
            self._stream.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {words}\033[K")
        else:
            self._stream.write(f"{words}\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
