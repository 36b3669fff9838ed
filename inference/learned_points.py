"""Chooses a few of thousands of points that a model learned, and says what they feel like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .array_types import FloatArray

_NAMED = 2
"""Emotions that a title names at most."""
_FELT = 0.2
"""Shares under this are left out of a title."""


@dataclass(frozen=True)
class LearnedPoint:
    """One point of the database.

    Attributes:
        row: its row there, from 0.
        title: what it feels like, such as "joy 0.8, fear 0.3".
    """

    row: int
    title: str


def telling_points(
    names: Sequence[str], vectors: FloatArray, database: FloatArray, count: int
) -> list[LearnedPoint]:
    """Returns up to `count` points, each as far as can be from the origin and from those before it.

    Args:
        names: K emotions.
        vectors: [K, E] their points.
        database: [N, E] learned points.
        count: most points to return.
    """
    points = np.asarray(database, np.float64)
    chosen: list[int] = []
    distance = np.linalg.norm(points, axis=1)
    while len(chosen) < min(count, len(points)) and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return [LearnedPoint(row, _title(names, vectors, points[row])) for row in chosen]


def _title(names: Sequence[str], vectors: FloatArray, point: FloatArray) -> str:
    """Returns the emotions that add up to a point, the strongest first."""
    if not len(names):
        return "near neutral"
    shares = np.linalg.lstsq(np.asarray(vectors, np.float64).T, point, rcond=None)[0]
    order = sorted(range(len(names)), key=lambda k: -shares[k])[:_NAMED]
    felt = [f"{names[k]} {shares[k]:.1f}" for k in order if shares[k] >= _FELT]
    return ", ".join(felt) or "near neutral"
