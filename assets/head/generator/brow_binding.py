"""Ties the eyebrow and the hair to the skin below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]


def _barycentric(points: Array, triangles: Array) -> Array:
    """Weights [P,T,3] of 2-D points [P,2] in triangles [T,3,2]."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)  # noqa: PLR2004 - edge-on triangles
    p = points[:, None]
    wb = ((p[..., 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (p[..., 1] - a[:, 1])) / area
    wc = ((b[:, 0] - a[:, 0]) * (p[..., 1] - a[:, 1]) - (p[..., 0] - a[:, 0]) * (b[:, 1] - a[:, 1])) / area
    return np.stack([1 - wb - wc, wb, wc], axis=2)


def bind_brow(half: HalfHead) -> Callable[[Array], Array]:
    """A function that adds the motion of brow and hair to a displacement [N,3]: it goes with the skin."""
    brow = half.brow.ravel()
    p = half.positions
    front = (p[half.quads][:, :, 1].max(axis=1) < 35.0) & (half.materials == "skin")  # noqa: PLR2004 - mm, the face's front
    quads = half.quads[front]
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    centre = p[triangles].mean(axis=1)
    weights = _barycentric(p[brow][:, [0, 2]], p[triangles][:, :, [0, 2]])
    inside = weights.min(axis=2)
    far = np.linalg.norm(centre[None] - p[brow][:, None], axis=2) > 15.0  # noqa: PLR2004 - mm, only skin close by
    best = np.where(far, -np.inf, inside).argmax(axis=1)
    chosen = triangles[best]
    share = weights[np.arange(len(brow)), best]
    hair = half.hair.ravel()
    scalp = np.unique(half.quads[half.materials == "skin"])
    scalp = scalp[p[scalp, 2] > -80.0]  # noqa: PLR2004 - mm: the head above the neck
    gap, near = cKDTree(p[scalp]).query(p[hair], k=4)
    nearness = 1.0 / np.square(gap)
    nearness /= nearness.sum(axis=1, keepdims=True)

    def add(moved: Array) -> Array:
        result = moved.copy()
        result[hair] = np.einsum("pk,pkc->pc", nearness, moved[scalp[near]])
        result[hair[p[hair, 0] == 0.0], 0] = 0.0
        result[brow] = np.einsum("pk,pkc->pc", share, moved[chosen])
        return result

    return add
