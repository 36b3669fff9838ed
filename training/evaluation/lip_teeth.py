"""How near the lower lip comes to the upper incisors' edge, as it must at f and v."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

INCISORS_M = 0.009
"""The four upper incisors reach this far to either side of the face's middle."""
EDGE_M = 0.0015
"""Their edge is what lies this close above their lowest point."""
LIP_WEIGHT = 0.5
LIP_STEPS, TEETH_STEPS = 3, 5
"""Points along each side of a face: some 1 mm apart on the lip and 0.3 mm on the teeth, so that a distance of
2 mm is at most 0.1 mm too long."""


@dataclass(frozen=True, eq=False)
class LipToTeeth:
    """The lower lip's surface and the upper incisors' edge, which does not move.

    Attributes:
        lip_vertices: Vertex numbers of the lower lip [N].
        samples: How the surface's sample points follow from those vertices [S, N].
        edge: Points of the incisors' edge [E, 3], metres.
    """

    lip_vertices: NDArray[np.intp]
    samples: NDArray[np.float32]
    edge: NDArray[np.float32]

    @classmethod
    def of_head(cls, head: HeadMesh) -> LipToTeeth | None:
        """Find lip and edge by the head's groups, parts and materials; None where it lacks them."""
        wanted = (("lips_lower", head.group_names), ("teeth_upper", head.part_names))
        if any(name not in names for name, names in wanted) or "teeth" not in head.material_names:
            return None
        lip = head.group_weights[head.group_names.index("lips_lower")] >= LIP_WEIGHT
        lip &= np.abs(head.vertices[:, 0]) < INCISORS_M + 2 * EDGE_M
        faces = head.faces[lip[head.faces].all(axis=1)]
        edge = _incisor_edge(head)
        if not (len(faces) and len(edge)):
            return None
        vertices = np.unique(faces)
        corners = np.searchsorted(vertices, faces)
        weights = _corner_weights(LIP_STEPS)
        samples = np.zeros((len(faces), len(weights), len(vertices)), np.float32)
        for corner in range(4):
            rows = np.arange(len(faces))
            samples[rows, :, corners[:, corner]] += weights[:, corner]
        return cls(vertices.astype(np.intp), samples.reshape(-1, len(vertices)), edge)

    def distance(self, lower_lip: NDArray[np.floating]) -> NDArray[np.float64]:
        """Shortest distance [T], metres, from the lower lip, positions [T, N, 3], to the incisors' edge."""
        points = self.samples @ lower_lip
        nearest = np.asarray(cKDTree(self.edge).query(points.reshape(-1, 3))[0]).reshape(len(points), -1)
        shortest: NDArray[np.float64] = nearest.min(axis=1)
        return shortest


def _incisor_edge(head: HeadMesh) -> NDArray[np.float32]:
    """Points [E, 3] on the lowest millimetres of the four upper incisors."""
    teeth = head.material_index == head.material_names.index("teeth")
    upper = head.part[head.faces[:, 0]] == head.part_names.index("teeth_upper")
    corners = head.vertices[head.faces[teeth & upper]]
    points = np.einsum("gk,fkc->fgc", _corner_weights(TEETH_STEPS), corners).reshape(-1, 3)
    points = points[np.abs(points[:, 0]) < INCISORS_M]
    low: NDArray[np.float32] = points[points[:, 2] < points[:, 2].min(initial=np.inf) + EDGE_M]
    return low.astype(np.float32)


def _corner_weights(steps: int) -> NDArray[np.float32]:
    """Bilinear weights [steps * steps, 4] of a face's corners at a grid of points."""
    sides = np.linspace(0.0, 1.0, steps)
    u, v = (grid.reshape(-1) for grid in np.meshgrid(sides, sides))
    return np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=1).astype(np.float32)
