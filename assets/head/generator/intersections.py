"""Finds triangles of a mesh that pass through each other.

Broad phase: triangles are hashed into a uniform grid and paired where their boxes overlap. Narrow phase: two
triangles meet when an edge of one passes through the other (Moeller and Trumbore, "Fast, minimum storage
ray/triangle intersection", 1997). Pairs that share a vertex are neighbours and are not looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_EDGES = ((0, 1), (1, 2), (2, 0))
_TOLERANCE = 1e-9


def triangulate(quads: NDArray[np.integer]) -> Indices:
    """Quads [F,4] as triangles [2F,3]; triangle t comes from quad t // 2."""
    q = np.asarray(quads, dtype=np.int64)
    return np.stack([q[:, [0, 1, 2]], q[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


def _expand(counts: Indices) -> tuple[Indices, Indices]:
    """For each item repeated `counts` times: which item, and which repetition."""
    owner = np.repeat(np.arange(len(counts)), counts)
    start = np.repeat(np.cumsum(counts) - counts, counts)
    return owner, np.arange(len(owner)) - start


def _cells(low: Array, high: Array, size: float) -> tuple[Indices, Indices]:
    """Grid cells that each box touches: owner box and cell key."""
    first = np.floor((low - low.min(axis=0)) / size).astype(np.int64)
    span = np.floor((high - low.min(axis=0)) / size).astype(np.int64) - first + 1
    owner, step = _expand(span.prod(axis=1))
    sy, sz = span[owner, 1], span[owner, 2]
    cell = first[owner] + np.stack([step // (sy * sz), (step // sz) % sy, step % sz], axis=1)
    reach = cell.max(axis=0) + 1
    return owner, (cell[:, 0] * reach[1] + cell[:, 1]) * reach[2] + cell[:, 2]


def candidate_pairs(corners: Array, cell_size: float | None = None) -> Indices:
    """Pairs [P,2] (first < second) of triangles [T,3,3] whose boxes overlap."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    size = cell_size or float(np.median((high - low).max(axis=1))) * 1.5 + 1e-12
    owner, key = _cells(low, high, size)
    order = np.lexsort((owner, key))
    owner, key = owner[order], key[order]
    ends = np.searchsorted(key, key, side="right")
    item, step = _expand(ends - np.arange(len(key)) - 1)
    a, b = owner[item], owner[item + 1 + step]
    overlap = ((low[a] <= high[b]) & (low[b] <= high[a])).all(axis=1)
    pairs = np.unique(a[overlap] * len(corners) + b[overlap])
    return np.stack([pairs // len(corners), pairs % len(corners)], axis=1)


def _segments_pierce(start: Array, end: Array, corners: Array) -> NDArray[np.bool_]:
    """Whether segments [P,3]-[P,3] pass through triangles [P,3,3]."""
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    ray = end - start
    p = np.cross(ray, e2)
    det = np.einsum("ij,ij->i", e1, p)
    scale = np.linalg.norm(ray, axis=1) * np.linalg.norm(e1, axis=1) * np.linalg.norm(e2, axis=1)
    flat = np.abs(det) <= _TOLERANCE * scale
    inverse = 1.0 / np.where(flat, 1.0, det)
    offset = start - corners[:, 0]
    u = np.einsum("ij,ij->i", offset, p) * inverse
    q = np.cross(offset, e1)
    v = np.einsum("ij,ij->i", ray, q) * inverse
    t = np.einsum("ij,ij->i", e2, q) * inverse
    return np.asarray(~flat & (u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0) & (t <= 1))


def intersecting_triangles(vertices: NDArray[np.floating], triangles: Indices) -> Indices:
    """Pairs [P,2] of triangles that pass through each other.

    Args:
        vertices: positions [V,3] in any unit.
        triangles: vertex numbers [T,3].
    """
    corners = np.asarray(vertices, dtype=np.float64)[triangles]
    pairs = candidate_pairs(corners)
    a, b = triangles[pairs[:, 0]], triangles[pairs[:, 1]]
    pairs = pairs[~(a[:, :, None] == b[:, None, :]).any(axis=(1, 2))]
    hit = np.zeros(len(pairs), dtype=bool)
    for one, other in ((0, 1), (1, 0)):
        edges, solid = corners[pairs[:, one]], corners[pairs[:, other]]
        for i, j in _EDGES:
            hit |= _segments_pierce(edges[:, i], edges[:, j], solid)
    return np.asarray(pairs[hit])


def intersecting_quads(vertices: NDArray[np.floating], quads: NDArray[np.integer]) -> Indices:
    """Pairs [P,2] of quads that pass through each other; quads [F,4], vertices [V,3]."""
    pairs = intersecting_triangles(vertices, triangulate(quads)) // 2
    return np.unique(pairs, axis=0)
