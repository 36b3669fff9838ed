"""Ctrl+C that cannot get lost."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def interrupts_kept() -> Iterator[Callable[[], None]]:
    """Gives a function that raises KeyboardInterrupt once Ctrl+C was pressed, also when that was swallowed.

    Python drops an exception that comes up in a finaliser or a callback, and with it a Ctrl+C that came just
    then: whoever walks through many lines asks this function at each.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None  # only the main thread is told of signals
        return
    pressed = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:  # there is no `before` inside Blender, whose handler is not Python's
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


@contextlib.contextmanager
def ignored_by_children() -> Iterator[None]:
    """Lets processes that are started meanwhile ignore Ctrl+C from their first moment.

    A terminal sends it to all of them, and one that is still importing would answer with a traceback. What is
    ignored when a program starts stays ignored, so this one ignores it too for the few milliseconds.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
