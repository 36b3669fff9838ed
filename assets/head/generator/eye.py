"""The left eye: lid margins, lid thickness, the rings of the orbit, the eyeball. Millimetres.

Rings start at the inner canthus (k = 0), run over the upper lid to the outer canthus (k = 14) and back under
the eye.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.head.generator.proportions import EYE_CENTRE, EYE_RADIUS, length

Array = NDArray[np.float64]

RING_LENGTH = 28
OUTER_CANTHUS = 14
ORBIT_RINGS = 3
CREASE_RING, LID_RING, MARGIN_RING, MARGIN_INNER_RING = 4, 5, 6, 7
CLEARANCE = 0.45  # millimetres between the inner lid and the eyeball
LID_THICKNESS = 1.7

_UPPER = (
    (0, -2.4),
    (0.07, -0.3),
    (0.18, 2.7),
    (0.33, 4.8),
    (0.48, 5.4),
    (0.64, 5.1),
    (0.8, 3.7),
    (0.92, 1.7),
    (1, 0.1),
)
_LOWER = ((0, -2.4), (0.07, -3.3), (0.2, -4.5), (0.4, -5.5), (0.6, -5.7), (0.8, -4.5), (0.92, -2.2), (1, 0.1))
_RHO = ((0, 3.1), (0.1, 1.75), (0.22, 0.75), (0.35, CLEARANCE), (0.8, CLEARANCE), (0.93, 0.6), (1, 0.9))
_INNER_X, _OUTER_X = -13.0, 13.4


def _pchip(knots: tuple[tuple[float, float], ...], at: Array) -> Array:
    x, y = np.array(knots, dtype=np.float64).T
    return np.asarray(PchipInterpolator(x, y)(at))


def ring_fraction() -> Array:
    """Position [28] of each ring vertex between inner (0) and outer canthus (1)."""
    t = np.linspace(0.0, 1.0, OUTER_CANTHUS + 1)
    spread = 0.45 * (0.5 - 0.5 * np.cos(np.pi * t)) + 0.55 * t
    return np.concatenate([spread, spread[-2:0:-1]])


def is_upper() -> NDArray[np.bool_]:
    """Which ring vertices [28] belong to the upper lid (canthi excluded)."""
    k = np.arange(RING_LENGTH)
    return (k > 0) & (k < OUTER_CANTHUS)


def away_directions() -> Array:
    """Unit vectors [28,3] in the frontal plane that point away from the lid fissure."""
    phi = np.pi - 2 * np.pi * np.arange(RING_LENGTH) / RING_LENGTH
    x = np.cos(phi) * np.abs(np.cos(phi)) ** 1.2
    away = np.stack([x, np.zeros_like(x), np.sin(phi)], axis=1)
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))


def margin_clearance() -> Array:
    """Distance [28] of the lid margin from the eyeball's surface; larger at the canthi."""
    return _pchip(_RHO, ring_fraction())


def margin_directions() -> Array:
    """Unit vectors [28,3] from the eyeball's centre to the lid margin at rest."""
    s = ring_fraction()
    x = _INNER_X + (_OUTER_X - _INNER_X) * s
    lower = np.arange(RING_LENGTH) > OUTER_CANTHUS
    z = np.where(lower, _pchip(_LOWER, s), _pchip(_UPPER, s))
    rho = EYE_RADIUS + margin_clearance()
    y = -np.sqrt(np.maximum(rho**2 - x**2 - z**2, 4.0))
    d = np.stack([x, y, z], axis=1)
    return np.asarray(d / np.linalg.norm(d, axis=1, keepdims=True))


def turn_away(directions: Array, away: Array, angle: Array) -> Array:
    """Unit vectors turned by `angle` [K] radians along the great circle towards `away`."""
    tangent = away - np.sum(away * directions, axis=1, keepdims=True) * directions
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-12
    return np.asarray(directions * np.cos(angle)[:, None] + tangent * np.sin(angle)[:, None])


def lid_rings() -> Array:
    """Rings [6,28,3]: crease, lid, margin outside, margin inside, and two more between lid and eyeball."""
    d, away = margin_directions(), away_directions()
    gap = margin_clearance()
    rho = EYE_RADIUS + gap
    openness = np.abs(np.sin(np.pi * np.arange(RING_LENGTH) / OUTER_CANTHUS)) ** 0.6
    upper = is_upper()
    centre = np.asarray(EYE_CENTRE)

    def at(angle: Array, radius: Array) -> Array:
        return np.asarray(centre + radius[:, None] * turn_away(d, away, angle))

    skin = np.maximum(rho + 0.4, EYE_RADIUS + 2.3)
    crease = at(np.where(upper, 0.20 + 0.26 * openness, 0.24 + 0.16 * openness), skin + 0.2)
    lid = at(
        np.where(upper, 0.10 + 0.10 * openness, 0.11 + 0.06 * openness), skin + np.where(upper, 0.35, 0.15)
    )
    margin = at(np.full(RING_LENGTH, 0.035), rho + LID_THICKNESS * (0.4 + 0.6 * openness))
    inside = at(np.zeros(RING_LENGTH), rho)
    deep = at(np.full(RING_LENGTH, 0.17), EYE_RADIUS + np.minimum(gap, CLEARANCE + 0.5 * (gap - CLEARANCE)))
    last = at(np.full(RING_LENGTH, 0.42), np.full(RING_LENGTH, EYE_RADIUS + CLEARANCE))
    return np.stack([crease, lid, margin, inside, deep, last])


EYE_SEGMENTS = 24
# polar angles (radians from the pupil's axis) of the eyeball's rings
_IRIS = float(np.arcsin(length("iris_diameter") / 2 / EYE_RADIUS))
EYE_RINGS = (0.155, 0.19, 0.28, 0.38, _IRIS * 0.985, _IRIS * 1.04, 0.62, 0.85, 1.1, 1.4, 1.75, 2.1)
IRIS_RINGS = 5  # strips between rings up to here are iris, the rest is sclera; inside ring 0 lies the pupil


def eyeball() -> Array:
    """Rings [12,24,3] of the left eyeball from the pupil's centre to behind the equator."""
    turn = 2 * np.pi * (np.arange(EYE_SEGMENTS) + 0.5) / EYE_SEGMENTS
    rings = []
    for polar in EYE_RINGS:
        sine, cosine = np.sin(polar), np.cos(polar)
        rings.append(
            np.stack([sine * np.cos(turn), np.full_like(turn, -cosine), sine * np.sin(turn)], axis=1)
        )
    return np.asarray(np.asarray(EYE_CENTRE) + EYE_RADIUS * np.stack(rings))
