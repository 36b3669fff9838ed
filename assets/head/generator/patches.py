"""Small quad patches: a closed ring filled with a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from assets.head.generator.mesh_builder import Indices, MeshBuilder

Array = NDArray[np.float64]


def coons(left: Array, right: Array, bottom: Array, top: Array) -> Array:
    """Transfinite patch [R,C,3] between four edges: left/right [R,3] and bottom/top [C,3], corners shared."""
    rows, columns = len(left), len(bottom)
    v = np.linspace(0, 1, rows)[:, None, None]
    u = np.linspace(0, 1, columns)[None, :, None]
    ruled = (1 - u) * left[:, None] + u * right[:, None] + (1 - v) * bottom[None] + v * top[None]
    corners = (
        (1 - u) * (1 - v) * left[0] + u * (1 - v) * right[0] + (1 - u) * v * left[-1] + u * v * right[-1]
    )
    return np.asarray(ruled - corners)


def ring_grid(ring: Indices, rows: int, columns: int) -> Indices:
    """Lay a ring of 2 * (rows + columns) vertices round a grid [rows+1, columns+1]; the inside is -1.

    The ring starts at the lower left corner and runs up the left edge.
    """
    grid = np.full((rows + 1, columns + 1), -1, dtype=np.int64)
    grid[:, 0] = ring[: rows + 1]
    grid[rows, :] = ring[rows : rows + columns + 1]
    grid[::-1, columns] = ring[rows + columns : 2 * rows + columns + 1]
    grid[0, 1:] = np.append(ring, ring[0])[2 * rows + columns :][::-1][1:]
    return grid


def fill_grid(builder: MeshBuilder, grid: Indices, part: str, material: str) -> Indices:
    """Fill the missing inside of a grid whose edges are known, and add its quads."""
    points = builder.array()
    patch = coons(points[grid[:, 0]], points[grid[:, -1]], points[grid[0]], points[grid[-1]])
    missing = grid < 0
    filled = grid.copy()
    filled[missing] = builder.add_points(patch[missing], part)
    builder.add_grid(filled, material)
    return filled


def fill_half_ring(builder: MeshBuilder, ring: Indices, columns: int, part: str, material: str) -> Indices:
    """Close an open ring from the upper to the lower midline; returns the grid [rows+1, columns+1]."""
    rows = len(ring) - 1 - 2 * columns
    points = builder.array()
    grid = np.full((rows + 1, columns + 1), -1, dtype=np.int64)
    grid[rows] = ring[: columns + 1]
    grid[::-1, columns] = ring[columns : columns + rows + 1]
    grid[0] = ring[columns + rows :][::-1]
    left = np.linspace(points[grid[0, 0]], points[grid[rows, 0]], rows + 1)
    patch = coons(left, points[grid[:, columns]], points[grid[0]], points[grid[rows]])
    missing = grid < 0
    grid[missing] = builder.add_points(patch[missing], part)
    builder.add_grid(grid, material)
    return grid
