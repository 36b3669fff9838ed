"""The left eyebrow: a raised strip that floats a hair's breadth above the skin. Millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.head.generator import distance_field

if TYPE_CHECKING:
    from assets.head.generator.mesh_builder import Indices, MeshBuilder

Array = NDArray[np.float64]

# along the brow: X, Z of its middle line, half height, thickness
_LINE = ((12.5, 15.0, 2.0, 0.7), (18.0, 16.8, 2.8, 1.2), (26.0, 18.8, 2.8, 1.4), (35.0, 20.2, 2.4, 1.4),
    (44.0, 19.6, 1.8, 1.2),
         (51.5, 16.2, 1.1, 0.8), (56.5, 12.4, 0.5, 0.3))  # fmt: skip
COLUMNS, ROWS = 14, 4
LIFT = 0.35  # millimetres between the strip's edge and the skin


def add_brow(builder: MeshBuilder) -> Indices:
    """Add the brow; returns vertex numbers [5, 15] (lower to upper edge, inner to outer end)."""
    line = np.array(_LINE)
    at = np.linspace(0, 1, COLUMNS + 1)
    x, z, half, thick = PchipInterpolator(np.linspace(0, 1, len(line)), line)(at).T
    slope = np.gradient(z, x)
    across = np.stack([-slope, np.ones_like(slope)], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    rows = []
    for v in np.linspace(-1, 1, ROWS + 1):
        px, pz = x + across[:, 0] * half * v, z + across[:, 1] * half * v
        base = np.stack([px, distance_field.front_depth(px, pz), pz], axis=1)
        lift = LIFT + thick * (1 - v * v)
        rows.append(base + distance_field.gradient(base) * lift[:, None])
    grid = builder.add_points(np.stack(rows), "brows")
    builder.add_grid(grid, "brows")
    return grid
