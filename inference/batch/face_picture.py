"""Draws the head, small, shaded and from the front, without a graphics library."""

import struct
import zlib

import numpy as np

from ..array_types import FloatArray
from ..head_mesh import HeadMesh

WIDTH, HEIGHT = 112, 136
"""Pixels of a picture."""
_SUPERSAMPLING = 2
_CENTRE = (0.0, 0.155)
"""Metres, right and up: the middle of what is drawn."""
_SPAN = 0.21
"""Metres from the picture's lower to its upper edge."""
_LIGHT = np.array([-0.35, -0.8, 0.5])
_AMBIENT = 0.25
_BACKGROUND = (0.93, 0.93, 0.94)
_SAMPLES = (1, 2, 3, 4, 5, 6, 8, 11, 15, 22, 48)
"""Samples along a side of a quad: enough that none of its pixels is missed."""
_DENSITY = 1.25
"""Samples for each pixel along a side, so that none is left out between two."""
_GAMMA = 1 / 2.2


def face_png(head: HeadMesh, weights: FloatArray) -> bytes:
    """Returns a picture of the head.

    Args:
        head: the bundled head, Z up and facing -Y.
        weights: [52] ARKit weights in the order of the head's shapes.

    Returns:
        A PNG file of WIDTH x HEIGHT.
    """
    vertices = head.vertices + np.tensordot(weights, head.shape_deltas, axes=1)
    return _png(_image(vertices.astype(np.float32), head))


def _image(vertices: FloatArray, head: HeadMesh) -> FloatArray:
    """Returns the picture, [HEIGHT, WIDTH, 3] 0..1: the nearest of dense samples wins."""
    height, width = HEIGHT * _SUPERSAMPLING, WIDTH * _SUPERSAMPLING
    corners = vertices[head.faces]
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    front = normals[:, 1] < 0.0
    faces, corners = head.faces[front], corners[front]
    colors = (
        _vertex_light(vertices, head)[faces][..., None]
        * head.material_colors[head.material_index[front], None, :3]
    )
    scale = height / _SPAN
    places = np.stack(
        (
            width / 2 + (corners[..., 0] - _CENTRE[0]) * scale,
            height / 2 - (corners[..., 2] - _CENTRE[1]) * scale,
            corners[..., 1],
        ),
        axis=-1,
    )
    least, most = places[..., :2].min(axis=1), places[..., :2].max(axis=1)
    shown = ((most >= 0.0) & (least < (width, height))).all(axis=1)
    samples = _samples(np.concatenate((places, colors), axis=-1)[shown])
    columns, rows = samples[:, 0].astype(np.int32), samples[:, 1].astype(np.int32)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    samples, pixels = samples[inside], (rows * width + columns)[inside]
    order = np.argsort(-samples[:, 2], kind="stable")  # the nearest, at the smallest y, is drawn last
    image = np.full((height * width, 3), np.asarray(_BACKGROUND, np.float32) ** np.float32(1 / _GAMMA))
    image[pixels[order]] = samples[order, 3:]
    blocks = image.reshape(HEIGHT, _SUPERSAMPLING, WIDTH, _SUPERSAMPLING, 3).mean(axis=(1, 3))
    result: FloatArray = np.clip(blocks, 0.0, 1.0) ** np.float32(_GAMMA)
    return result


def _vertex_light(vertices: FloatArray, head: HeadMesh) -> FloatArray:
    """Returns how light each vertex is, [V]: Lambert's law on the mean normal of its faces."""
    corners = vertices[head.faces]
    face_normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals = np.stack(
        [
            np.bincount(head.faces.reshape(-1), np.repeat(face_normals[:, axis], 4), len(vertices))
            for axis in range(3)
        ],
        axis=1,
    )
    lengths = np.linalg.norm(normals, axis=1) + 1e-12
    facing = np.maximum((normals / lengths[:, None]) @ (_LIGHT / np.linalg.norm(_LIGHT)), 0.0)
    light: FloatArray = (_AMBIENT + (1.0 - _AMBIENT) * facing).astype(np.float32)
    return light


def _samples(quads: FloatArray) -> FloatArray:
    """Returns points spread over quads [F, 4, n] with n values at each corner, [N, n]."""
    edges = np.abs(quads[:, :, :2] - np.roll(quads[:, :, :2], 1, axis=1)).max(axis=(1, 2))
    steps = np.searchsorted(np.asarray(_SAMPLES[:-1]), np.ceil(edges * _DENSITY))
    parts = []
    for group, count in enumerate(_SAMPLES):
        chosen = quads[steps == group]
        u = (np.arange(count, dtype=np.float32) + 0.5) / count
        across, down = (grid.reshape(-1) for grid in np.meshgrid(u, u))
        shares = np.stack(
            ((1 - across) * (1 - down), across * (1 - down), across * down, (1 - across) * down), axis=1
        )
        parts.append(np.einsum("sc,fcn->fsn", shares, chosen).reshape(-1, quads.shape[2]))
    return np.concatenate(parts)


def _png(image: FloatArray) -> bytes:
    """Packs [H, W, 3] 0..1 as an 8-bit PNG."""
    pixels = np.rint(image * 255.0).astype(np.uint8)
    rows = np.concatenate((np.zeros((len(pixels), 1), np.uint8), pixels.reshape(len(pixels), -1)), axis=1)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    packed = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)
