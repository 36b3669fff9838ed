"""Adds the left eyeball's quads: pupil, iris, sclera."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from assets.head.generator import eye
from assets.head.generator.patches import coons, ring_grid
from assets.head.generator.proportions import EYE_CENTRE, EYE_RADIUS

if TYPE_CHECKING:
    from assets.head.generator.mesh_builder import Indices, MeshBuilder


def add_eyeball(builder: MeshBuilder) -> Indices:
    """Add the eyeball; returns the vertex numbers [12, 24] of its rings from the pupil's edge backwards."""
    rings = builder.add_points(eye.eyeball(), "eye_left")
    for number, (inner, outer) in enumerate(itertools.pairwise(rings)):
        builder.add_strip(inner, outer, _strip_material(number), closed=True)
    side = eye.EYE_SEGMENTS // 4
    grid = ring_grid(np.roll(rings[0], 3), side, side)
    points = builder.array()
    patch = coons(points[grid[:, 0]], points[grid[:, -1]], points[grid[0]], points[grid[-1]])
    missing = grid < 0
    offset = patch[missing] - np.asarray(EYE_CENTRE)
    offset *= EYE_RADIUS / np.linalg.norm(offset, axis=1, keepdims=True)
    grid[missing] = builder.add_points(np.asarray(EYE_CENTRE) + offset, "eye_left")
    builder.add_grid(grid, "pupil")
    return rings


def _strip_material(number: int) -> str:
    if number < eye.IRIS_RINGS - 1:
        return "iris"
    return "limbus" if number == eye.IRIS_RINGS - 1 else "sclera"
