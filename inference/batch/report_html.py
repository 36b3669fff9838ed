"""Writes `report.html`: one file with everything in it, pictures too, and nothing that runs or is fetched.

Whatever comes from a manifest, a file name or an error is escaped; the page also forbids scripts itself.
"""

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

from ..atomic_file import atomic_path
from .line import BatchLine
from .report import Report, ReportedLine

_CARDS = 30
"""Lines told at length; the table below has them all."""
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.card { border: 1px solid #ddd; border-left: 5px solid #e0a030; border-radius: 6px; padding: .6rem 1rem;
  margin: .7rem 0 }
.failed { border-left-color: #c0392b } .edited { border-left-color: #3b7dd8 }
.card img { margin: .5rem .4rem 0 0; border-radius: 4px; vertical-align: top }
.card p { margin: .2rem 0 } .text { font-style: italic } .quiet { color: #666; font-size: .9em }
table { border-collapse: collapse; width: 100%; font-size: .88em }
th, td { text-align: right; padding: .15rem .5rem; border-bottom: 1px solid #eee }
th:first-child, td:first-child, td.words, th.words { text-align: left; overflow-wrap: anywhere }
"""
_HEAD = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'\">\n"
    f"<title>Lipwright batch</title>\n<style>{_STYLE}</style></head><body>\n"
)
_COLUMNS = (
    "line", "state", "seconds", "widest mm", "mean mm", "closures", "silent", "clipped", "level dB",
    "floor dB", "syllables/s",
)  # fmt: skip


def write_html_report(report: Report, path: Path) -> None:
    """Writes the page.

    Raises:
        LipwrightError: when it cannot be written.
    """
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace") as stream,
    ):
        for part in _parts(report):
            stream.write(part)


def _parts(report: Report) -> Iterator[str]:
    yield _HEAD
    counts = ", ".join(f"{number} {state}" for state, number in report.counts.items())
    yield f"<h1>{len(report.lines)} lines: {escape(counts)}</h1>\n"
    yield f'<p class="quiet">in {report.seconds:.1f} s</p>\n'
    for warning in report.warnings:
        yield f"<p>{escape(warning)}</p>\n"
    told = [line for line in report.lines if _is_told(line)]
    if told:
        yield f"<h2>Look at these first ({min(len(told), _CARDS)} of {len(told)})</h2>\n"
    shown = told[:_CARDS] + [line for line in told[_CARDS:] if line.pictures]
    shown += [line for line in report.lines if line.pictures and not _is_told(line)]
    for line in shown:
        yield _card(line)
    yield "<h2>All lines, the most suspicious first</h2>\n<table>\n<tr>"
    for index, name in enumerate((*_COLUMNS, "remarks")):
        yield f"<th{' class=words' if index in {1, len(_COLUMNS)} else ''}>{name}</th>"
    yield "</tr>\n"
    for line in report.lines:
        yield _row(line)
    yield "</table>\n</body></html>\n"


def _is_told(line: ReportedLine) -> bool:
    return bool(line.score or line.told or line.outcome.state in {"failed", "edited"})


def _card(line: ReportedLine) -> str:
    asked, state = line.outcome.line, line.outcome.state
    kind = state if state in {"failed", "edited"} else ""
    parts = [f'<div class="card {kind}"><p><b>{escape(asked.id) or "(no name)"}</b> {escape(state)}']
    if line.warnings:
        parts.append(f" {escape('; '.join(warning.sentence for warning in line.warnings))}")
    parts.append("</p>\n")
    if isinstance(asked, BatchLine) and asked.text:
        parts.append(f'<p class="text">{escape(asked.text)}</p>\n')
    if line.outcome.reason and state in {"failed", "edited"}:
        parts.append(f"<p>{escape(line.outcome.reason)}</p>\n")
    parts += [f"<p>{escape(sentence)}</p>\n" for sentence in line.told]
    for moment, png in line.pictures.items():
        data = base64.b64encode(png).decode()
        parts.append(
            f'<img alt="at {moment:.2f} s" title="{moment:.2f} s" src="data:image/png;base64,{data}">'
        )
    where = str(asked.sound) if isinstance(asked, BatchLine) else asked.place
    parts.append(f'\n<p class="quiet">{escape(where)}</p></div>\n')
    return "".join(parts)


def _row(line: ReportedLine) -> str:
    m = line.measures
    figures = [""] * (len(_COLUMNS) - 2)
    if m:
        figures = [
            f"{m.duration:.2f}", f"{m.peak_opening:.1f}", f"{m.mean_opening:.1f}", str(m.closures),
            f"{m.silence_share:.0%}", f"{m.clipped_share:.2%}" if m.clipped_share else "",
            f"{m.level_db:.0f}", f"{m.floor_db:.0f}", f"{m.syllable_rate:.1f}",
        ]  # fmt: skip
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    remarks = escape(", ".join(warning.kind for warning in line.warnings))
    names = f"<td>{escape(line.outcome.line.id)}</td><td class=words>{escape(line.outcome.state)}</td>"
    return f"<tr>{names}{cells}<td class=words>{remarks}</td></tr>\n"
