"""Figures as plain-text tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .evaluation import Evaluation

MEASURES = (
    ("r_gap", "r lip gap", 3),
    ("r_width", "r mouth width", 3),
    ("r_chin", "r chin drop", 3),
    ("lag_gap_ms", "lag lip gap (ms)", 1),
    ("lag_width_ms", "lag mouth width (ms)", 1),
    ("lag_chin_ms", "lag chin drop (ms)", 1),
    ("lve_mm", "LVE (mm)", 2),
    ("lve_over_static", "LVE over static", 3),
    ("fdd_mm", "FDD (mm)", 3),
    ("d_ll", "D-LL (of mouth width)", 4),
    ("d_vl", "D-VL (of mouth width)", 4),
    ("d_a", "D-A", 4),
    ("d_l", "D-L (of face width)", 4),
    ("d_v", "D-V (of face width)", 4),
    ("jitter", "jitter (of capture's)", 3),
    ("lip_closure", "lip closure on p b m", 2),
    ("false_closure", "closed open vowels", 2),
)
"""Key, label and decimals of every row."""


def import_table(figures: Mapping[str, Any]) -> str:
    """What an import read, and how well the head follows the tracked curves."""
    lines = [
        f"{split:<11} {figures[split]['takes']:>4} takes {figures[split]['minutes']:>7.2f} min"
        for split in ("train", "validation", "test")
    ]
    fit = figures.get("head_fit")
    if fit:
        lines += ["", "head against tracked curves (motion over the eye distance)"]
        lines.append(f"{'curve':<13}{'r':>9}{'worst r':>9}{'error':>9}{'worst':>9}")
        lines += [
            f"{name:<13}{row['r']:>9.4f}{row['r_worst']:>9.4f}{row['error']:>9.4f}{row['error_worst']:>9.4f}"
            for name, row in fit.items()
        ]
    return "\n".join(lines)


def evaluation_table(evaluation: Evaluation) -> str:
    """One table: every measure for the model, and beside it the baselines."""
    lines = []
    for speaker, systems in evaluation.figures.items():
        title = f"{speaker} ({evaluation.split}, {evaluation.takes[speaker]} takes)"
        lines.append(f"{title:<32}" + "".join(f"{name:>11}" for name in systems))
        for key, label, decimals in MEASURES:
            if any(key in row for row in systems.values()):
                cells = (_cell(row.get(key), decimals) for row in systems.values())
                lines.append(f"  {label:<30}" + "".join(f"{cell:>11}" for cell in cells))
        lines.append("")
    return "\n".join(lines).rstrip()


def _cell(value: float | None, decimals: int) -> str:
    """A figure, or a dash where it is not defined (a static face has no lag)."""
    return "-" if value is None or math.isnan(value) else f"{value:.{decimals}f}"
