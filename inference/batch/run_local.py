"""Runs tasks on this machine, in processes that joblib's loky keeps; in this one where there is no joblib."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from ..library_noise import library_noise_off
from .work import Result, Task, animate

_IN_FLIGHT = 2
"""Tasks given out for each worker: one to do, one at hand when that is done."""


def run_local(tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """Yields a result for every task, in any order, each as soon as it is there.

    A worker that dies, of a fault in a decoder or for want of memory, takes none of the others' lines along:
    what the workers were about is tried again, each line alone.

    Args:
        tasks: what to do.
        workers: processes; 1 works in this one.
    """
    if workers <= 1:
        yield from (_quietly(task) for task in tasks)
        return
    waiting = iter(tasks)
    running: dict[Future[Result], Task] = {}
    try:
        while True:
            for task in islice(waiting, _IN_FLIGHT * workers - len(running)):
                running[_executor(workers).submit(_quietly, task)] = task
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                suspects, running = list(running.values()), {}
                yield from (_alone(suspect) for suspect in suspects)
            else:
                for future in done:
                    del running[future]
                    yield future.result()
    finally:
        _executor(workers).shutdown(wait=True, kill_workers=True)


def usable_cores() -> int | None:
    """Returns how many cores this process may use; None without joblib, when there is but one process."""
    try:
        import joblib  # noqa: PLC0415 - not shipped inside the extension
    except ImportError:
        return None
    return int(joblib.cpu_count())  # heeds containers' quotas, which os.cpu_count does not


def _executor(workers: int) -> Any:  # noqa: ANN401 - joblib ships no types
    """Returns the running pool, or a new one where that broke or there is none."""
    from joblib.externals.loky import get_reusable_executor  # noqa: PLC0415 - as above

    return get_reusable_executor(max_workers=workers, initializer=_start_worker, initargs=(os.getpid(),))


def _alone(task: Task) -> Result:
    """Tries one task with nothing beside it, so that it is clear whose fault a second death is."""
    try:
        result: Result = _executor(1).submit(_quietly, task).result()
    except BrokenProcessPool:
        problem = "ended the process that animated it; convert the sound anew, or free some memory"
        return Result(task.output, error=f"{task.sound}: {problem}")
    return result


def _quietly(task: Task) -> Result:
    with library_noise_off():
        return animate(task)


def _start_worker(parent: int) -> None:
    """Lets a worker end with the program that started it, however that ended, and leave Ctrl+C to it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
