"""Spreads handle motions over the skin by compactly supported radial basis functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import distance_field, eye, mouth
from assets.head.generator.proportions import EYE_CENTRE
from assets.head.generator.regions import bag_vertices, follow_lips, is_skin, upperness
from assets.head.generator.shape_ranges import SEALED_SHAPES, Handles

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]

RADIUS = 36.0  # millimetres over which a handle fades
_UPPER_ONLY = frozenset({"up_mid", "up_side", "subnasale", "ala"})
_LOWER_ONLY = frozenset({"lo_mid", "lo_side", "labiomental", "chin", "chin_side"})
# points on the face by (x, z), laid on the surface
_FRONT = {
    "cheek": (34.0, -36.0), "cheek_low": (43.0, -64.0), "fold": (29.0, -51.0), "chin": (0.0, -103.0),
    "chin_side": (23.0, -98.0),
    "labiomental": (0.0, -89.0), "jaw_side": (55.0, -80.0), "lid_low": (31.0, -15.0), "brow_in": (14.0, 15.0),
    "brow_mid": (30.0, 20.0), "brow_out": (48.0, 18.5), "glabella": (0.0, 14.0), "forehead": (32.0, 44.0),
    "forehead_in": (8.0, 40.0), "temple": (62.0, 24.0), "crow": (52.0, -3.0), "nose_side": (11.0, -22.0),
    "nose_bridge": (0.0, -10.0), "subnasale": (0.0, -48.5), "ala": (15.5, -37.0),
    "tip": (0.0, -33.0), "nasion": (0.0, 1.0), "lid_up": (31.0, 10.0), "crown": (0.0, 75.0),
    "canthus": (17.0, -3.0),
}  # fmt: skip
_ALWAYS_STILL = ("tip", "nasion", "lid_up", "canthus")


def handle_points(half: HalfHead) -> dict[str, Array]:
    """Where each handle lies [3] on the left half."""
    x, z = np.array(list(_FRONT.values())).T
    front = np.stack([x, distance_field.front_depth(x, z), z], axis=1)
    points = dict(zip(_FRONT, front, strict=True))
    rings, p = half.skin.mouth, half.positions
    places = {"corner": (8, 10), "up_mid": (8, 0), "up_side": (8, 5), "lo_mid": (8, 20), "lo_side": (8, 15)}
    points.update({name: p[rings[place]] for name, place in places.items()})
    return points


def _kernel(a: Array, b: Array) -> Array:
    r = np.clip(np.linalg.norm(a[:, None] - b[None], axis=2) / RADIUS, 0.0, 1.0)
    return np.asarray((1 - r) ** 4 * (4 * r + 1))


def _spread(centres: Array, motion: Array, points: Array) -> Array:
    weights = np.linalg.solve(_kernel(centres, centres) + 1e-6 * np.eye(len(centres)), motion)
    return np.asarray(_kernel(points, centres) @ weights)


def _field(half: HalfHead, handles: Handles, skip: frozenset[str], *, mirror_x: float) -> Array:
    places = handle_points(half)
    names = [n for n in handles if n not in skip] + [n for n in _ALWAYS_STILL if n not in handles]
    centres, motion = [], []
    for name in names:
        move = np.array(handles.get(name, (0.0, 0.0, 0.0)))
        centres.append(places[name])
        motion.append(move)
        if places[name][0] > 1.0:
            centres.append(places[name] * np.array([-1.0, 1.0, 1.0]))
            motion.append(move * np.array([mirror_x, 1.0, 1.0]))
    return _spread(np.array(centres), np.array(motion), half.positions)


def handle_shape(half: HalfHead, name: str, handles: Handles, *, mirror_x: float = -1.0) -> Array:
    """Displacement [N,3] of the half head; `mirror_x` is +1 where both halves go the same way."""
    up = upperness(half)[:, None]
    upper = _field(half, handles, _LOWER_ONLY, mirror_x=mirror_x)
    lower = _field(half, handles, _UPPER_ONLY, mirror_x=mirror_x)
    moved = up * upper + (1 - up) * lower
    if name in SEALED_SHAPES:
        moved = keep_sealed(half, moved)
    moved = follow_lips(half, moved)
    moved[~is_skin(half)] = 0.0
    moved[half.skin.ear[1:].ravel()] = 0.0
    moved[bag_vertices(half)] = 0.0
    return keep_lids_on_eyeball(half, moved)


def keep_lids_on_eyeball(half: HalfHead, displacement: Array) -> Array:
    """Give every lid vertex its resting distance from the eyeball's centre back."""
    moved = displacement.copy()
    lids = half.skin.eye[eye.CREASE_RING :].ravel()
    rest = half.positions[lids] - np.asarray(EYE_CENTRE)
    gone = rest + moved[lids]
    radius = np.linalg.norm(rest, axis=1, keepdims=True)
    moved[lids] = gone * (radius / np.linalg.norm(gone, axis=1, keepdims=True)) - rest
    return moved


def keep_sealed(half: HalfHead, displacement: Array) -> Array:
    """Give facing vertices of the closed lips the same motion."""
    moved = displacement.copy()
    for ring in range(mouth.BORDER_RING, mouth.LAST_LIP_RING + 1):
        share = np.clip((ring - 7.5) / 2.5, 0.0, 1.0)
        vertices = half.skin.mouth[ring]
        mean = 0.5 * (displacement[vertices] + displacement[vertices[::-1]])
        moved[vertices] += share * (mean - displacement[vertices])
    return moved


def ring_profile(half: HalfHead, profile: tuple[tuple[float, float], ...], *, upper: bool) -> Array:
    """Displacement [N,3] of one lip: the profile's (backwards, up) per ring, fading to corners and cheeks."""
    k = np.arange(mouth.RING_LENGTH)
    side = k < mouth.CORNER if upper else k > mouth.CORNER
    z = half.positions[:, 2]
    height = np.abs(z[half.skin.mouth[mouth.BORDER_RING]] - z[half.skin.mouth[mouth.CONTACT_RING]])
    taper = np.where(side, height / height[side].max(), 0.0)  # a thin lip can only roll a little
    moved = np.zeros_like(half.positions)
    for ring in range(1, mouth.BORDER_RING + len(profile)):
        back, up = profile[max(ring - mouth.BORDER_RING, 0)]
        share = min(ring / mouth.BORDER_RING, 1.0) ** 1.6
        moved[half.skin.mouth[ring], 1] = share * back * taper
        moved[half.skin.mouth[ring], 2] = share * up * taper
    return moved
