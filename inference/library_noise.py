"""Keeps what C libraries print off the terminal, so that a bad file gets our one sentence alone."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_STDERR = 2


def occupy_streams() -> None:
    """Sends descriptors 0 to 2 nowhere where the shell closed them.

    A file that another thread opens would else get such a number, and lose it to `library_noise_off`.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(descriptor)


@contextlib.contextmanager
def library_noise_off() -> Iterator[TextIO]:
    """Sends file descriptor 2 nowhere and yields the stream that still reaches the terminal.

    The MP3 decoder prints its own remarks on damaged files there. For the command line only: the descriptor
    belongs to the whole process. Where stderr is no real file, nothing is changed.
    """
    try:
        kept = os.dup(_STDERR)
    except OSError:  # Python then has no stderr either
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device, not a path of ours
            yield sys.stderr or nowhere
        return
    if sys.stderr:
        sys.stderr.flush()
    with os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace") as terminal:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
            os.dup2(nowhere.fileno(), _STDERR)
        try:
            yield terminal
        finally:
            terminal.flush()
            os.dup2(kept, _STDERR)
