"""The measures' names, and what the bundled model should reach on which test set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.evaluation.results import Goal, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURES: tuple[tuple[str, str, int], ...] = (
    ("r_gap", "r lip gap", 3),
    ("r_width", "r mouth width", 3),
    ("r_chin", "r chin drop (jaw)", 3),
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
    ("d_rot", "D-Rot (degrees)", 2),
    ("jitter", "jitter (of capture's)", 3),
    ("lip_closure", "lip closure on p b m", 3),
    ("false_closure", "open vowels falsely closed", 3),
    ("stray_closures", "lips shut without p b m (a minute)", 1),
    ("teeth", "f v: lip within 2 mm of teeth", 3),
    ("teeth_vowels", "  the same on open vowels", 3),
    ("rounding", "rounded narrower than spread", 3),
    ("opening_mm", "strong vowels' lip gap (mm)", 1),
    ("sealed", "p b m sealed along the mouth", 3),
    ("contact_mm", "smallest gap in p b m (mm)", 2),
    ("contact_95_mm", "  its 95th percentile (mm)", 2),
    ("middle_mm", "gap in the middle of p b m (mm)", 2),
    ("pressed_mm", "deepest overlap of lips (mm)", 2),
    ("pressed", "frames with lips overlapping", 3),
    ("sealed_solved", "52 weights: p b m sealed", 3),
    ("contact_mm_solved", "52 weights: smallest gap in p b m", 2),
    ("contact_95_mm_solved", "  its 95th percentile (mm)", 2),
    ("middle_mm_solved", "52 weights: gap in their middle (mm)", 2),
    ("pressed_mm_solved", "52 weights: deepest overlap (mm)", 2),
    ("pressed_solved", "52 weights: frames overlapping", 3),
)
"""Key, label and decimals of every measure on takes and lines, in the table's order."""

_WITHIN_LAG = Goal(-20.0, 20.0)
_CONTACT = {
    "sealed": Goal(least=0.95),
    "contact_95_mm": Goal(most=1.0),
    "pressed_mm": Goal(most=0.5),
    "pressed": Goal(most=0.01),
    "sealed_solved": Goal(least=0.95),
    "contact_95_mm_solved": Goal(most=1.0),
    "pressed_mm_solved": Goal(most=0.5),
    "pressed_solved": Goal(most=0.01),
}
"""Lips seal and do not pass through each other; the bounds are what the eye forgives on lips 10 mm high."""
_REAL = {
    "lip_closure": Goal(least=0.95),
    "false_closure": Goal(most=0.04),
    "teeth": Goal(least=0.80),
    "rounding": Goal(least=0.15),
    **_CONTACT,
}
_UNSEEN = {
    "r_chin": Goal(least=0.75),
    "r_gap": Goal(least=0.75),
    "lip_closure": Goal(least=0.95),
    "false_closure": Goal(most=0.05),
}
RECALL_DROP = Goal(most=0.07)
R_WITH_CLEAN = Goal(least=0.90)
R_OF_VOICE = Goal(least=0.85)
STILLNESS = Goal(most=0.10)
AT_REST = Goal(most=1.0)
SAME_AT_ANY_GAIN = Goal(most=0.1)

GOALS: dict[str, dict[str, Goal]] = {
    "grid_s1": {
        "r_gap": Goal(least=0.91),
        "r_width": Goal(least=0.80),
        "r_chin": Goal(least=0.93),
        "lip_closure": Goal(least=0.95),
        "false_closure": Goal(most=0.03),
        "lag_gap_ms": _WITHIN_LAG,
        "lag_width_ms": _WITHIN_LAG,
        "lag_chin_ms": _WITHIN_LAG,
        "jitter": Goal(most=1.2),
    },
    "facegood": {"r_chin": Goal(least=0.88)},
    "left_out": _UNSEEN,
    "real": _REAL,
}
"""Goals by kind of test set and measure."""


def measure_rows(
    figures: Mapping[str, Mapping[str, float]], kind: str = "", judged: str = "model"
) -> tuple[Row, ...]:
    """Turn figures into rows, in the order of `MEASURES`.

    Args:
        figures: System to measure to value.
        kind: Whose goals hold, see `GOALS`; none for an unknown one.
        judged: The system that the goals are for.
    """
    goals = GOALS.get(kind, {})
    rows = []
    for key, label, decimals in MEASURES:
        values = {system: row[key] for system, row in figures.items() if key in row}
        if values:
            rows.append(Row(key, label, decimals, values, goals.get(key), judged))
    return tuple(rows)
