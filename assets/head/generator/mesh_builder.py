"""Collects vertices and quads of the left half of the head and mirrors them into the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

MIDLINE = 1e-7  # millimetres: closer than this to X = 0 a vertex belongs to both halves


@dataclass
class MeshBuilder:
    """A growing half mesh: positions in millimetres, quads, a part per vertex, a material per quad."""

    positions: list[Array] = field(default_factory=list)
    quads: list[tuple[int, int, int, int]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    materials: list[str] = field(default_factory=list)
    uvs: list[Array] = field(default_factory=list)

    def add_points(self, points: Array, part: str, uv: Array | None = None) -> Indices:
        """Append points [..., 3]; returns their numbers with the same leading shape."""
        flat = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        first = len(self.positions)
        self.positions.extend(flat)
        self.parts.extend([part] * len(flat))
        flat_uv = np.zeros((len(flat), 2)) if uv is None else np.asarray(uv, dtype=np.float64).reshape(-1, 2)
        self.uvs.extend(flat_uv)
        return np.arange(first, first + len(flat)).reshape(np.asarray(points).shape[:-1])

    def add_quad(self, a: int, b: int, c: int, d: int, material: str) -> None:
        """Append one quad."""
        self.quads.append((int(a), int(b), int(c), int(d)))
        self.materials.append(material)

    def add_strip(self, outer: Indices, inner: Indices, material: str, *, closed: bool) -> None:
        """Quads between two rings (or open rows) of equal length."""
        count = len(outer)
        for k in range(count if closed else count - 1):
            n = (k + 1) % count
            self.add_quad(outer[k], outer[n], inner[n], inner[k], material)

    def add_grid(self, grid: Indices, material: str) -> None:
        """Quads of a grid of vertex numbers [rows, columns]; cells with a missing corner (-1) stay open."""
        for i in range(grid.shape[0] - 1):
            for j in range(grid.shape[1] - 1):
                corners = (grid[i, j], grid[i, j + 1], grid[i + 1, j + 1], grid[i + 1, j])
                if min(corners) >= 0:
                    self.add_quad(*corners, material)

    def array(self) -> Array:
        """Positions [N,3]."""
        return np.array(self.positions)


def orient(quads: Indices) -> Indices:
    """Quads [F,4] flipped where needed so that neighbours agree; the first quad of each piece decides."""
    owners: dict[tuple[int, int], list[int]] = {}
    for f, quad in enumerate(quads):
        for a, b in zip(quad, np.roll(quad, -1), strict=True):
            owners.setdefault((min(a, b), max(a, b)), []).append(f)
    result, seen = quads.copy(), np.zeros(len(quads), dtype=bool)
    for root in range(len(quads)):
        if not seen[root]:
            _orient_piece(root, result, seen, owners)
    return result


def _orient_piece(
    root: int, quads: Indices, seen: NDArray[np.bool_], owners: dict[tuple[int, int], list[int]]
) -> None:
    stack = [root]
    seen[root] = True
    while stack:
        face = stack.pop()
        for a, b in zip(quads[face], np.roll(quads[face], -1), strict=True):
            for other in owners[(min(a, b), max(a, b))]:
                if not seen[other]:
                    edges = zip(quads[other], np.roll(quads[other], -1), strict=True)
                    if any(pair == (a, b) for pair in edges):
                        quads[other] = quads[other][::-1]
                    seen[other] = True
                    stack.append(other)


def mirror_map(positions: Array) -> tuple[Indices, Indices]:
    """The half vertex behind each vertex of the whole, and the whole's twin of each half vertex."""
    off_middle = np.flatnonzero(np.abs(positions[:, 0]) > MIDLINE)
    twin = np.arange(len(positions))
    twin[off_middle] = len(positions) + np.arange(len(off_middle))
    source = np.concatenate([np.arange(len(positions)), off_middle])
    return source, twin


def averaging_matrix(quads: Indices, positions: Array) -> sparse.csr_matrix:
    """Matrix [N,N] that replaces each vertex by the mean of its neighbours in the mirrored whole."""
    edges = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    edges = np.unique(np.sort(edges, axis=1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    middle = np.abs(positions[:, 0]) < MIDLINE
    weight = np.where(middle[both[:, 0]] & ~middle[both[:, 1]], 2.0, 1.0)
    matrix = sparse.csr_matrix((weight, (both[:, 0], both[:, 1])), shape=(len(positions), len(positions)))
    total = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
    return sparse.csr_matrix(sparse.diags(1.0 / total) @ matrix)


def relax(points: Array, averaging: sparse.csr_matrix, strength: Array) -> Array:
    """One smoothing step of points [N,3], each by its own strength [N]; the midline stays in place."""
    moved = points + strength[:, None] * (averaging @ points - points)
    moved[np.abs(points[:, 0]) < MIDLINE, 0] = 0.0
    return np.asarray(moved)
