"""The parts of the head that are measured: landmarks, lips, upper face, and the upper teeth's edge.

Whole faces are never made for measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.evaluation.lip_teeth import LipToTeeth

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
    """Coefficients to the motion of some of the head's vertices, for one basis.

    Attributes:
        rest: Their positions at rest [N, 3].
        mean: Their offset at zero coefficients [N, 3].
        basis: [P, N, 3].
        ends: Where each region ends among the N.
    """

    rest: NDArray[np.float32]
    mean: NDArray[np.float32]
    basis: NDArray[np.float32]
    ends: tuple[int, ...]

    def offsets(self, coefficients: NDArray[np.floating]) -> list[NDArray[np.float64]]:
        """Offsets [T, n, 3] of every region under coefficients [T, P], metres."""
        flat = self.basis.reshape(len(self.basis), -1).astype(np.float64)
        moved = (coefficients @ flat).reshape(len(coefficients), -1, 3) + self.mean
        return list(np.split(moved, self.ends[:-1], axis=1))

    def positions(self, coefficients: NDArray[np.floating]) -> list[NDArray[np.float64]]:
        """Positions [T, n, 3] of every region under coefficients [T, P], metres."""
        rest = np.split(self.rest, self.ends[:-1])
        return [part + still for part, still in zip(self.offsets(coefficients), rest, strict=True)]


@dataclass(frozen=True, eq=False)
class FaceRegions:
    """Which of the head's vertices are measured.

    Attributes:
        landmarks: The 68 landmark vertices.
        lips: Skin vertices of the lips [L].
        upper: Skin vertices of brows, lids and forehead [U].
        teeth: The lower lip's vertices and the upper incisors' edge; None for a head without them.
        vertices: The head at rest [V, 3].
        shape_deltas: The head's ARKit deltas [52, V, 3].
    """

    landmarks: NDArray[np.int32]
    lips: NDArray[np.intp]
    upper: NDArray[np.intp]
    teeth: LipToTeeth | None
    vertices: NDArray[np.float32]
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
            teeth=LipToTeeth.of_head(head),
            vertices=head.vertices,
            shape_deltas=head.shape_deltas,
        )

    @property
    def rest(self) -> NDArray[np.float32]:
        """Landmark positions at rest [68, 3], metres."""
        return self.vertices[self.landmarks]

    @property
    def eye_distance(self) -> float:
        """Distance of the outer eye corners, metres: the unit of the curves."""
        return float(np.linalg.norm(self.rest[36] - self.rest[45]))

    @property
    def lower_lip(self) -> NDArray[np.intp]:
        """The lower lip's vertices [N]; none where the head has no teeth to meet."""
        return np.empty(0, np.intp) if self.teeth is None else self.teeth.lip_vertices

    def whole(
        self, basis: NDArray[np.float32], mean_offset: NDArray[np.float32] | None = None
    ) -> RegionMotion:
        """Landmarks, lips, upper face and lower lip under a basis [P, V, 3] and a mean offset [V, 3]."""
        return self._moved(basis, mean_offset, (self.landmarks, self.lips, self.upper, self.lower_lip))

    def mouth(
        self, basis: NDArray[np.float32], mean_offset: NDArray[np.float32] | None = None
    ) -> RegionMotion:
        """Landmarks and lower lip alone, for long speech."""
        return self._moved(basis, mean_offset, (self.landmarks, self.lower_lip))

    def _moved(
        self,
        basis: NDArray[np.float32],
        mean_offset: NDArray[np.float32] | None,
        regions: tuple[NDArray[np.integer], ...],
    ) -> RegionMotion:
        chosen = np.concatenate(regions)
        mean = np.zeros((len(chosen), 3), dtype=np.float32) if mean_offset is None else mean_offset[chosen]
        ends = tuple(int(end) for end in np.cumsum([len(region) for region in regions]))
        return RegionMotion(self.vertices[chosen], mean, np.ascontiguousarray(basis[:, chosen]), ends)
