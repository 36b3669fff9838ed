"""One piece of work in a thread, with progress and a way to stop it."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")
Work = Callable[[Callable[[float], None], Callable[[], bool]], ResultT]


class BackgroundJob(Generic[ResultT]):
    """Runs `work(progress, cancelled)` in a thread. The work must not touch Blender's data.

    Attributes:
        title: what the panel shows while the job runs.
        progress: share done, 0..1.
    """

    def __init__(self, title: str, work: "Work[ResultT]") -> None:
        """Name the work; `start` begins it."""
        self.title = title
        self.progress = 0.0
        self._work = work
        self._stop = threading.Event()
        self._result: ResultT | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="lipwright", daemon=True)

    def start(self) -> None:
        """Begin the work."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop; it does so at its next chance."""
        self._stop.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stop.is_set()

    @property
    def is_done(self) -> bool:
        """Whether the work has ended, in whatever way."""
        return not self._thread.is_alive()

    def result(self) -> ResultT:
        """Wait for the work's value, or raise what the work raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set whenever no error is

    def _set_progress(self, done: float) -> None:
        self.progress = min(1.0, max(0.0, done))

    def _run(self) -> None:
        try:
            self._result = self._work(self._set_progress, self._stop.is_set)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asks for the result
            self._error = error


_running: BackgroundJob[Any] | None = None


def running_job() -> BackgroundJob[Any] | None:
    """The job that Blender's window is waiting for, if any."""
    return _running


def set_running_job(job: BackgroundJob[Any] | None) -> None:
    """Name the job that the panel shows."""
    global _running  # noqa: PLW0603 - one window, one job; Blender's panels can reach nothing else
    _running = job
