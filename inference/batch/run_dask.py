"""Runs tasks on a Dask cluster: its scheduler, its dashboard, its retries; none of that is ours."""

import logging
from asyncio import CancelledError
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ..errors import LipwrightError
from .work import Result, Task, animate

_RETRIES = 2
_IN_FLIGHT = 8
"""Tasks given out for each thread of the cluster, so that ten thousand lines do not lie in its memory."""
_TIMEOUT = "15s"


def run_dask(tasks: Sequence[Task], address: str) -> Iterator[Result]:
    """Yields a result for every task, in any order, each as soon as it is there.

    The workers must see the sounds, the models and the output folder under the same paths, and have this
    package. A worker that dies is the scheduler's matter: it gives its lines to another.

    Args:
        tasks: what to do.
        address: of the scheduler, such as "tcp://host:8786".

    Raises:
        LipwrightError: when the scheduler cannot be reached, or is lost.
    """
    client = _connected(address)
    try:
        yield from _results(client, tasks)
    except (OSError, CancelledError) as error:
        raise _lost() from error
    finally:
        client.close(timeout=2)


def _connected(address: str) -> Any:  # noqa: ANN401 - distributed ships no types
    try:
        from distributed import Client  # noqa: PLC0415 - only those who have a cluster have it
    except ImportError as error:
        raise LipwrightError(
            f"--scheduler {address}: needs Dask ({error}); `python -m pip install distributed` brings it"
        ) from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # our sentence tells what went wrong
    try:
        return Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise LipwrightError(
            f"--scheduler {address}: no Dask scheduler answers there; check the address"
        ) from error


def _lost() -> LipwrightError:
    return LipwrightError("the Dask scheduler is gone; start it and run again: what is done is kept")


def _results(client: Any, tasks: Sequence[Task]) -> Iterator[Result]:  # noqa: ANN401 - as above
    from distributed import as_completed  # noqa: PLC0415 - as above

    waiting = iter(tasks)
    names: dict[str, Task] = {}
    running = as_completed(loop=client.loop)
    room = _IN_FLIGHT * max(1, sum(client.nthreads().values()))
    while True:
        for task in islice(waiting, max(0, room - len(names))):
            future = client.submit(animate, task, retries=_RETRIES, pure=False)
            names[future.key] = task
            running.add(future)
        if not names:
            return
        future = next(running)
        if future.status == "lost":  # with its worker, after it was done; another does it again
            running.add(future)
            continue
        yield _result(future, names.pop(future.key))


def _result(future: Any, task: Task) -> Result:  # noqa: ANN401 - as above
    if future.status == "finished":
        result: Result = future.result()
        return result
    if future.status == "cancelled":
        raise _lost()
    problem = future.exception()
    words = f"{type(problem).__name__}: {problem}"[:300]
    return Result(task.output, error=f"{task.sound}: the cluster gave it up ({words}); see its dashboard")
