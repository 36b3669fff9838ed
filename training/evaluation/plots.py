"""Plots as SVG: curves over phones, bars over conditions, lip gap per phone."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from inference.measures import CLOSURE_PHONES, OPEN_VOWELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure
    from numpy.typing import NDArray

    from inference.measures import PhoneInterval

INK = "#26292e"
COLORS = {
    "capture": INK,
    "model": "#1667c5",
    "ridge": "#d07a12",
    "loudness": "#8b8f96",
    "static": "#c3c6cb",
    "rhubarb": "#8a4b2f",
}
_OTHERS = ("#8e3fb0", "#1f8f5f", "#c2325a", "#5f6f00")
_CLOSED, _OPEN = "#f3c9c4", "#dcebd6"
_STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9a9ea5",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": "#5b6068",
    "ytick.color": "#5b6068",
    "svg.hashsalt": "lipwright",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
}


Faces = tuple[list[str], dict[str, list["NDArray[np.uint8]"]]]
"""Phones' names, and by row's name their pictures [h, w, 3]."""


def color_of(system: str, others: Sequence[str] = ()) -> str:
    """The colour of a system, the same in every plot; other models take theirs by their place."""
    if system in COLORS:
        return COLORS[system]
    return _OTHERS[list(others).index(system) % len(_OTHERS)] if system in others else _OTHERS[0]


def svg(figure: Figure) -> str:
    """A figure as SVG text, the same bytes every time."""
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def save_png(figure: Figure, path: Path, dpi: int = 160) -> None:
    """Write a figure as PNG."""
    with mpl.rc_context(_STYLE):
        figure.savefig(path, format="png", dpi=dpi, metadata={"Software": None})


@contextmanager
def _new(width: float, height: float) -> Iterator[Figure]:
    with mpl.rc_context(_STYLE):
        figure = Figure((width, height), layout="constrained")
        yield figure


def curves_over_phones(
    times: NDArray[np.floating],
    rows: Mapping[str, Mapping[str, NDArray[np.floating]]],
    phones: Sequence[PhoneInterval],
    *,
    others: Sequence[str] = (),
) -> Figure:
    """Curves of several systems, one panel per measure, over a strip of phones.

    Args:
        times: Seconds [T].
        rows: Panel's label to system to curve [T].
        phones: Of the line; p, b, m and open vowels are shaded.
        others: Names of other models, for their colours.
    """
    with _new(9.6, 1.5 * len(rows) + 0.75) as figure:
        heights = [*([1.0] * len(rows)), 0.22] if phones else [1.0] * len(rows)
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axis, (label, curves) in zip(axes, rows.items(), strict=False):
            _draw_curves(axis, times, curves, phones, (others, None))
            axis.set_ylabel(label)
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, borderaxespad=0.2)
        if phones:
            _phone_strip(axes[-1], phones)
        axes[-1].set_xlabel("seconds")
    return figure


def comparison(
    times: NDArray[np.floating],
    curves: Mapping[str, NDArray[np.floating]],
    phones: Sequence[PhoneInterval],
    faces: Faces,
    *,
    others: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Lip gaps of several systems over phones, and rows of mouths under them.

    Args:
        times: Seconds [T].
        curves: Lip gap [T] of every system, mm.
        phones: Of the line.
        faces: Phones' names, and by row's name their pictures [h, w, 3].
        others: Names of other models, for their colours.
        labels: What the legend calls a system, where that is not its name.
    """
    names, rows = faces
    with _new(9.6, 2.9 + 0.86 * len(rows)) as figure:
        upper, lower = cast("list[SubFigure]", figure.subfigures(2, 1, height_ratios=[2.9, 0.86 * len(rows)]))
        axes = upper.subplots(2, 1, sharex=True, height_ratios=[1.0, 0.16])
        _draw_curves(axes[0], times, curves, phones, (others, labels))
        axes[0].set_ylabel("lip gap, mm")
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, borderaxespad=0.2)
        _phone_strip(axes[1], phones)
        axes[1].set_xlabel("seconds")
        grid = lower.subplots(len(rows), len(names), squeeze=False)
        for line, (row, pictures) in zip(grid, rows.items(), strict=True):
            for axis, picture in zip(line, pictures, strict=True):
                axis.imshow(picture)
                axis.set_axis_off()
            line[0].set_axis_on()
            line[0].set(xticks=[], yticks=[])
            line[0].spines[:].set_visible(False)
            line[0].set_ylabel(row)
        for axis, name in zip(grid[0], names, strict=True):
            axis.set_title(name, fontsize=8.5, pad=3, color="#b3392b" if name in CLOSURE_PHONES else INK)
    return figure


