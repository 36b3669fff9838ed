"""Groups of frames that come one after another, each told those around it."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

Group = TypeVar("Group")


def with_neighbours(groups: Iterable[Group], reach: int) -> Iterator[tuple[Group, Collection[Group]]]:
    """Yields each group and, with it, those up to `reach` before and behind, itself among them.

    Args:
        groups: in order.
        reach: how many to each side; fewer at the ends.
    """
    known: deque[Group] = deque()
    waiting: deque[Group] = deque()
    for group in groups:
        known.append(group)
        waiting.append(group)
        if len(waiting) > reach:
            yield waiting.popleft(), known
            if len(known) > 2 * reach:
                known.popleft()
    while waiting:
        yield waiting.popleft(), known
        if len(known) - len(waiting) > reach:
            known.popleft()
