"""The head as an implicit surface: a smooth union of a few dozen rounded primitives.

All lengths are millimetres in the working frame: the origin lies midway between the eyeball centres, X to the
character's left, the face looks to -Y, Z up. The field is negative inside. Every primitive is one anatomical
part, so that a proportion is changed in one place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.head.generator.proportions import EYE_CENTRE, EYE_RADIUS

Array = NDArray[np.float64]


def ellipsoid(points: Array, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Array:
    """Approximate signed distance [N] of points [N,3] to an axis-aligned ellipsoid."""
    offset = points - np.asarray(centre)
    scaled = np.linalg.norm(offset / np.asarray(radii), axis=1)
    steepness = np.linalg.norm(offset / np.square(np.asarray(radii)), axis=1) + 1e-9
    return np.asarray(scaled * (scaled - 1.0) / steepness)


def round_cone(
    points: Array,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radius_start: float,
    radius_end: float,
    *,
    squash: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Array:
    """Approximate signed distance [N] to a capsule whose radius changes along its axis.

    `squash` divides the axes before measuring, which widens the capsule along an axis above 1.
    """
    scale = np.asarray(squash)
    p, a, b = points / scale, np.asarray(start) / scale, np.asarray(end) / scale
    axis = b - a
    along = np.clip((p - a) @ axis / (axis @ axis), 0.0, 1.0)
    gap = np.linalg.norm(p - a - along[:, None] * axis, axis=1)
    return np.asarray(gap - (radius_start + (radius_end - radius_start) * along))


def smooth_union(a: Array, b: Array, width: float) -> Array:
    """Union of two fields whose seam is rounded over `width` millimetres."""
    blend = np.maximum(width - np.abs(a - b), 0.0) / width
    return np.minimum(a, b) - blend * blend * width * 0.25


def smooth_cut(a: Array, b: Array, width: float) -> Array:
    """Field `a` with `b` taken out, the rim rounded over `width` millimetres."""
    return -smooth_union(-a, b, width)


def _skull(p: Array) -> Array:
    field = ellipsoid(p, (0, 72, 34), (75, 94, 84))
    field = smooth_union(field, ellipsoid(p, (0, 24, 36), (60, 50, 58)), 26)
    return smooth_union(field, ellipsoid(p, (44, 52, 24), (28, 56, 50)), 20)


def _jaw(p: Array) -> Array:
    face = ellipsoid(p, (0, 36, -28), (60, 56, 76))
    ramus = round_cone(p, (50, 58, -20), (45, 54, -66), 14, 12)
    body = round_cone(p, (45, 50, -70), (13, -4, -97.5), 11.5, 13)
    chin = round_cone(p, (6.5, -9.5, -98), (0, -10.5, -98.5), 13, 14.5)
    field = smooth_union(face, ramus, 16)
    field = smooth_union(field, body, 18)
    return smooth_union(field, chin, 14)


def _cheeks(p: Array) -> Array:
    bone = round_cone(p, (40, 3, -25), (62, 46, -14), 15, 7.5)
    apple = ellipsoid(p, (32, -4, -39), (19, 18.5, 18))
    hollow = ellipsoid(p, (40, 12, -62), (18, 22, 24))
    return smooth_union(smooth_union(bone, apple, 14), hollow, 18)


def _muzzle(p: Array) -> Array:
    return ellipsoid(p, (0, 3.5, -68), (35, 39, 30))


def _neck(p: Array) -> Array:
    column = round_cone(p, (0, 76, -60), (0, 88, -150), 53, 49, squash=(1.0, 1.05, 1.0))
    base = round_cone(p, (0, 92, -172), (0, 94, -215), 51, 82, squash=(1.06, 0.92, 1.0))
    cord = round_cone(p, (58, 82, -50), (16, 48, -196), 9, 9)
    larynx = ellipsoid(p, (0, 40, -148), (9, 9, 14))
    field = smooth_union(column, base, 46)
    field = smooth_union(field, cord, 22)
    return smooth_union(field, larynx, 14)


def _nose(p: Array) -> Array:
    bridge = round_cone(p, (0, -19.5, 6), (0, -38.5, -27), 7.0, 7.8)
    root = round_cone(p, (0, -12, 10), (9, -16, -24), 9, 8)
    tip = ellipsoid(p, (0, -41.2, -32.6), (9.4, 9.2, 8.8))
    columella = round_cone(p, (0, -42, -37.5), (0, -32, -43), 4.2, 5.0)
    wing = ellipsoid(p, (11.2, -32.6, -37.2), (5.9, 9.6, 6.6))
    field = smooth_union(bridge, root, 14)
    field = smooth_union(field, tip, 7)
    field = smooth_union(field, columella, 5)
    return smooth_union(field, wing, 7.0)


def _brow(p: Array) -> Array:
    inner = round_cone(p, (8, -17.5, 19), (34, -15, 22.5), 8.5, 8.5)
    outer = round_cone(p, (34, -15, 22.5), (56, 4, 13), 8.5, 8)
    return smooth_union(inner, outer, 6)


def _mirror(points: Array) -> Array:
    folded = points.copy()
    folded[:, 0] = np.sqrt(np.square(points[:, 0]) + 1.0) - 1.0
    return folded


def head_field(points: Array) -> Array:
    """Signed distance-like field [N] of the whole head at points [N,3] (millimetres, negative inside)."""
    p = _mirror(points)
    field = smooth_union(_skull(p), _jaw(p), 22)
    field = smooth_union(field, _neck(p), 16)
    field = smooth_union(field, _muzzle(p), 14)
    field = smooth_union(field, _cheeks(p), 16)
    field = smooth_union(field, _brow(p), 12)
    socket = ellipsoid(p, (33, -17, -1), (19, 12, 12.5))
    field = smooth_cut(field, socket, 12)
    field = smooth_union(field, _nose(p), 9)
    lids = np.linalg.norm((p - np.asarray(EYE_CENTRE)) / np.array([1.06, 1.0, 0.97]), axis=1) - (
        EYE_RADIUS + 2.3
    )
    return smooth_union(field, lids, 5)


def gradient(points: Array) -> Array:
    """Unit gradient [N,3] of the field by central differences."""
    step = 0.05
    columns = []
    for axis in range(3):
        shift = np.zeros(3)
        shift[axis] = step
        columns.append(head_field(points + shift) - head_field(points - shift))
    direction = np.stack(columns, axis=1)
    return np.asarray(direction / (np.linalg.norm(direction, axis=1, keepdims=True) + 1e-12))


def project(points: Array, steps: int = 8, damping: float = 0.9) -> Array:
    """Points [N,3] moved along the gradient on to the zero surface; the midline stays on the midline."""
    moved = points.copy()
    middle = np.abs(points[:, 0]) < 1e-9  # noqa: PLR2004 - exact zero up to rounding
    for _ in range(steps):
        moved -= damping * np.clip(head_field(moved), -12.0, 12.0)[:, None] * gradient(moved)
        moved[middle, 0] = 0.0
    return moved


def front_depth(x: Array, z: Array) -> Array:
    """Y [N] at which rays from the front at (x, z) first meet the surface."""
    points = np.stack([x, np.full_like(x, -70.0), z], axis=1)
    for _ in range(60):
        points[:, 1] += 0.7 * head_field(points)
    return np.asarray(points[:, 1])
