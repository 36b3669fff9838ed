"""The skin of the left half: the head's grid with its rings, laid on the implicit surface."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import distance_field, ear, eye, layout, mouth
from assets.head.generator.mesh_builder import MIDLINE, Indices, MeshBuilder, averaging_matrix, relax
from assets.head.generator.patches import coons, fill_grid, fill_half_ring, ring_grid

Array = NDArray[np.float64]

CAP = 6  # the crown's cap is a grid of 12 by 12 cells, six of them on each side
NOSTRIL_RINGS = 4


@dataclass
class SkinIndex:
    """Vertex numbers of the half skin by meaning; -1 where a hole leaves no vertex."""

    grid: Indices  # [43, 25] rows from the collar, columns from the front midline
    mouth: Indices  # [R, 21] rings from the cheek inwards
    eye: Indices  # [10, 28]
    ear: Indices  # [R, 32]
    nostril: Indices  # [R, 10]
    cap: Indices  # [13, 7]


def _grid(builder: MeshBuilder) -> Indices:
    points = layout.grid_points()
    keep = np.ones(points.shape[:2], dtype=bool)
    for low, high, first, last in (layout.MOUTH_HOLE, layout.NOSTRIL_HOLE, layout.EYE_HOLE, layout.EAR_HOLE):
        keep[low + 1 : high, (0 if first == 0 else first + 1) : last] = False
    grid = np.full(keep.shape, -1, dtype=np.int64)
    rows, columns = np.nonzero(keep)
    uv = np.stack([columns / layout.COLUMNS, rows / layout.ROWS], axis=1)
    grid[keep] = builder.add_points(distance_field.project(points[keep]), "skin", uv)
    for i in range(layout.ROWS):
        for j in range(layout.COLUMNS):
            corners = (grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j])
            if min(corners) >= 0 and not _inside_hole(i, j):
                builder.add_quad(*corners, "skin")
    return grid


def _inside_hole(i: int, j: int) -> bool:
    holes = (layout.MOUTH_HOLE, layout.NOSTRIL_HOLE, layout.EYE_HOLE, layout.EAR_HOLE)
    return any(low <= i < high and first <= j < last for low, high, first, last in holes)


def _take(grid: Indices, cells: list[tuple[int, int]]) -> Indices:
    return np.array([grid[cell] for cell in cells])


def _add_rings(builder: MeshBuilder, boundary: Indices, rings: Array, *, closed: bool) -> Indices:
    added = builder.add_points(rings, "skin")
    stack = np.concatenate([boundary[None], added])
    for outer, inner in itertools.pairwise(stack):
        builder.add_strip(outer, inner, "skin", closed=closed)
    return stack


def _mouth(builder: MeshBuilder, grid: Indices) -> Indices:
    boundary = _take(grid, layout.hole_boundary(layout.MOUTH_HOLE, (0, 0), closed=False))
    lips = mouth.lip_rings()
    around = mouth.blend_rings(builder.array()[boundary], lips[0], mouth.PERIORAL_RINGS)
    rings = _add_rings(builder, boundary, np.concatenate([around, lips]), closed=False)
    fill_half_ring(builder, rings[-1], 6, "skin", "skin")
    return rings


def _eye(builder: MeshBuilder, grid: Indices) -> Indices:
    boundary = _take(grid, layout.hole_boundary(layout.EYE_HOLE, (31, 2), closed=True))
    lids = eye.lid_rings()
    around = mouth.blend_rings(builder.array()[boundary], lids[0], eye.ORBIT_RINGS)
    return _add_rings(builder, boundary, np.concatenate([around, lids]), closed=True)


def _ear(builder: MeshBuilder, grid: Indices) -> Indices:
    boundary = _take(
        grid, layout.hole_boundary(layout.EAR_HOLE, (layout.EAR_HOLE[0], layout.EAR_HOLE[2]), closed=True)
    )
    rings = _add_rings(builder, boundary, ear.ear_rings(builder.array()[boundary]), closed=True)
    fill_grid(builder, ring_grid(rings[-1], ear.ROWS, ear.COLUMNS), "skin", "skin")
    return rings


def _nostril(builder: MeshBuilder, grid: Indices) -> Indices:
    hole = layout.NOSTRIL_HOLE
    boundary = _take(grid, layout.hole_boundary(hole, (hole[0], hole[2]), closed=True))
    rim = builder.array()[boundary]
    middle = rim.mean(axis=0)
    shifts = ((0.84, 0.0, 0.7), (0.7, 0.8, 2.4), (0.58, 1.8, 4.8), (0.42, 3.4, 7.0))
    rings = np.stack([middle + (rim - middle) * s + np.array([0.0, y, z]) for s, y, z in shifts])
    stack = _add_rings(builder, boundary, rings, closed=True)
    fill_grid(builder, ring_grid(stack[-1], hole[1] - hole[0], hole[3] - hole[2]), "skin", "skin")
    return stack


def _cap(builder: MeshBuilder, grid: Indices) -> Indices:
    top = grid[layout.ROWS]
    cap = np.full((2 * CAP + 1, CAP + 1), -1, dtype=np.int64)
    cap[0] = top[: CAP + 1]
    cap[:, CAP] = top[CAP : 3 * CAP + 1]
    cap[2 * CAP] = top[3 * CAP :][::-1]
    points = builder.array()
    left = np.linspace(points[cap[0, 0]], points[cap[-1, 0]], 2 * CAP + 1)
    patch = coons(left, points[cap[:, CAP]], points[cap[0]], points[cap[-1]])
    missing = cap < 0
    inside = patch[missing]
    inside[:, 2] = _crown_height(inside[:, 0], inside[:, 1])
    cap[missing] = builder.add_points(inside, "skin")
    builder.add_grid(cap, "skin")
    return cap


def _crown_height(x: Array, y: Array) -> Array:
    points = np.stack([x, y, np.full_like(x, 150.0)], axis=1)
    for _ in range(60):
        points[:, 2] -= 0.7 * distance_field.head_field(points)
    return np.asarray(points[:, 2])


def _strengths(index: SkinIndex, count: int) -> Array:
    strength = np.zeros(count)
    strength[index.grid[index.grid >= 0]] = 0.35
    strength[index.grid[20:27, :6][index.grid[20:27, :6] >= 0]] = 0.12
    strength[index.cap] = 0.4
    strength[index.mouth[1:6]] = 0.4
    strength[index.eye[1 : eye.CREASE_RING]] = 0.4
    strength[index.mouth[0]] = 0.3
    strength[index.eye[0]] = 0.3
    strength[index.grid[0]] = 0.0
    strength[index.nostril[0]] = 0.0
    return strength


def build_skin(builder: MeshBuilder, relaxations: int = 14) -> SkinIndex:
    """Add the half skin to the builder and settle it on the implicit surface; returns its vertex numbers."""
    grid = _grid(builder)
    index = SkinIndex(grid, _mouth(builder, grid), _eye(builder, grid), _ear(builder, grid),
        _nostril(builder, grid),
                      _cap(builder, grid))  # fmt: skip
    points = builder.array()
    strength = _strengths(index, len(points))
    averaging = averaging_matrix(np.array(builder.quads), points)
    laid = strength > 0
    for _ in range(relaxations):
        points = relax(points, averaging, strength)
        points[laid] = distance_field.project(points[laid], steps=3)
    points[np.abs(points[:, 0]) < MIDLINE, 0] = 0.0
    builder.positions = list(points)
    return index
