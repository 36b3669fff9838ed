"""Jaw shapes and tongueOut: motions about the hinge of the jaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import mouth
from assets.head.generator.proportions import JAW_HINGE
from assets.head.generator.regions import jaw_weight
from assets.head.generator.shape_handles import handle_shape
from assets.head.generator.shape_ranges import (
    CORNER_IN,
    JAW_FORWARD,
    JAW_OPEN_DEGREES,
    JAW_SIDE,
    TONGUE_JAW_DEGREES,
)

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]


def hinge(half: HalfHead, degrees: float) -> Array:
    """Displacement [N,3] of the jaw turned open about its hinge."""
    turn = np.radians(degrees)
    offset = half.positions - np.asarray(JAW_HINGE)
    y = offset[:, 1] * np.cos(turn) - offset[:, 2] * np.sin(turn)
    z = offset[:, 1] * np.sin(turn) + offset[:, 2] * np.cos(turn)
    move = np.stack([np.zeros_like(y), y - offset[:, 1], z - offset[:, 2]], axis=1)
    return np.asarray(move * jaw_weight(half)[:, None])


def _corners_in(half: HalfHead, amount: float) -> Array:
    moved = np.zeros_like(half.positions)
    k = np.arange(mouth.RING_LENGTH)
    near = np.exp(-(((k - mouth.CORNER) / 3.2) ** 2))
    for ring in range(mouth.LAST_LIP_RING + 1):
        moved[half.skin.mouth[ring], 0] = amount * near * min(ring / mouth.BORDER_RING, 1.0)
    return moved


def jaw_open(half: HalfHead) -> Array:
    """Mandible, lower teeth, tongue and lower lip turn about the hinge; the corners go half-way."""
    return hinge(half, JAW_OPEN_DEGREES) + _corners_in(half, CORNER_IN)


def _slide(half: HalfHead, move: tuple[float, float, float], lip_drop: float) -> Array:
    moved = jaw_weight(half)[:, None] * np.asarray(move)
    k = np.arange(mouth.RING_LENGTH)
    lower = np.clip((k - mouth.CORNER) / 5.0, 0, 1)
    for ring in range(mouth.BORDER_RING, mouth.LAST_LIP_RING + 1):
        moved[half.skin.mouth[ring], 2] += lip_drop * lower
    return np.asarray(moved)


def jaw_forward(half: HalfHead) -> Array:
    """The jaw slides forward, a little down to clear the teeth."""
    return _slide(half, JAW_FORWARD, 1.4)


def jaw_side(half: HalfHead) -> Array:
    """The jaw slides to +X; the same on both halves, not mirrored."""
    return _slide(half, JAW_SIDE, 1.2)


# where the tongue's sections go when it is out, from back to tip: Y, Z of the middle, widening, thinning
_OUT = ((22, -83, 1.0, 0.9), (13, -82, 1.0, 0.85), (2, -80.3, 0.92, 0.7), (-9, -77.9, 0.80, 0.5),
    (-20, -76.9, 0.74, 0.42),
        (-31, -77.0, 0.80, 0.5), (-42, -78.0, 0.92, 0.66), (-51, -79.6, 1.05, 0.8),
        (-56.5, -81.4, 1.1, 0.95))  # fmt: skip


def tongue_out(half: HalfHead) -> Array:
    """The tongue comes out between the parted lips; the jaw opens as far as the tongue needs."""
    moved = hinge(half, TONGUE_JAW_DEGREES)
    lips = {"lo_mid": (0.0, 0.8, -3.2), "lo_side": (0.2, 0.8, -2.6), "up_mid": (0.0, 0.0, 2.0),
        "up_side": (0.0, 0.0, 1.8),
            "chin": (0.0, 0.4, -0.8)}  # fmt: skip
    moved += handle_shape(half, "tongueOut", lips)
    p = half.positions
    rest = p[half.tongue]
    target = rest.copy()
    for section, (y, z, widen, thin) in enumerate(_OUT):
        middle = rest[section].mean(axis=0) * np.array([0.0, 1.0, 1.0])
        target[section] = (rest[section] - middle) * np.array([widen, 1.0, thin]) + np.array([0.0, y, z])
    moved[half.tongue] = target - rest
    _caps_follow(half, moved)
    return moved


def _caps_follow(half: HalfHead, moved: Array) -> None:
    """The grids that close the tongue's two ends go with the nearest section."""
    tongue = np.flatnonzero(half.parts == "tongue")
    caps = np.setdiff1d(tongue, half.tongue.ravel())
    for v in caps:
        end = half.tongue[0] if half.positions[v, 1] > 0 else half.tongue[-1]
        weight = 1.0 / (np.linalg.norm(half.positions[end] - half.positions[v], axis=1) ** 2 + 1e-6)
        moved[v] = weight @ moved[end] / weight.sum()
        moved[v, 0] = 0.0 if half.positions[v, 0] == 0 else moved[v, 0]
