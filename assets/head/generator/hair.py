"""Short hair, combed back: one sheet of quads from the forehead over the crown to the nape. Millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.head.generator import distance_field
from assets.head.generator.patches import coons

if TYPE_CHECKING:
    from assets.head.generator.mesh_builder import Indices, MeshBuilder

Array = NDArray[np.float64]
Knots = tuple[tuple[float, float, float], ...]

COLUMNS, ROWS = 26, 22
# hairlines, near the skin: front from the midline to the sideburn, nape from the midline to behind the ear,
# side from the sideburn over the ear to behind it, middle from the forehead over the crown to the nape
_FRONT: Knots = (
    (0, -21, 63.5),
    (20, -17, 65),
    (34, -7, 65.5),
    (46, 6, 58),
    (55, 18, 45),
    (62, 33, 31),
    (67, 44, 13),
    (69, 50, -4),
)
_NAPE: Knots = ((0, 148, -55), (18, 145, -54), (34, 137, -51), (46, 127, -45), (54, 116, -38), (61, 106, -31))
_SIDE: Knots = (
    (69, 50, -4),
    (70, 55, -2),
    (72, 60, 10),
    (73, 68, 21),
    (74, 80, 23),
    (73, 92, 14),
    (69, 100, -8),
    (61, 106, -31),
)
_MIDDLE: Knots = ((0, -21, 63.5), (0, -4, 90), (0, 30, 112), (0, 72, 117), (0, 112, 108), (0, 146, 76),
    (0, 163, 34), (0, 160, -14),
                  (0, 148, -55))  # fmt: skip
THICKNESS = 6.5
EDGE_LIFT = 0.7


def _line(knots: Knots, count: int) -> Array:
    points = np.array(knots, dtype=np.float64)
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return np.asarray(PchipInterpolator(run / run[-1], points)(np.linspace(0, 1, count + 1)))


def _volume(u: Array, v: Array) -> Array:
    """Thickness over the skin by place across (0 = midline) and along (0 = front)."""
    rise = np.clip(v / 0.10, 0, 1) * np.clip((1 - v) / 0.16, 0, 1) * np.clip((1 - u) / 0.14, 0, 1)
    soft = np.sin(rise * np.pi / 2) ** 0.8
    top = 1.0 - 0.5 * u + 0.75 * np.exp(-(((v - 0.16) / 0.14) ** 2)) * (1 - u) ** 0.7 - 0.35 * v
    strand = (
        0.55 * np.cos(np.pi * COLUMNS * u) * (1 + 0.5 * np.sin(9.0 * u + 2.0 * v))
    )  # combed: every other column
    return np.asarray(EDGE_LIFT + 0.8 * v**6 + soft * (THICKNESS * top + strand))


def add_hair(builder: MeshBuilder) -> Indices:
    """Add the left half of the hair; returns vertex numbers [23, 27] (front to nape, midline to side)."""
    patch = coons(_line(_MIDDLE, ROWS), _line(_SIDE, ROWS), _line(_FRONT, COLUMNS), _line(_NAPE, COLUMNS))
    flat = patch.reshape(-1, 3)
    flat = distance_field.project(flat, steps=16)
    v, u = np.meshgrid(np.linspace(0, 1, ROWS + 1), np.linspace(0, 1, COLUMNS + 1), indexing="ij")
    middle = u.ravel() == 0
    raised = flat + distance_field.gradient(flat) * _volume(u, v).reshape(-1, 1)
    raised[middle, 0] = 0.0
    grid = builder.add_points(raised.reshape(patch.shape), "hair")
    builder.add_grid(grid, "hair")
    return grid
