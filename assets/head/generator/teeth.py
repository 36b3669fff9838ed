"""Teeth with gums and the tongue, left half. Millimetres.

Each dental arch is one strip of quads: five columns to a tooth, pulled in at the gaps,
    so that the teeth read as
single teeth at a twentieth of the vertices that 28 closed bodies would need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator.patches import fill_half_ring

if TYPE_CHECKING:
    from assets.head.generator.mesh_builder import Indices, MeshBuilder

Array = NDArray[np.float64]

UPPER_WIDTHS = (8.4, 6.6, 7.6, 7.0, 6.7, 10.0, 9.4)  # crown widths, Wheeler's dental anatomy, rounded
LOWER_WIDTHS = (5.4, 5.9, 6.8, 7.0, 7.0, 10.8, 10.2)
_COLUMNS = (
    (0.0, 1.0),
    (0.16, 0.25),
    (0.5, 0.0),
    (0.84, 0.25),
)  # place in the tooth, share of the gap's groove


@dataclass(frozen=True)
class Arch:
    """One jaw's arch: radii of its ellipse, where its front lies, and how its profile runs in height."""

    widths: tuple[float, ...]
    half_width: float
    length: float
    front: float
    sign: float  # +1 for the upper jaw: the crowns point down
    edge: tuple[float, ...]  # Z of the biting edge per tooth
    crown: tuple[float, ...]  # crown height per tooth
    thickness: tuple[float, ...]  # front to back per tooth


UPPER = Arch(UPPER_WIDTHS, 28.6, 47.0, -26.8, 1.0, (-72.9, -72.4, -72.9, -72.2, -72.0, -71.8, -71.6),
             (10.2, 9.2, 9.8, 8.2, 7.6, 7.0, 6.6), (5.6, 5.4, 6.4, 7.6, 7.8, 9.4, 9.0))  # fmt: skip
LOWER = Arch(LOWER_WIDTHS, 26.8, 46.0, -23.6, -1.0, (-71.3, -71.3, -71.6, -72.6, -72.6, -72.5, -72.3),
             (8.8, 8.8, 9.6, 8.0, 7.4, 7.0, 6.6), (4.8, 5.0, 6.0, 7.0, 7.4, 9.0, 8.8))  # fmt: skip


def _arch_points(arch: Arch, at: Array) -> tuple[Array, Array]:
    """Positions [N,2] (x, y) and outward normals [N,2] at arc lengths from the midline."""
    t = np.linspace(0, 1.5, 400)
    x, y = arch.half_width * np.sin(t), arch.front + arch.length * (1 - np.cos(t))
    run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    turn = np.interp(at, run, t)
    position = np.stack(
        [arch.half_width * np.sin(turn), arch.front + arch.length * (1 - np.cos(turn))], axis=1
    )
    normal = np.stack([arch.length * np.sin(turn), -arch.half_width * np.cos(turn)], axis=1)
    return position, normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _columns(arch: Arch) -> tuple[Array, Array, Indices]:
    places, grooves, owner = [], [], []
    start = 0.0
    for tooth, width in enumerate(arch.widths):
        for place, groove in _COLUMNS:
            places.append(start + place * width)
            grooves.append(0.35 if not places[:-1] else groove)
            owner.append(tooth)
        start += width
    places.append(start)
    grooves.append(1.0)
    owner.append(len(arch.widths) - 1)
    grooves[0] = 1.0
    return np.array(places), np.array(grooves), np.array(owner)


def _profile(arch: Arch) -> Array:
    """The arch's strip [10 rows, columns, 3] from the gum's front fold over the crowns to the gum behind."""
    at, groove, owner = _columns(arch)
    place, normal = _arch_points(arch, at)
    edge = np.array(arch.edge)[owner] + arch.sign * 0.7 * groove
    crown = np.array(arch.crown)[owner]
    thick = np.array(arch.thickness)[owner]
    molar = np.clip((owner - 2.0) / 1.5, 0.0, 1.0)
    neck = np.array(arch.edge)[owner] + arch.sign * (crown - 1.5 * groove)
    level = (neck + edge) / 2
    rows = []
    for depth, height in (
        (0.10 * thick - 0.3, neck + arch.sign * 5.5),
        (0.02 * thick - 0.5, neck + arch.sign * 2.2),
        (0.05 * thick + 0.2, neck),
        (0.0 * thick + 0.55 * groove - 0.15, level + arch.sign * 1.2),
        (0.03 * thick + 0.8 * groove, edge + arch.sign * (0.5 + 0.6 * molar)),
        (0.16 * thick + 0.7 * groove + 0.06 * thick * molar, edge),
        ((0.34 + 0.50 * molar) * thick - 0.3 * groove, edge + arch.sign * (0.25 + 0.25 * molar)),
        ((0.75 + 0.2 * molar) * thick - 0.6 * groove, level),
        ((1.0 + 0.05 * molar) * thick, neck),
        (1.05 * thick + 0.8, neck + arch.sign * 5.0),
    ):
        flat = place - normal * depth[:, None]
        rows.append(np.stack([flat[:, 0], flat[:, 1], height], axis=1))
    strip = np.stack(rows)
    strip[:, 0, 0] = 0.0
    return strip


def add_teeth(builder: MeshBuilder) -> dict[str, Indices]:
    """Add both arches; returns the vertex numbers [10, columns] by part name."""
    result = {}
    for part, arch in (("teeth_upper", UPPER), ("teeth_lower", LOWER)):
        grid = builder.add_points(_profile(arch), part)
        builder.add_grid(grid[:3], "gums")
        builder.add_grid(grid[2:9], "teeth")
        builder.add_grid(grid[8:], "gums")
        result[part] = grid
    return result


# sections of the tongue from back to tip: Y, Z of the middle, half width, half height
_SECTIONS = ((27, -80, 15.5, 9.0), (22, -77.5, 16.0, 9.5), (15, -76.0, 16.0, 9.0), (8, -75.6, 15.4, 8.0),
    (1, -75.8, 14.4, 6.6),
             (-5, -76.0, 12.8, 5.3), (-10, -75.9, 10.8, 4.2), (-14, -75.6, 8.4, 3.2),
             (-16.6, -75.3, 5.6, 2.2))  # fmt: skip


def add_tongue(builder: MeshBuilder) -> Indices:
    """Add the tongue; returns the vertex numbers [sections, 9] of its tube, upper to lower midline."""
    angle = np.linspace(np.pi / 2, -np.pi / 2, 9)
    rings = []
    for y, z, half_width, half_height in _SECTIONS:
        x = half_width * np.abs(np.cos(angle)) ** 0.8
        x[[0, -1]] = 0.0
        groove = 0.8 * np.exp(-((x / 3.0) ** 2)) * np.clip(np.sin(angle), 0, 1) * half_height / 9.0
        rings.append(np.stack([x, np.full_like(x, y), z + half_height * np.sin(angle) - groove], axis=1))
    grid = builder.add_points(np.stack(rings), "tongue")
    builder.add_grid(grid, "tongue")
    for ring in (grid[0], grid[-1]):
        fill_half_ring(builder, ring, 2, "tongue", "tongue")
    return grid
