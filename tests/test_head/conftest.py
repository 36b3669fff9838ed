from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

HEAD = Path(__file__).resolve().parents[2] / "assets" / "head" / "head.npz"


@dataclass(frozen=True)
class Head:
    """The committed head in millimetres, with poses by shape name."""

    arrays: dict[str, np.ndarray]
    vertices: np.ndarray
    deltas: np.ndarray
    names: tuple[str, ...]

    def delta(self, name):
        return self.deltas[self.names.index(name)]

    def pose(self, **weights):
        return self.vertices + sum(
            (weight * self.delta(name) for name, weight in weights.items()), np.zeros(3)
        )

    def landmark(self, number, vertices=None):
        return (self.vertices if vertices is None else vertices)[self.arrays["landmarks68"][number]]

    def span(self, a, b, vertices=None):
        return float(np.linalg.norm(self.landmark(a, vertices) - self.landmark(b, vertices)))

    def part(self, name):
        return self.arrays["part"] == self.arrays["part_names"].tolist().index(name)

    def group(self, name):
        return self.arrays["group_weights"][self.arrays["group_names"].tolist().index(name)]


@pytest.fixture(scope="session")
def head():
    with np.load(HEAD, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    vertices = arrays["vertices"].astype(np.float64) * 1000
    deltas = arrays["shape_deltas"].astype(np.float64) * 1000
    return Head(arrays, vertices, deltas, tuple(arrays["shape_names"].tolist()))
