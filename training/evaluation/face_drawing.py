"""Pictures of the head without any 3D program: triangles, a depth buffer, light and smooth normals, in NumPy.

Triangles of similar size on the picture are drawn together, and of all that cover a pixel the nearest stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

SUPERSAMPLING = 2
"""Every side of a pixel is drawn this many times finer and averaged."""
LIGHTS = (((-0.45, -0.75, 0.55), 0.75), ((0.7, -0.6, 0.1), 0.22))
"""Direction towards each light (X to the face's left, -Y to the viewer, Z up) and its strength."""
AMBIENT = 0.16
SHINE = {
    "lips": (0.22, 24.0),
    "teeth": (0.3, 40.0),
    "tongue": (0.2, 24.0),
    "sclera": (0.3, 60.0),
    "skin": (0.05, 9.0),
}
"""Strength and sharpness of the highlights of some materials."""
TINY = 1e-9
BACKGROUND = (0.93, 0.94, 0.95)
DARK_DEPTH_M = 0.022
"""Inside the mouth light is lost: things this far behind the lips get half of it."""


@dataclass(frozen=True)
class Frame:
    """What of the head the picture shows, seen from the front.

    Attributes:
        centre: X and Z of the picture's middle, metres.
        width: Of the picture, metres.
        pixels: Its sides, width and height.
    """

    centre: tuple[float, float]
    width: float
    pixels: tuple[int, int]


def mouth_frame(head: HeadMesh, size: int = 150) -> Frame:
    """Nose tip to chin: what a contact sheet shows."""
    marks = head.vertices[head.landmarks68]
    eyes = float(np.linalg.norm(marks[36] - marks[45]))
    middle = float(marks[[51, 57], 2].mean())
    return Frame((0.0, middle - 0.06 * eyes), 1.0 * eyes, (size, int(size * 0.86)))


def face_frame(head: HeadMesh, size: int = 300) -> Frame:
    """Forehead to chin."""
    marks = head.vertices[head.landmarks68]
    eyes = float(np.linalg.norm(marks[36] - marks[45]))
    middle = float((marks[27, 2] + marks[8, 2]) / 2)
    return Frame((0.0, middle), 1.9 * eyes, (size, int(size * 1.1)))


class FaceDrawer:
    """Draws one head in any pose."""

    def __init__(self, head: HeadMesh, frame: Frame) -> None:
        """Keep what no pose changes: topology, colours, and which triangles the frame can show.

        Args:
            head: What to draw.
            frame: What to show of it.
        """
        self.frame = frame
        self._scale = frame.pixels[0] * SUPERSAMPLING / frame.width
        self._size = (frame.pixels[0] * SUPERSAMPLING, frame.pixels[1] * SUPERSAMPLING)
        self._faces = head.faces
        self._rest = head.vertices
        triangles = np.concatenate([head.faces[:, [0, 1, 2]], head.faces[:, [0, 2, 3]]])
        material = np.concatenate([head.material_index, head.material_index])
        kept = self._near(head.vertices[triangles])
        self._triangles, self._material = triangles[kept], material[kept]
        self._colors = head.material_colors[:, :3].astype(np.float64)
        shine = [SHINE.get(name, (0.0, 1.0)) for name in head.material_names]
        self._shine = np.array(shine)
        self._inside = np.array(
            [name in ("mouth", "teeth", "gums", "tongue") for name in head.material_names]
        )
        self._lips_y = float(head.vertices[head.landmarks68[[62, 66]], 1].mean())

    def draw(self, vertices: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Draw the head.

        Args:
            vertices: Positions [V, 3], metres.

        Returns:
            Picture [height, width, 3], sRGB.
        """
        points = np.asarray(vertices, np.float64)
        normals = _vertex_normals(points, self._faces)
        owner, shares = self._rasterise(points)
        linear = np.broadcast_to(np.array(BACKGROUND) ** 2.2, (*owner.shape, 3)).copy()
        hit = owner >= 0
        linear[hit] = self._shade(points, normals, owner[hit], shares[hit])
        height, width = self.frame.pixels[1], self.frame.pixels[0]
        small = linear.reshape(height, SUPERSAMPLING, width, SUPERSAMPLING, 3).mean(axis=(1, 3))
        picture: NDArray[np.uint8] = np.round(255 * np.clip(small, 0, 1) ** (1 / 2.2)).astype(np.uint8)
        return picture

    def _near(self, corners: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which triangles [F, 3, 3] a pose might bring into the frame from the front."""
        reach = 0.6 * self.frame.width + 0.02
        x = np.abs(corners[..., 0] - self.frame.centre[0]).min(axis=1) < reach
        z = np.abs(corners[..., 2] - self.frame.centre[1]).min(axis=1) < reach
        before = corners[..., 1].min(axis=1) < 0.0
        return np.asarray(x & z & before)

    def _project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [V, 3] to pixels right, pixels down and depth [V, 3]; the face's left is on the right."""
        right = (points[:, 0] - self.frame.centre[0]) * self._scale + self._size[0] / 2
        down = (self.frame.centre[1] - points[:, 2]) * self._scale + self._size[1] / 2
        return np.stack([right, down, points[:, 1]], axis=1)

    def _rasterise(self, points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The triangle that each pixel shows [h, w], -1 for none, and its corners' shares [h, w, 3]."""
        corners = self._project(points)[self._triangles]
        low = np.floor(corners[..., :2].min(axis=1)).astype(int)
        high = np.ceil(corners[..., :2].max(axis=1)).astype(int)
        side = np.maximum((high - low).max(axis=1), 1)
        shown = (_area(corners) < -TINY) & (high > 0).all(axis=1) & (low < self._size).all(axis=1)
        owner = np.full(self._size[::-1], -1, np.intp)
        depth = np.full(owner.shape, np.inf)
        for step in range(int(np.ceil(np.log2(side.max()))) + 1):
            group = np.flatnonzero(shown & (side > 2**step // 2) & (side <= 2**step))
            for part in np.array_split(group, max(1, len(group) * 4**step // 1_000_000)):
                self._fill(corners[part], low[part], part, (owner, depth))
        row, column = np.nonzero(owner >= 0)
        shares = np.zeros((*owner.shape, 3))
        first, second = _barycentric(corners[owner[row, column]], column + 0.5, row + 0.5)
        shares[row, column] = np.stack([first, second, 1.0 - first - second], axis=1)
        return owner, shares

    def _fill(
        self,
        corners: NDArray[np.float64],
        low: NDArray[np.int_],
        numbers: NDArray[np.intp],
        buffers: tuple[NDArray[np.intp], NDArray[np.float64]],
    ) -> None:
        """Draw triangles [n, 3, 3] of similar size, whose boxes begin at `low` [n, 2], into the buffers."""
        if not len(numbers):
            return
        owner, depth = buffers
        steps = np.arange(int((corners[..., :2].max(axis=1) - low).max()) + 1)
        x, y = low[:, 0, None, None] + steps[None, None, :], low[:, 1, None, None] + steps[None, :, None]
        first, second = _barycentric(corners[:, None, None], x + 0.5, y + 0.5)
        seen = (first >= 0) & (second >= 0) & (first + second <= 1.0)
        seen &= (x >= 0) & (x < self._size[0]) & (y >= 0) & (y < self._size[1])
        which, down, right = np.nonzero(seen)
        first, second = first[seen], second[seen]
        column, row = low[which, 0] + right, low[which, 1] + down
        a, b, c = corners[which, :, 2].T
        near = first * a + second * b + (1.0 - first - second) * c
        # The nearest comes last, and where an index is named twice the last value stays.
        order = np.argsort(-near, kind="stable")
        order = order[near[order] < depth[row[order], column[order]]]
        depth[row[order], column[order]] = near[order]
        owner[row[order], column[order]] = numbers[which[order]]

    def _shade(
        self,
        points: NDArray[np.float64],
        normals: NDArray[np.float64],
        owner: NDArray[np.intp],
        shares: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Linear colours [N, 3] of pixels on triangles [N] at corner shares [N, 3]."""
        corners, material = self._triangles[owner], self._material[owner]
        normal = np.einsum("nk,nkc->nc", shares, normals[corners])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
        light = np.full(len(owner), AMBIENT)
        gloss = np.zeros(len(owner))
        for direction, strength in LIGHTS:
            towards = np.array(direction) / np.linalg.norm(direction)
            half = towards + np.array([0.0, -1.0, 0.0])
            light += strength * np.clip((normal @ towards + 0.2) / 1.2, 0, 1)
            gloss += (
                strength * np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** self._shine[material, 1]
            )
        behind = np.einsum("nk,nk->n", shares, points[corners, 1]) - self._lips_y
        lost = np.where(self._inside[material], 0.5 ** np.clip(behind / DARK_DEPTH_M, 0, None), 1.0)
        color: NDArray[np.float64] = self._colors[material] * light[:, None]
        color += (self._shine[material, 0] * gloss)[:, None]
        return 1.35 * color * lost[:, None]


def _vertex_normals(points: NDArray[np.float64], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """Normals [V, 3] as the sum of those of the quads around each vertex, larger quads counting more."""
    a, b, c, d = (points[faces[:, k]] for k in range(4))
    across = np.cross(c - a, d - b)
    normals = np.zeros_like(points)
    for corner in range(4):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, corner], across[:, axis], len(points))
    return normals


def _area(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the area [...] of triangles [..., 3, 2 or more] on the picture; negative towards the viewer."""
    a, b, c = (corners[..., k, :] for k in range(3))
    right, down = b - a, c - a
    return np.asarray(right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0])


def _barycentric(
    corners: NDArray[np.float64], x: NDArray[np.floating], y: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the first and the second corner, of triangles [..., 3, 3] at pixels x and y [...]."""
    a, b, c = (corners[..., k, :] for k in range(3))
    area = _area(corners)
    first = ((b[..., 0] - x) * (c[..., 1] - y) - (b[..., 1] - y) * (c[..., 0] - x)) / area
    second = ((c[..., 0] - x) * (a[..., 1] - y) - (c[..., 1] - y) * (a[..., 0] - x)) / area
    return first, second
