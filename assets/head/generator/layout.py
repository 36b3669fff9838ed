"""Where the rows and columns of the head's grid run, before they are laid on the surface.

The left half of the head is a grid: column 0 is the front midline, column 24 the back midline; row 0 is the
collar, row 42 the ring below the crown. Rectangular holes in it take the concentric rings of mouth, eye,
    ear and
nostril, which is what gives the loops an animator expects. Only key points are listed; the rest is
interpolated, and everything is then projected on the head's surface, so a key point need only lie near it
(millimetres).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]
Point = tuple[float, float, float]

ROWS, COLUMNS = 42, 24

# holes: (first row, last row, first column, last column)
MOUTH_HOLE = (12, 20, 0, 6)
NOSTRIL_HOLE = (21, 23, 1, 4)
EYE_HOLE = (28, 34, 2, 10)
EAR_HOLE = (19, 32, 14, 17)

KEY_ROWS: dict[int, dict[int, Point]] = {
    0: {0: (0, 24, -186), 6: (38, 40, -186), 10: (58, 66, -186), 14: (66, 86, -186), 17: (64, 106, -186),
        20: (46, 132, -186), 24: (0, 147, -186)},
    6: {0: (0, 24, -122), 6: (30, 26, -120), 10: (46, 42, -111), 14: (55, 66, -102), 17: (54, 88, -100),
        20: (44, 118, -104), 24: (0, 140, -108)},
    9: {0: (0, -10, -114), 6: (30, 0, -107), 10: (53, 30, -90), 14: (62, 60, -72), 17: (59, 84, -72),
        20: (47, 120, -78), 24: (0, 142, -82)},
    10: {0: (0, -21, -109), 6: (29, -4, -101), 10: (55, 28, -84), 14: (64, 60, -66), 17: (60, 85, -66),
         20: (48, 122, -72), 24: (0, 144, -76)},
    12: {0: (0, -27, -91), 6: (31, -10, -88), 10: (57, 22, -73), 14: (66, 62, -58), 17: (62, 87, -58),
         20: (50, 125, -62), 24: (0, 148, -66)},
    16: {0: (0, -36, -70), 6: (36, -12, -68), 10: (60, 20, -60), 14: (68.5, 64, -49), 17: (65, 88, -49),
         20: (53, 130, -46), 24: (0, 153, -48)},
    19: {0: (0, -36, -50), 6: (31, -17, -52), 10: (60, 14, -50), 14: (70, 68, -42), 17: (67, 85, -40),
         20: (57, 134, -34), 24: (0, 157, -34)},
    20: {0: (0, -35.5, -47.5), 1: (3.2, -35, -47.3), 2: (6.2, -34, -47), 3: (9.4, -32, -46.6),
        4: (13, -29, -46.2),
         5: (17.6, -26, -46.2), 6: (23.5, -22, -46), 8: (40, -8, -46), 10: (60, 12, -45), 14: (71, 70, -38),
         17: (68, 84, -36), 20: (58, 135, -30), 24: (0, 158, -30)},
    21: {0: (0, -38.6, -45.6), 1: (3.3, -37.8, -44.9), 2: (6, -36, -44.4), 3: (9, -33.4, -44),
        4: (12.2, -30, -43.4),
         5: (16.4, -27.6, -42.4), 6: (21.5, -24, -42), 8: (39, -9, -42), 10: (60.5, 11, -41),
         14: (71.5, 70, -34)},
    22: {0: (0, -43.2, -43.8), 1: (3.4, -41.8, -43.8), 2: (7, -40.6, -43.6), 3: (10.6, -37.2, -43),
        4: (13.6, -33.4, -42.6),
         5: (17.0, -31.0, -38.4), 6: (20.8, -24.6, -38), 8: (38, -10, -38), 10: (60.8, 10, -37),
         14: (72, 70, -30)},
    23: {0: (0, -47.8, -41), 1: (3.8, -45.4, -42.2), 2: (6.4, -44.4, -42.2), 3: (9.4, -42, -42.0),
        4: (12.6, -38.0, -41.6),
         5: (16.2, -33.6, -35.6), 6: (20.2, -25, -34), 8: (37, -11, -34), 10: (61, 9.5, -33.5),
         14: (72, 70, -26)},
    24: {0: (0, -50.8, -34.5), 1: (4, -49.6, -35.4), 2: (7.8, -46.4, -36.4), 3: (11.0, -42, -36.6),
        4: (14.0, -37, -35.0),
         5: (15.8, -31, -31.4), 6: (20.4, -25, -30), 8: (37, -12, -30), 10: (61, 9, -30), 14: (72, 70, -22)},
    25: {0: (0, -48.4, -28), 1: (3.8, -47, -28.6), 2: (7, -43, -29.6), 3: (10.2, -37.4, -29.8),
        4: (13.2, -31.5, -28.8),
         5: (16.8, -26, -27.4), 6: (22, -23, -26.6), 8: (37.5, -12, -26.4), 10: (60.5, 8.5, -27),
         14: (72.5, 69, -18)},
    26: {0: (0, -44.4, -21.5), 1: (3.6, -42.6, -22), 2: (6.6, -38, -22.8), 3: (10, -32, -23.4),
        4: (14, -26.4, -23.6),
         5: (19.0, -23, -23.4), 6: (25, -21, -23.4), 8: (39, -12, -23), 10: (60, 8, -24),
         14: (72.5, 69, -14)},
    28: {0: (0, -35.8, -9.5), 1: (3.8, -34, -10.4), 2: (9.4, -25.5, -12.4), 3: (14.5, -19.5, -15),
        4: (20, -17, -17.6),
         5: (25.5, -16.5, -18.8), 6: (31.5, -15, -19.2), 8: (43, -9, -18.4), 10: (55.5, 2, -15),
         14: (73, 69, -5),
         17: (70, 84, -5), 20: (62, 137, -4), 24: (0, 162, -4)},
    31: {0: (0, -29.5, 0.5), 1: (4.4, -28, 0), 2: (10.6, -22, -1), 10: (57.5, 4, -0.5), 14: (73.5, 69, 2),
         17: (71, 84, 2), 20: (64, 138, 8), 24: (0, 164, 10)},
    34: {0: (0, -30, 11), 1: (5, -29, 11), 2: (12, -26, 12), 3: (17, -25.2, 13.6), 4: (22, -24.6, 15),
        5: (27.5, -24, 15.8),
         6: (33, -22.8, 16), 8: (44, -17, 14.6), 10: (57, -2, 10), 14: (73.5, 66, 14), 17: (72, 84, 15),
         20: (65, 138, 26), 24: (0, 164, 28)},
    37: {0: (0, -31.5, 30), 6: (34, -25, 32), 10: (59, 2, 30), 14: (73.5, 62, 38), 17: (73, 88, 40),
         20: (62, 138, 50), 24: (0, 160, 52)},
    42: {0: (0, -8, 80), 6: (32, 0, 82), 10: (50, 24, 84), 14: (57, 58, 87), 17: (53, 92, 87),
        20: (38, 122, 84),
         24: (0, 138, 82)},
}  # fmt: skip


def _fill_columns(keys: dict[int, Point], columns: Array) -> Array:
    known = sorted(keys)
    points = np.array([keys[c] for c in known], dtype=np.float64)
    return np.asarray(PchipInterpolator(known, points)(columns))


def grid_points() -> Array:
    """Approximate positions [ROWS+1, COLUMNS+1, 3] of the half grid in millimetres.

    Rows that list no key at the back midline are detail rows of the face; behind their last key they take the
    course of the complete rows.
    """
    complete = [row for row in sorted(KEY_ROWS) if COLUMNS in KEY_ROWS[row]]
    columns = np.arange(COLUMNS + 1, dtype=np.float64)
    known = np.stack([_fill_columns(KEY_ROWS[row], columns) for row in complete])
    base = np.asarray(PchipInterpolator(complete, known, axis=0)(np.arange(ROWS + 1)))
    rows = sorted(KEY_ROWS)
    front = np.stack([base[row] for row in rows])
    for place, row in enumerate(rows):
        last = max(KEY_ROWS[row])
        front[place, : last + 1] = _fill_columns(KEY_ROWS[row], columns[: last + 1])
    grid = np.asarray(PchipInterpolator(rows, front, axis=0)(np.arange(ROWS + 1)))
    behind = 14
    grid[:, behind + 1 :] = base[:, behind + 1 :]
    grid[:, 0, 0] = grid[:, -1, 0] = 0.0
    return grid


def hole_boundary(
    hole: tuple[int, int, int, int], start: tuple[int, int], *, closed: bool
) -> list[tuple[int, int]]:
    """Grid cells round a hole, clockwise from `start` as seen from the front: up, along the top, down, back.

    For a hole that touches the midline (`closed=False`) the walk goes from the top midline to the bottom one.
    """
    low, high, first, last = hole
    up = [(row, first) for row in range(low, high)]
    across = [(high, column) for column in range(first, last)]
    down = [(row, last) for row in range(high, low, -1)]
    back = [(low, column) for column in range(last, first, -1)]
    if not closed:
        return [*across, *down, *back, (low, first)]
    walk = up + across + down + back
    at = walk.index(start)
    return walk[at:] + walk[:at]
