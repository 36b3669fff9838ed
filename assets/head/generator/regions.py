"""Soft masks over the half head that say which part follows what (all values 0..1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import mouth
from assets.head.generator.proportions import JAW_HINGE, STOMION_Z

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]

_LIP = mouth.BORDER_RING
# how much of the lips' motion each ring behind the contact line keeps
_FOLLOW = {12: 1.0, 13: 0.85, 14: 0.5, 15: 0.1}


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, a smooth S between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def is_skin(half: HalfHead) -> NDArray[np.bool_]:
    """Vertices [N] of the skin, mouth bag included."""
    return np.asarray(half.parts == "skin")


def bag_vertices(half: HalfHead) -> NDArray[np.int64]:
    """Vertices of the bag's closing grid behind its last ring."""
    first = int(half.skin.mouth[-1].max()) + 1
    return np.arange(first, int(half.skin.eye[1:].min()))


def upperness(half: HalfHead) -> Array:
    """1 on what moves with the upper lip, 0 on what moves with the lower, soft away from the mouth [N]."""
    p = half.positions
    x = np.abs(p[:, 0])
    width = 1.0 + 0.55 * np.clip(x - 20.0, 0, None)
    value = 0.5 + 0.5 * np.tanh((p[:, 2] - STOMION_Z + 0.03 * x) / width)
    k = np.arange(mouth.RING_LENGTH, dtype=np.float64)
    by_ring = smoothstep(1.6, -1.6, k - mouth.CORNER)
    for ring, vertices in enumerate(half.skin.mouth):
        share = min(ring / _LIP, 1.0)
        value[vertices] = share * by_ring + (1 - share) * value[vertices]
    return value


def _jaw_by_ring() -> Array:
    k = np.arange(mouth.RING_LENGTH, dtype=np.float64)
    upper = 0.5 * smoothstep(4.0, 10.0, k) ** 1.3
    lower = 0.5 + 0.5 * smoothstep(10.0, 15.5, k)
    return np.where(k <= mouth.CORNER, upper, lower)


def jaw_weight(half: HalfHead) -> Array:
    """How far each vertex [N] follows the mandible."""
    p = half.positions
    forward, down = -(p[:, 1] - JAW_HINGE[1]), p[:, 2] - JAW_HINGE[2]
    below = np.degrees(np.arctan2(-down, np.maximum(forward, 1.0)))
    weight = smoothstep(23.0, 39.0, below)
    weight *= smoothstep(80.0, 36.0, p[:, 1])
    weight *= smoothstep(-150.0, -106.0, p[:, 2] + 0.12 * p[:, 1])
    weight *= smoothstep(-20.0, -38.0, p[:, 2])
    by_ring = _jaw_by_ring()
    for ring, vertices in enumerate(half.skin.mouth):
        share = smoothstep(0.0, float(_LIP), np.array([float(ring)]))[0] if ring else 0.0
        weight[vertices] = share * by_ring + (1 - share) * weight[vertices]
    back = half.skin.mouth[-1]
    bag = bag_vertices(half)
    weight[bag] = smoothstep(-62.0, -84.0, p[bag, 2])
    weight[back] = smoothstep(-62.0, -84.0, p[back, 2])
    weight[np.isin(half.parts, ["eye_left", "teeth_upper", "brows", "hair"])] = 0.0
    weight[np.isin(half.parts, ["teeth_lower", "tongue"])] = 1.0
    weight[half.skin.ear[1:].ravel()] = 0.0
    return weight


def lip_closure(half: HalfHead) -> Array:
    """How far `mouthClose` takes back what `jawOpen` did [N]: all of it on the lips, less at the chin."""
    closure = np.zeros(len(half.positions))
    by_ring = (0.30, 0.38, 0.50, 0.64, 0.80, 0.93) + (1.0,) * 7 + (0.85, 0.4, 0.05)
    for ring, share in enumerate(by_ring):
        closure[half.skin.mouth[ring]] = share
    outside = is_skin(half) & (closure == 0)
    outside[half.skin.mouth[1:].ravel()] = False
    outside[bag_vertices(half)] = False
    edge = np.min(
        np.linalg.norm(half.positions[:, None] - half.positions[half.skin.mouth[0]][None], axis=2), axis=1
    )
    closure[outside] = 0.30 * smoothstep(30.0, 0.0, edge[outside])
    return closure


def follow_lips(half: HalfHead, displacement: Array) -> Array:
    """Let the rings behind the contact line follow it, fading into the mouth bag."""
    moved = displacement.copy()
    lead = displacement[half.skin.mouth[mouth.CONTACT_RING]]
    for ring in range(mouth.CONTACT_INNER_RING, len(half.skin.mouth)):
        moved[half.skin.mouth[ring]] = lead * _FOLLOW.get(ring, 0.0)
    moved[bag_vertices(half)] = 0.0
    return moved
