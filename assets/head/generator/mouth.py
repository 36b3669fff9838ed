"""The mouth: lip curves, the rings from the cheeks over the lips into the mouth bag.

Rings run from the upper midline (k = 0) over the corner (k = 10) to the lower midline (k = 20). Millimetres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.head.generator.distance_field import front_depth
from assets.head.generator.proportions import MOUTH_HALF_WIDTH, STOMION_Z

Array = NDArray[np.float64]

RING_LENGTH = 21
CORNER = 10
PERIORAL_RINGS = 5
BORDER_RING = 6  # the vermilion border; 0 is the edge of the hole in the face grid
CONTACT_RING = 11  # the line where the closed lips are seen to meet
CONTACT_INNER_RING = 12
LAST_LIP_RING = 14
SEAL_HALF_GAP = 0.06  # millimetres each lip keeps from the other: sealed to the eye, no shared vertices

_UPPER_BORDER = ((0, 8.2), (3.2, 8.9), (6.4, 9.9), (12, 7.9), (18, 4.7), (22.3, 1.9), (25.25, -0.6))
_LOWER_BORDER = ((0, -10.0), (6, -9.9), (12, -8.5), (18, -5.5), (22.3, -2.7), (25.25, -0.6))
_CONTACT = ((0, -0.35), (4, 0.0), (8, 0.45), (14, 0.2), (20, -0.6), (25.25, -0.9))

# outward offset (mm) of the lip surface from the face's surface, from the border (0) to the contact line (1)
_UPPER_PROFILE = ((0, 1.2), (0.12, 1.9), (0.4, 3.0), (0.65, 3.3), (0.85, 2.5), (1, 0.2))
_LOWER_PROFILE = ((0, 0.5), (0.15, 1.2), (0.4, 2.9), (0.65, 3.7), (0.85, 3.1), (1, 0.2))
_ACROSS = (0.0, 0.14, 0.38, 0.64, 0.86, 1.0)

# mouth bag, ring by ring behind the inner lips: half width, top, bottom, depth at the midline, bend backwards
_BAG = (
    (28.5, 17.0, -19.0, -26.2, 0.024),
    (32.0, 18.5, -22.5, -17.0, 0.019),
    (34.0, 18.5, -24.0, -4.0, 0.013),
    (34.0, 18.0, -24.0, 10.0, 0.008),
    (30.0, 16.0, -23.0, 24.0, 0.004),
    (22.0, 12.0, -20.0, 33.0, 0.0),
)


def _curve(knots: tuple[tuple[float, float], ...], x: Array) -> Array:
    at, value = np.array(knots, dtype=np.float64).T
    return np.asarray(PchipInterpolator(at, value)(x))


def _spread() -> Array:
    """Half widths [11] of the ring vertices from the midline to the corner, as fractions."""
    t = np.linspace(0.0, 1.0, CORNER + 1)
    return np.asarray(0.55 * np.sin(t * np.pi / 2) + 0.45 * t)


def _lip(*, upper: bool) -> Array:
    """Lip surface [6 rings, 11, 3] from border to contact line, midline to corner."""
    x = MOUTH_HALF_WIDTH * _spread()
    border = _curve(_UPPER_BORDER if upper else _LOWER_BORDER, x)
    seal = _curve(_CONTACT, x) + (SEAL_HALF_GAP if upper else -SEAL_HALF_GAP)
    fullness = np.clip(1.0 - (x / MOUTH_HALF_WIDTH) ** 2.2, 0.0, 1.0) ** 0.7
    rows = []
    for across in _ACROSS:
        inward = 1.5 * across * (x / MOUTH_HALF_WIDTH) ** 6
        xs = x - inward
        z = STOMION_Z + border + (seal - border) * across
        out = _curve(_UPPER_PROFILE if upper else _LOWER_PROFILE, np.array([across]))[0]
        corner_dip = -2.4 * across * (1.0 - fullness)
        y = front_depth(xs, z) - out * fullness - corner_dip
        rows.append(np.stack([xs, y, z], axis=1))
    return np.stack(rows)


def _inner_lip(contact: Array, *, upper: bool) -> Array:
    """Rings [3, 11, 3] behind the contact line: flat contact, then the lip's back turning up."""
    sign = 1.0 if upper else -1.0
    along = _spread()
    height = np.clip(1.0 - along**4, 0.0, 1.0)
    rows = []
    for back, away, shrink in ((2.6, 0.0, 0.985), (4.6, 1.8, 0.97), (5.4, 6.5, 0.98)):
        row = contact.copy()
        row[:, 0] *= shrink
        row[:, 1] += back + (0.0 if upper else 0.12 * away)
        row[:, 2] += sign * away * height
        rows.append(row)
    return np.stack(rows)


def _bag_ring(half_width: float, top: float, bottom: float, depth: float, bend: float) -> Array:
    angle = np.linspace(np.pi / 2, -np.pi / 2, RING_LENGTH)
    x = half_width * np.abs(np.cos(angle)) ** 0.75
    x[[0, -1]] = 0.0
    sine = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.75
    z = STOMION_Z + np.where(sine > 0, top * sine, -bottom * sine)
    behind = 1.6 * np.clip(-sine, 0.0, 1.0)  # the lower arch stands behind the upper one
    return np.stack([x, depth + behind + bend * x**2, z], axis=1)


def lip_rings() -> Array:
    """Positions [R,21,3] from the vermilion border (ring 6 of the mouth) to the back of the mouth bag."""
    upper, lower = _lip(upper=True), _lip(upper=False)
    upper = np.concatenate([upper, _inner_lip(upper[-1], upper=True)])
    lower = np.concatenate([lower, _inner_lip(lower[-1], upper=False)])
    corner = 0.5 * (upper[:, -1:] + lower[:, -1:])
    rings = np.concatenate([upper[:, :-1], corner, lower[:, -2::-1]], axis=1)
    bag = np.stack([_bag_ring(*row) for row in _BAG])
    return np.concatenate([rings, bag])


def blend_rings(outer: Array, inner: Array, count: int) -> Array:
    """Rings [count,K,3] evenly between two rings [K,3], both excluded."""
    t = np.arange(1, count + 1)[:, None, None] / (count + 1)
    return np.asarray(outer + (inner - outer) * t)
