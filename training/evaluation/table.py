"""The figures as one plain-text table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.evaluation.results import Evaluation, Row, Section

LABEL, CELL, GOAL = 40, 12, 13


def evaluation_table(evaluation: Evaluation) -> str:
    """One table: every measure for every system, with its goal and whether the model meets it."""
    lines = []
    for section in evaluation.sections:
        lines += [*_section_lines(section, evaluation.systems), ""]
    lines += evaluation.notes
    met, goals = evaluation.goals
    if goals:
        lines.append(f"{met} of {goals} goals met; measured in {evaluation.seconds:.0f} s")
    return "\n".join(lines).rstrip()


def _section_lines(section: Section, systems: tuple[str, ...]) -> list[str]:
    if section.skipped:
        return [section.title, f"  not measured: {section.skipped}"]
    shown = [name for name in systems if any(name in row.values for row in section.rows)]
    goals = any(row.goal is not None for row in section.rows)
    fits = len(section.title) < LABEL
    head = f"{section.title if fits else '':<{LABEL}}" + "".join(
        f"{name[: CELL - 1]:>{CELL}}" for name in shown
    )
    head += f"{'goal':>{GOAL}}  met" if goals else ""
    rows = [_row_line(row, shown) for row in section.rows]
    return [head, *rows] if fits else [section.title, head, *rows]


def _row_line(row: Row, systems: list[str]) -> str:
    line = f"  {row.label:<{LABEL - 2}}" + "".join(f"{row.cell(name):>{CELL}}" for name in systems)
    if row.goal is None or row.met is None:
        return line
    return f"{line}{row.goal!s:>{GOAL}}  {'yes' if row.met else 'NO'}"
