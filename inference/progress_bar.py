"""A progress bar on a terminal, and nothing anywhere else."""

import time
from types import TracebackType
from typing import Self, TextIO

from .array_types import Progress

_WIDTH = 30
_SECONDS_BETWEEN = 0.1


class ProgressBar:
    """One line that is redrawn at most ten times a second and removed at the end."""

    def __init__(self, title: str, stream: TextIO) -> None:
        """Takes what stands before the bar, and where to draw it; nothing is drawn but on a terminal."""
        self._title = title[:40]
        self._stream = stream
        self._shown = stream.isatty()
        self._drawn_at = 0.0

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the bar."""
        if self._drawn_at:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def part(self, start: float, stop: float) -> Progress:
        """Returns a callback whose 0..1 fills start..stop of the bar."""
        return lambda share: self._draw(start + (stop - start) * share)

    def _draw(self, share: float) -> None:
        now = time.monotonic()
        if not self._shown or now - self._drawn_at < _SECONDS_BETWEEN:
            return
        self._drawn_at = now
        filled = round(share * _WIDTH)
        self._stream.write(f"\r{self._title} [{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%}")
        self._stream.flush()
