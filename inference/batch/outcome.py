"""What became of a line, as the report tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .line import BadLine, BatchLine


@dataclass(frozen=True)
class Outcome:
    """What became of one line.

    Attributes:
        line: as asked for.
        state: "done", "unchanged", "edited", "failed" or "to do".
        reason: why, in a few words; for a failure its sentence.
        facts: the figures of its result, see `LineMeasures`; empty where there is none.
        stale: whether an edited result is no longer that of its sound and settings.
    """

    line: BatchLine | BadLine
    state: str
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    stale: bool = False
