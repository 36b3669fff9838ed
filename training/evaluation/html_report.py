"""The report: one HTML file with everything in it."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from inference.atomic_file import atomic_path
from training.evaluation.exhibits import exhibits

if TYPE_CHECKING:
    from training.evaluation.exhibits import Exhibit
    from training.evaluation.results import Evaluation, Row, Section
    from training.evaluation.stage import Stage

_STYLE = Path(__file__).with_name("report.css")


def write_report(path: Path, stage: Stage, evaluation: Evaluation) -> None:
    """Write the report, whole or not at all.

    Args:
        path: HTML file to write; its folder is made.
        stage: What was measured, to draw from.
        evaluation: What was found.

    Raises:
        LipwrightError: The file cannot be written.
    """
    shown = list(exhibits(stage, evaluation))
    text = page(evaluation, shown)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def page(evaluation: Evaluation, shown: list[Exhibit]) -> str:
    """The whole page."""
    title = html.escape(evaluation.model or "Baselines")
    links = [(section.key, section.title) for section in evaluation.sections]
    links += [(f"exhibit{i}", name) for i, (name, _, _) in enumerate(shown)]
    contents = "".join(f'<li><a href="#{key}">{html.escape(name)}</a></li>' for key, name in links)
    body = [
        f"<h1>{title}: evaluation</h1>",
        f"<p>{_summary(evaluation)}</p>",
        *(f'<p class="quiet">{html.escape(note)}</p>' for note in evaluation.notes),
        f"<nav><ul>{contents}</ul></nav>",
        *(_section(section, evaluation.systems) for section in evaluation.sections),
        *(_exhibit(f"exhibit{i}", exhibit) for i, exhibit in enumerate(shown)),
    ]
    style = _STYLE.read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}: evaluation</title><style>{style}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _summary(evaluation: Evaluation) -> str:
    met, goals = evaluation.goals
    skipped = sum(bool(section.skipped) for section in evaluation.sections)
    parts = [f"<b>{met} of {goals} goals met.</b>"] if goals else []
    parts.append(f"Measured in {evaluation.seconds:.0f} s.")
    if skipped:
        parts.append(f"{skipped} of {len(evaluation.sections)} test sets were not measured; each says why.")
    return " ".join(parts)


def _section(section: Section, systems: tuple[str, ...]) -> str:
    head = f'<h2 id="{section.key}">{html.escape(section.title)}</h2>'
    if section.skipped:
        return f'{head}<p class="quiet">Not measured: {html.escape(section.skipped)}</p>'
    shown = [name for name in systems if any(name in row.values for row in section.rows)]
    columns = "".join(f"<th>{html.escape(name)}</th>" for name in shown)
    rows = "".join(_row(row, shown) for row in section.rows)
    return (
        f"{head}<p class='quiet'>{html.escape(section.about)}</p>"
        f"<div class='wide'><table><thead><tr><th></th>{columns}<th>goal</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{_items(section)}"
    )


def _items(section: Section) -> str:
    """What was measured, by name, folded away."""
    if not section.items:
        return ""
    names = html.escape(", ".join(section.items))
    return f"<details><summary>{len(section.items)} measured</summary><p class='quiet'>{names}</p></details>"


def _row(row: Row, systems: list[str]) -> str:
    state = {None: "", True: "met", False: "unmet"}[row.met]
    cells = "".join(
        f"<td{' class=judged' if name == row.judged and state else ''}>{row.cell(name)}</td>"
        for name in systems
    )
    goal = html.escape(str(row.goal)) if state else ""
    badge = f'<span class="badge {state}">{"met" if row.met else "not met"}</span>' if state else ""
    return f'<tr class="{state}"><td>{html.escape(row.label)}</td>{cells}<td>{goal}</td><td>{badge}</td></tr>'


def _exhibit(key: str, exhibit: Exhibit) -> str:
    title, text, content = exhibit
    return f'<h2 id="{key}">{html.escape(title)}</h2><p class="quiet">{html.escape(text)}</p>{content}'
