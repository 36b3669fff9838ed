"""Figures as plain-text tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.evaluation.table import evaluation_table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["evaluation_table", "import_table"]


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
