"""The parts of the head that are measured: landmarks, lips, upper face.

Whole faces are never made for measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

LIP_REACH = 0.06
"""Vertices this close to a lip landmark are lips, in eye distances (5 mm)."""

UPPER_SHAPES = ("brow", "eyeBlink", "eyeSquint", "eyeWide")
UPPER_MOTION_M = 5e-4
"""Vertices that a brow or lid shape moves further than this are upper face."""


@dataclass(frozen=True, eq=False)
class RegionMotion:
    """Coefficients to the measured parts' motion, for one basis.

    Attributes:
        rest: Landmark positions at rest [68, 3].
        mean: Mean offset of the measured vertices [N, 3].
        basis: [P, N, 3].
        lips: Number of lip vertices; the order is landmarks, lips, upper face.
    """

    rest: NDArray[np.float32]
    mean: NDArray[np.float32]
    basis: NDArray[np.float32]
    lips: int

    def split(
        self, coefficients: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Landmark positions [T, 68, 3], lip offsets [T, L, 3] and upper-face offsets [T, U, 3] of [T, P]."""
        flat = self.basis.reshape(len(self.basis), -1).astype(np.float64)
        offsets = (coefficients @ flat).reshape(len(coefficients), -1, 3) + self.mean
        marks = len(self.rest)
        return (
            offsets[:, :marks] + self.rest,
            offsets[:, marks : marks + self.lips],
            offsets[:, marks + self.lips :],
        )


@dataclass(frozen=True, eq=False)
class FaceRegions:
    """Which of the head's vertices are measured.

    Attributes:
        landmarks: The 68 landmark vertices.
        lips: Skin vertices of the lips [L].
        upper: Skin vertices of brows, lids and forehead [U].
        rest: Landmark positions at rest [68, 3].
        shape_deltas: The head's ARKit deltas [52, V, 3].
    """

    landmarks: NDArray[np.int32]
    lips: NDArray[np.intp]
    upper: NDArray[np.intp]
    rest: NDArray[np.float32]
    shape_deltas: NDArray[np.float32]

    @classmethod
    def of_head(cls, head: HeadMesh) -> FaceRegions:
        """Find the regions of a head by its landmarks, parts and shapes."""
        marks = head.vertices[head.landmarks68]
        skin = head.part == head.part_names.index("skin") if "skin" in head.part_names else head.part >= 0
        eye_distance = float(np.linalg.norm(marks[36] - marks[45]))
        away = np.linalg.norm(head.vertices[:, None] - marks[None, 48:68], axis=-1).min(axis=1)
        chosen = [k for k, name in enumerate(ARKIT_NAMES) if name.startswith(UPPER_SHAPES)]
        moved = np.linalg.norm(head.shape_deltas[chosen], axis=-1).max(axis=0)
        return cls(
            landmarks=head.landmarks68,
            lips=np.flatnonzero(skin & (away < LIP_REACH * eye_distance)),
            upper=np.flatnonzero(skin & (moved > UPPER_MOTION_M)),
            rest=marks,
            shape_deltas=head.shape_deltas,
        )

    def with_basis(
        self, basis: NDArray[np.float32], mean_offset: NDArray[np.float32] | None = None
    ) -> RegionMotion:
        """The regions' motion under a basis [P, V, 3] and a mean offset [V, 3]."""
        chosen = np.concatenate([self.landmarks, self.lips, self.upper])
        mean = np.zeros((len(chosen), 3), dtype=np.float32) if mean_offset is None else mean_offset[chosen]
        return RegionMotion(self.rest, mean, np.ascontiguousarray(basis[:, chosen]), len(self.lips))