def _draw_curves(
    axis: Axes,
    times: NDArray[np.floating],
    curves: Mapping[str, NDArray[np.floating]],
    phones: Sequence[PhoneInterval],
    naming: tuple[Sequence[str], Mapping[str, str] | None],
) -> None:
    """One panel; `naming` holds the other models' names and what the legend calls systems."""
    others, labels = naming
    _shade(axis, phones)
    for system, curve in curves.items():
        heavy = system in ("capture", "model")
        color, name = color_of(system, others), (labels or {}).get(system, system)
        axis.plot(times, curve, color=color, lw=1.7 if heavy else 1.1, label=name)
    axis.set_xlim(times[0], times[-1])


def bars(
    groups: Mapping[str, Mapping[str, float]],
    others: Sequence[str] = (),
    goal: float | None = None,
    label: str = "",
) -> Figure:
    """Bars of every system in every group, with the goal as a line."""
    systems = list(dict.fromkeys(name for values in groups.values() for name in values))
    with _new(9.6, 2.3) as figure:
        axis = figure.subplots()
        width = 0.8 / max(len(systems), 1)
        for place, system in enumerate(systems):
            at = np.arange(len(groups)) + (place - (len(systems) - 1) / 2) * width
            heights = [values.get(system, np.nan) for values in groups.values()]
            axis.bar(at, heights, width * 0.92, color=color_of(system, others), label=system)
        if goal is not None:
            axis.axhline(goal, color=INK, lw=0.8, ls=(0, (4, 3)))
        axis.set_xticks(np.arange(len(groups)), [name.replace("_", " ") for name in groups])
        axis.set_ylabel(label)
        axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def gap_per_phone(
    gaps: Mapping[str, Mapping[str, NDArray[np.floating]]], others: Sequence[str] = ()
) -> Figure:
    """Mean lip gap and its spread over every phone's time, a small panel per phone.

    Args:
        gaps: System to phone to gaps [N, steps] in mm.
        others: Names of other models, for their colours.
    """
    names = sorted({phone for found in gaps.values() for phone in found if phone != "SIL"})
    columns = 8
    rows = -(-len(names) // columns)
    with _new(9.6, 1.05 * rows + 0.4) as figure:
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).reshape(-1)
        for axis, phone in zip(axes, names, strict=False):
            _phone_panel(axis, phone, gaps, others)
        for axis in axes[len(names) :]:
            axis.set_visible(False)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)
        figure.supylabel("lip gap, mm", fontsize=8.5)
    return figure


def _phone_panel(
    axis: Axes, phone: str, gaps: Mapping[str, Mapping[str, NDArray[np.floating]]], others: Sequence[str]
) -> None:
    axis.axhline(0.0, color="#9a9ea5", lw=0.6)
    for system, found in gaps.items():
        color = color_of(system, others)
        rows = found.get(phone)
        if rows is None:
            axis.plot([], [], color=color, label=system)
            continue
        steps = np.linspace(0.0, 1.0, rows.shape[1])
        low, middle, high = np.percentile(rows, (10, 50, 90), axis=0)
        axis.fill_between(steps, low, high, color=color, alpha=0.16, lw=0)
        axis.plot(steps, middle, color=color, lw=1.3, label=system)
    counts = "/".join(str(len(found.get(phone, ()))) for found in gaps.values())
    axis.set_title(f"{phone}  {counts}", fontsize=7.5, loc="left", pad=2)
    axis.set_xticks([])
    shade = _CLOSED if phone in CLOSURE_PHONES else _OPEN if phone in OPEN_VOWELS else None
    if shade:
        axis.set_facecolor(shade + "66")


def _shade(axis: Axes, phones: Sequence[PhoneInterval]) -> None:
    for phone in phones:
        shade = _CLOSED if phone.symbol in CLOSURE_PHONES else _OPEN if phone.symbol in OPEN_VOWELS else None
        if shade:
            axis.axvspan(phone.start, phone.end, color=shade, lw=0, alpha=0.7)


def _phone_strip(axis: Axes, phones: Sequence[PhoneInterval]) -> None:
    _shade(axis, phones)
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    low, high = axis.get_xlim()
    shown = [p for p in phones if p.symbol != "SIL" and low <= p.start and p.end <= high]
    for index, phone in enumerate(shown):
        axis.axvline(phone.start, color="#c3c6cb", lw=0.5)
        middle, height = (phone.start + phone.end) / 2, 0.72 - 0.46 * (index % 2)
        axis.text(middle, height, phone.symbol, ha="center", va="center", fontsize=6.8)
