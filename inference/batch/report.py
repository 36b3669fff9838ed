"""Gathers what became of all lines, the most suspicious first, and writes it for people and for machines."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..atomic_file import atomic_path
from .line import BatchLine
from .measures import LineMeasures
from .outcome import Outcome
from .suspicion import Suspicion, score, suspicions

FORMAT = "lipwright-batch-report"
_FIGURES = (
    "duration", "frames", "peak_opening", "mean_opening", "closures", "silence_share", "clipped_share",
    "level_db", "floor_db", "syllable_rate",
)  # fmt: skip


@dataclass(frozen=True)
class ReportedLine:
    """One line of the report.

    Attributes:
        outcome: what became of it.
        measures: its figures, or None where it has no result.
        warnings: reasons to look at it, the weightiest first.
        told: what animating it gave notice of.
        score: how suspicious it is; failures come before all others.
        pictures: keys of its pictures, PNG, by moment in seconds; filled in for the lines that are drawn.
    """

    outcome: Outcome
    measures: LineMeasures | None = None
    warnings: tuple[Suspicion, ...] = ()
    told: tuple[str, ...] = ()
    score: float = 0.0
    pictures: Mapping[float, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A batch's end.

    Attributes:
        lines: the most suspicious first.
        warnings: sentences that concern the batch as a whole.
        seconds: how long it took.
    """

    lines: Sequence[ReportedLine]
    warnings: Sequence[str]
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """Returns how many lines are in each state."""
        return dict(sorted(Counter(line.outcome.state for line in self.lines).items()))


def reported(outcome: Outcome) -> ReportedLine:
    """Judges one line; figures that make no sense count as none."""
    told = tuple(str(sentence) for sentence in outcome.facts.get("told", ()))
    try:
        measures = LineMeasures.from_json(outcome.facts)
    except ValueError:
        return ReportedLine(outcome, told=told)
    warnings = tuple(suspicions(measures))
    return ReportedLine(outcome, measures, warnings, told, score(list(warnings)))


def sort_key(line: ReportedLine) -> tuple[bool, bool, float, str]:
    """Orders failures first, then hand-edited lines that are out of date, then by suspicion and name."""
    outcome = line.outcome
    return outcome.state != "failed", not outcome.stale, -line.score, outcome.line.id


def json_report(report: Report) -> dict[str, Any]:
    """Returns the report as plain values."""
    return {
        "format": FORMAT,
        "version": 1,
        "ok": not report.counts.get("failed"),
        "counts": report.counts,
        "seconds": round(report.seconds, 3),
        "warnings": list(report.warnings),
        "lines": [_json_line(line) for line in report.lines],
    }


def _json_line(line: ReportedLine) -> dict[str, Any]:
    asked = line.outcome.line
    values: dict[str, Any] = {"id": asked.id, "place": asked.place, "state": line.outcome.state}
    if line.outcome.reason:
        values["error" if line.outcome.state == "failed" else "reason"] = line.outcome.reason
    if isinstance(asked, BatchLine):
        values.update(sound=str(asked.sound), output=asked.output, text=asked.text)
    if line.measures:
        plain = line.measures.to_json()
        values.update({name: plain[name] for name in _FIGURES})
        values["seconds"] = line.outcome.facts.get("seconds")
        values["score"] = line.score
        values["suspicions"] = {warning.kind: warning.sentence for warning in line.warnings}
    if line.measures or line.told:
        values["warnings"] = list(line.told)
    return values


def write_json_report(report: Report, path: Path) -> None:
    """Writes `report.json`.

    Raises:
        LipwrightError: when it cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(json_report(report), indent=1) + "\n", encoding="ascii")
