"""Where the rows and columns of the head's grid run, before they are laid on the surface.

The left half of the head is a grid: column 0 is the front midline, column 24 the back midline; row 0 is the
collar, row 42 the ring below the crown. Rectangular holes in it take the concentric rings of mouth, eye, ear and
nostril, which is what gives the loops an animator expects. Only key points are listed; the rest is interpolated,
and everything is then projected on the head's surface, so a key point need only lie near it (millimetres).
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
    20: {0: (0, -35.5, -47.5), 1: (3.4, -35, -47.3), 2: (7, -34, -47), 3: (11, -32, -46.6), 4: (15, -29, -46),
         5: (20, -26, -46.5), 6: (26, -21, -46), 10: (60, 12, -45), 14: (71, 70, -38), 17: (68, 84, -36),
         20: (58, 135, -30), 24: (0, 158, -30)},
    21: {0: (0, -38.6, -45.6), 1: (3.2, -38.2, -45.2), 2: (6.6, -36.6, -44.8), 3: (10.4, -34, -44.2),
         4: (14, -30, -42.9), 5: (18.6, -26, -41.5), 6: (27, -21, -41.5), 10: (60.5, 11, -41), 14: (71.5, 70, -34)},
    22: {0: (0, -43.5, -43.8), 1: (3.3, -42.2, -43.8), 2: (7, -40.6, -43.6), 3: (11.6, -37.2, -43), 4: (15.9, -33, -39.4),
         5: (18.4, -26.5, -37), 6: (27.5, -22, -37.5), 10: (60.8, 10, -37), 14: (72, 70, -30)},
    23: {0: (0, -48, -41), 1: (3.9, -46.8, -41.4), 2: (7.8, -44, -41.4), 3: (11.5, -40.8, -40.8), 4: (15, -37, -37.4),
         5: (17.6, -28, -33.5), 6: (27, -23, -33.5), 10: (61, 9.5, -33.5), 14: (72, 70, -26)},
    24: {0: (0, -50.8, -34.5), 1: (4, -49.6, -34.8), 2: (7.8, -46, -35.4), 3: (11.2, -41, -35), 4: (14.4, -35, -32.4),
         5: (17, -27.5, -30), 6: (26.5, -23, -30), 10: (61, 9, -30), 14: (72, 70, -22)},
    25: {0: (0, -48.4, -28), 1: (3.8, -47, -28.4), 2: (7, -42.5, -29), 3: (10.4, -36.6, -29), 4: (13.8, -30.5, -28),
         5: (18.6, -24.5, -26.6), 6: (27, -22, -27), 10: (60.5, 8.5, -27), 14: (72.5, 69, -18)},
    26: {0: (0, -44.4, -21.5), 1: (3.6, -42.6, -22), 2: (6.6, -38, -22.6), 3: (10, -32, -23), 4: (14.6, -26, -23),
         5: (20.5, -22, -22.8), 6: (27.5, -20.5, -24), 10: (60, 8, -24), 14: (72.5, 69, -14)},
    28: {0: (0, -35.8, -9.5), 1: (3.8, -34, -10.4), 2: (9.4, -25.5, -12.4), 3: (14.5, -19.5, -15), 4: (20, -17, -17.6),
         5: (25.5, -16.5, -18.8), 6: (31.5, -15, -19.2), 8: (43, -9, -18.4), 10: (55.5, 2, -15), 14: (73, 69, -5),
         17: (70, 84, -5), 20: (62, 137, -4), 24: (0, 162, -4)},
    31: {0: (0, -29.5, 0.5), 1: (4.4, -28, 0), 2: (10.6, -22, -1), 10: (57.5, 4, -0.5), 14: (73.5, 69, 2),
         17: (71, 84, 2), 20: (64, 138, 8), 24: (0, 164, 10)},
    34: {0: (0, -30, 11), 1: (5, -29, 11), 2: (12, -26, 12), 3: (17, -25.2, 13.6), 4: (22, -24.6, 15), 5: (27.5, -24, 15.8),
         6: (33, -22.8, 16), 8: (44, -17, 14.6), 10: (57, -2, 10), 14: (73.5, 66, 14), 17: (72, 84, 15),
         20: (65, 138, 26), 24: (0, 164, 28)},
    37: {0: (0, -31.5, 30), 6: (34, -25, 32), 10: (59, 2, 30), 14: (73.5, 62, 38), 17: (73, 88, 40),
         20: (62, 138, 50), 24: (0, 160, 52)},
    42: {0: (0, -8, 80), 6: (32, 0, 82), 10: (50, 24, 84), 14: (57, 58, 87), 17: (53, 92, 87), 20: (38, 122, 84),
         24: (0, 138, 82)},
}  # fmt: skip


def _fill_columns(keys: dict[int, Point]) -> Array:
    columns = sorted(keys)
    points = np.array([keys[c] for c in columns], dtype=np.float64)
    return np.asarray(PchipInterpolator(columns, points)(np.arange(COLUMNS + 1)))


def grid_points() -> Array:
    """Approximate positions [ROWS+1, COLUMNS+1, 3] of the half grid in millimetres."""
    rows = sorted(KEY_ROWS)
    known = np.stack([_fill_columns(KEY_ROWS[row]) for row in rows])
    grid = np.asarray(PchipInterpolator(rows, known, axis=0)(np.arange(ROWS + 1)))
    grid[:, 0, 0] = grid[:, -1, 0] = 0.0
    return grid


def hole_boundary(hole: tuple[int, int, int, int], start: tuple[int, int], *, closed: bool) -> list[tuple[int, int]]:
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
