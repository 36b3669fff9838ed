"""Runs tasks on this machine, in processes that joblib's loky keeps; in this one where there is no joblib."""

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from ..library_noise import library_noise_off
from .interrupts import ignored_by_children, interrupts_kept
from .work import Result, Task, animate

_known: "weakref.WeakValueDictionary[int, Any]" = weakref.WeakValueDictionary()
"""Pools whose processes have been started, by how many there are."""
_IN_FLIGHT = 2
"""Tasks given out for each worker: one to do, one at hand when that is done."""
_TO_TAKE = 1.0
"""Seconds in which a pool's own thread takes what it was given; it needs a few milliseconds."""


def run_local(tasks: Sequence[Task], workers: int) -> Iterator[Result]:
    """Yields a result for every task, in any order, each as soon as it is there.

    A worker that dies, of a fault in a decoder or for want of memory, takes none of the others' lines along:
    what the workers were about is tried again, each line alone.

    Args:
        tasks: what to do.
        workers: processes; 1 works in this one.
    """
    with interrupts_kept() as check:
        if workers <= 1:
            for task in tasks:
                check()
                yield _quietly(task)
        else:
            yield from _in_processes(tasks, workers, check)
        check()


def _in_processes(tasks: Sequence[Task], workers: int, check: Callable[[], None]) -> Iterator[Result]:
    """Does `run_local` in more than one process, and asks `check` between results."""
    waiting = iter(tasks)
    running: dict[Future[Result], Task] = {}
    try:
        while True:
            check()
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
        _end(_executor(workers))


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

    arguments = {"max_workers": workers, "initializer": _start_worker, "initargs": (os.getpid(),)}
    pool = _known.get(workers)
    if pool is None or get_reusable_executor(**arguments) is not pool:
        with ignored_by_children():
            pool = _known[workers] = get_reusable_executor(**arguments)
            pool.submit(int)  # the first task starts the processes
    return pool


def _end(pool: Any) -> None:  # noqa: ANN401 - as above
    """Ends a pool and its processes, whatever they are about.

    A task that the pool's own thread has not taken yet when it ends makes that thread fail (`KeyError`),
    print a traceback and leak semaphores. It takes them in their order: once it has one more, it has all.
    """
    with contextlib.suppress(BrokenProcessPool):  # then there is nothing to take
        last, latest = pool.submit(int), time.monotonic() + _TO_TAKE
        while not (last.running() or last.done()) and time.monotonic() < latest:
            time.sleep(0.001)
    pool.shutdown(wait=True, kill_workers=True)


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
    """Lets a worker end with the program that started it, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
