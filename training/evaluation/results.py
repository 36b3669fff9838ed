"""What an evaluation found, as plain data: sections of rows, each with its figures and its goal."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Goal:
    """What a figure should reach; both bounds belong to the goal.

    Attributes:
        least: Lower bound, or None.
        most: Upper bound, or None.
    """

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        """Whether a figure reaches the goal; what is not defined does not."""
        if math.isnan(value):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        """The goal as a reader writes it."""
        if self.least is not None and self.most is not None:
            return f"{self.least:g} to {self.most:g}"
        return f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"


@dataclass(frozen=True)
class Row:
    """One measure.

    Attributes:
        key: Its name in files.
        label: Its name for readers, with its unit.
        decimals: How many to show.
        values: Figure by system; NaN where it is not defined.
        goal: What the judged system should reach, or None.
        judged: Which system the goal is for.
    """

    key: str
    label: str
    decimals: int
    values: Mapping[str, float]
    goal: Goal | None = None
    judged: str = "model"

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal or without the judged system."""
        if self.goal is None or self.judged not in self.values:
            return None
        return self.goal.met(self.values[self.judged])

    def cell(self, system: str) -> str:
        """A system's figure as text; a dash where it is not defined (a static face has no lag)."""
        value = self.values.get(system, math.nan)
        return "-" if math.isnan(value) else f"{value:.{self.decimals}f}"


@dataclass(frozen=True)
class Section:
    """One test set.

    Attributes:
        key: Its name in files.
        title: Its name for readers.
        rows: The measures.
        about: What was measured on what, in a sentence or two.
        skipped: Why it was not measured; empty where it was.
        items: Names of the takes or lines that were measured.
    """

    key: str
    title: str
    rows: tuple[Row, ...] = ()
    about: str = ""
    skipped: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """A whole evaluation.

    Attributes:
        model: Name of the model, or None.
        systems: Columns, in order.
        sections: Test sets, in order.
        split: Which captured takes were measured.
        seconds: How long it took.
        notes: Sentences for the reader.
    """

    model: str | None
    systems: tuple[str, ...]
    sections: tuple[Section, ...]
    split: str = "test"
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())

    def section(self, key: str) -> Section:
        """The section of that name.

        Raises:
            KeyError: There is none.
        """
        return {section.key: section for section in self.sections}[key]

    @property
    def goals(self) -> tuple[int, int]:
        """How many goals are met, and how many were measured."""
        met = [row.met for section in self.sections for row in section.rows if row.met is not None]
        return sum(met), len(met)

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON types; NaN (not defined) becomes null."""
        return {
            "model": self.model,
            "split": self.split,
            "systems": list(self.systems),
            "goals_met": self.goals[0],
            "goals": self.goals[1],
            "seconds": round(self.seconds, 1),
            "notes": list(self.notes),
            "sections": [_section_dict(section) for section in self.sections],
        }


def _section_dict(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "about": section.about,
        "skipped": section.skipped or None,
        "items": list(section.items),
        "rows": {row.key: _row_dict(row) for row in section.rows},
    }


def _row_dict(row: Row) -> dict[str, Any]:
    values = {s: None if math.isnan(value) else round(value, 6) for s, value in row.values.items()}
    goal = None if row.goal is None else {"least": row.goal.least, "most": row.goal.most}
    return {"label": row.label, "values": values, "goal": goal, "met": row.met}
