"""A batch's processes: each a Blender of its own that loads once and then does one line after another."""

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import bpy

from .batch_worker import MARK, READY
from .command_names import WORKER
from .inference.batch.interrupts import interrupts_kept
from .inference.batch.task_text import read_result, task_text
from .inference.batch.work import Result, Task
from .inference.errors import LipwrightError

_POLL_S = 0.2
_TOLD = 300
_START_ATTEMPTS = 3
_LINES_WORTH_A_START = 8
"""Lines that take about as long as a Blender's start."""


def worker_count(asked: int | None, tasks: int) -> int:
    """How many processes are worth starting for so many lines."""
    if asked is not None:
        return max(1, min(asked, tasks))
    return max(1, min(_cores(), 1 + tasks // _LINES_WORTH_A_START))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_command() -> list[str]:
    """What starts another Blender like this one, as a worker."""
    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--command", "lipwright", WORKER]
    return [sys.executable, str(Path(__file__).parent), WORKER]  # Blender is a module of this Python


def _worker_environment() -> dict[str, str]:
    """Ours, and one thread for NumPy's matrices: a second one spins while it waits, on a core others work on.

    NumPy reads it as it loads, with Blender; in there it is too late to ask for.
    """
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ}


def run_processes(tasks: Sequence[Task], workers: int) -> Generator[Result, None, None]:
    """Do tasks in so many processes; yields a result for each, in any order, as soon as it is there.

    A process that dies takes nothing along but its one line, which another one then tries again.

    Raises:
        LipwrightError: no process can be started.
    """
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    answers: queue.SimpleQueue[Result | LipwrightError] = queue.SimpleQueue()
    feeders = [_Feeder(waiting, answers) for _ in range(workers)]
    with interrupts_kept() as check:
        try:
            for feeder in feeders:
                feeder.start()
            for _ in tasks:
                yield _next(answers, check)
            check()
        finally:
            for feeder in feeders:
                feeder.stop()


def _next(answers: "queue.SimpleQueue[Result | LipwrightError]", check: Callable[[], None]) -> Result:
    while True:
        check()
        with contextlib.suppress(queue.Empty):
            answer = answers.get(timeout=_POLL_S)
            if isinstance(answer, LipwrightError):
                raise answer
            return answer


class _Feeder(threading.Thread):
    """Keeps one process at work, and starts another one when it died."""

    def __init__(
        self, waiting: "queue.SimpleQueue[Task]", answers: "queue.SimpleQueue[Result | LipwrightError]"
    ) -> None:
        super().__init__(name="lipwright-batch", daemon=True)
        self._waiting = waiting
        self._answers = answers
        self._child: _Child | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def run(self) -> None:
        """Do what waits until nothing does."""
        try:
            while not self._is_stopped:
                self._answers.put(self._done(self._waiting.get_nowait()))
        except queue.Empty:
            self.stop()
        except LipwrightError as error:
            self._answers.put(error)
        except OSError as error:
            self._answers.put(LipwrightError(f"{error}; no process of Blender can be started"))
        except Exception as error:  # noqa: BLE001 - told, as whoever waits for answers would wait for ever
            words = f"{type(error).__name__}: {error}"
            self._answers.put(
                LipwrightError(f"a process of the batch gave no answer ({words}); run it again")
            )

    def _done(self, task: Task) -> Result:
        """Ask a process, and a fresh one when that died: whoever ends two is to blame."""
        for _ in range(2):
            result = self._ready().ask(task)
            if result is not None:
                return result
            if self._is_stopped:
                break
        problem = "ended the Blender that animated it; convert the sound anew, or free some memory"
        return Result(task.output, error=f"{task.sound}: {problem}")

    def _ready(self) -> "_Child":
        for attempt in range(1, _START_ATTEMPTS + 1):
            with self._lock:
                if self._is_stopped:
                    raise LipwrightError("the batch has ended")
                if self._child is not None and not self._child.is_alive:
                    self._child.kill()
                    self._child = None
                self._child = self._child or _Child()
                child = self._child
            if child.is_ready():
                break
            if attempt == _START_ATTEMPTS:
                raise child.did_not_start()
            child.kill()
        return child

    def stop(self) -> None:
        """End the process, in whatever it is doing."""
        with self._lock:
            self._is_stopped = True
            if self._child is not None:
                self._child.kill()


class _Child:
    """A worker's process."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - the process's
        self._is_ready = False
        self._process = subprocess.Popen(
            worker_command(),
            env=_worker_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            errors="replace",
            # Ctrl+C is for the batch, which then ends its processes
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def is_ready(self) -> bool:
        """Wait until Blender and the extension are loaded; False where it ended before."""
        self._is_ready = self._is_ready or self._answer() == READY
        return self._is_ready

    def did_not_start(self) -> LipwrightError:
        """The sentence for it."""
        return LipwrightError(
            f"a worker's Blender ended while it started ({self._last_words()}); see that "
            f"`{' '.join(worker_command()[:-1])} --help` runs"
        )

    def ask(self, task: Task) -> Result | None:
        """Have a line animated; None when the process died of it."""
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.write(f"{task_text(task)}\n")
                self._process.stdin.flush()
        answer = self._answer()
        return read_result(answer.removeprefix(MARK)) if answer is not None else None

    def kill(self) -> None:
        """End it: by closing its pipe, after which it tidies up, and by force when it does not."""
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        deadline = time.monotonic() + 2.0
        while self.is_alive and time.monotonic() < deadline:
            time.sleep(0.01)
        self._process.kill()
        self._process.wait()
        self._errors.close()  # standard output is closed by who reads it

    def _answer(self) -> str | None:
        """The next line that is meant for us; None when the process has ended."""
        if self._process.stdout is None:
            return None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                if line.startswith(MARK) and line.endswith("\n"):  # else it was killed while it spoke
                    return line.rstrip("\n")
        self._process.wait()
        self._process.stdout.close()
        return None

    def _last_words(self) -> str:
        self._errors.seek(0)
        words = [line.strip() for line in self._errors if line.strip()]
        return words[-1][:_TOLD] if words else f"status {self._process.returncode}"
