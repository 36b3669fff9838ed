"""Eye shapes of the left eye: lids slide along the eyeball, the eyeball turns about its centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import eye
from assets.head.generator.proportions import EYE_CENTRE, EYE_RADIUS
from assets.head.generator.shape_ranges import BLINK_SEAL_DROP, LID_FOLLOW, LID_SIDE, LOOK_DEGREES

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]

# how far each ring of the eye follows the lid margin: edge of the hole, orbit, crease, lid, margin, inside
_FOLLOW_UPPER = (0.0, 0.02, 0.06, 0.14, 0.36, 0.9, 1.0, 1.0, 1.0, 0.92)
_FOLLOW_LOWER = (0.0, 0.03, 0.08, 0.18, 0.45, 0.85, 1.0, 1.0, 1.0, 0.92)


def _rotation(axis: Array, angle: float) -> Array:
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def slide_lids(half: HalfHead, target: Array, clearance: Array) -> Array:
    """Turn every ring of the lids about the eyeball's centre so the margin faces `target` [28,3] directions.

    `clearance` [28] is the margin's distance from the eyeball at the end, in millimetres.
    """
    centre = np.asarray(EYE_CENTRE)
    start = eye.margin_directions()
    lift = clearance - eye.margin_clearance()
    moved = np.zeros_like(half.positions)
    upper = eye.is_upper()
    for k in range(eye.RING_LENGTH):
        axis = np.cross(start[k], target[k])
        size = np.linalg.norm(axis)
        if size < 1e-9:  # noqa: PLR2004 - a margin that stays where it is
            continue
        angle = float(np.arctan2(size, start[k] @ target[k]))
        follow = _FOLLOW_UPPER if upper[k] else _FOLLOW_LOWER
        for ring, share in enumerate(follow):
            v = half.skin.eye[ring, k]
            offset = half.positions[v] - centre
            turned = _rotation(axis / size, angle * share) @ offset
            turned *= 1.0 + lift[k] * share / np.linalg.norm(turned)
            moved[v] = turned - offset
    return moved


def blink(half: HalfHead) -> Array:
    """Both lids meet on a line below the pupil; the upper lid does most of the way."""
    s = eye.ring_fraction()
    start = eye.margin_directions()
    rho = EYE_RADIUS + eye.margin_clearance()
    rest = start * rho[:, None]
    arch = np.sin(np.pi * s) ** 0.75
    base = -2.4 + 2.5 * s
    seal = base - (BLINK_SEAL_DROP - 1.2) * arch + np.where(eye.is_upper(), 0.04, -0.04) * np.sin(np.pi * s)
    closed = np.stack([rest[:, 0], np.zeros_like(s), seal], axis=1)
    closed_rho = rho + 0.65 * np.sin(np.pi * s)
    closed[:, 1] = -np.sqrt(np.maximum(closed_rho**2 - closed[:, 0] ** 2 - closed[:, 2] ** 2, 4.0))
    length = np.linalg.norm(closed, axis=1)
    target = closed / length[:, None]
    for canthus in (0, eye.OUTER_CANTHUS):
        target[canthus] = start[canthus]
    return slide_lids(half, target, length - EYE_RADIUS)


def move_lids(half: HalfHead, upper: float, lower: float, sideways: float = 0.0, lift: float = 0.0) -> Array:
    """Lids moved by millimetres along the eyeball at their middle; up and away from the nose are positive."""
    s = eye.ring_fraction()
    arch = np.sin(np.pi * s) ** 0.8
    amount = np.where(eye.is_upper(), upper, lower) * arch
    start = eye.margin_directions()
    rho = EYE_RADIUS + eye.margin_clearance()
    moved = start * rho[:, None] + np.stack([sideways * arch, np.zeros_like(s), amount], axis=1)
    target = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return slide_lids(half, target, eye.margin_clearance() + lift * arch)


def look(half: HalfHead, direction: str) -> Array:
    """The left eyeball turns rigidly; the lids follow a little."""
    degrees = LOOK_DEGREES[direction]
    if direction in {"Up", "Down"}:
        axis, sign = np.array([1.0, 0.0, 0.0]), (-1.0 if direction == "Up" else 1.0)
    else:
        axis, sign = np.array([0.0, 0.0, 1.0]), (-1.0 if direction == "In" else 1.0)
    turn = _rotation(axis, sign * np.radians(degrees))
    upper, lower = LID_FOLLOW[direction]
    moved = move_lids(half, upper, lower, LID_SIDE.get(direction, 0.0), 0.12)
    ball = half.parts == "eye_left"
    offset = half.positions[ball] - np.asarray(EYE_CENTRE)
    moved[ball] = offset @ turn.T - offset
    return moved
