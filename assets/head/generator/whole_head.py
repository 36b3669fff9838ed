"""Mirrors the half head, gathers every array and writes head.npz."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from assets.head.generator.groups import half_groups
from assets.head.generator.half_head import HalfHead, build_half
from assets.head.generator.landmarks import landmarks68
from assets.head.generator.mesh_builder import mirror_map, orient
from assets.head.generator.proportions import EYE_CENTRE, EYE_RADIUS, JAW_HINGE
from assets.head.generator.shapes import SHAPE_NAMES, build_shapes
from assets.head.generator.uv import face_uvs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEAD_ID = "lipwright-head-1"
# mm from the working frame's origin (between the eyes) to the finished head's: the collar is the floor
ORIGIN = np.array([0.0, -60.0, 187.0])

MATERIALS: dict[str, tuple[float, float, float, float]] = {  # linear RGBA base colours
    "skin": (0.72, 0.43, 0.33, 1.0), "lips": (0.56, 0.25, 0.215, 1.0), "mouth": (0.30, 0.06, 0.06, 1.0),
    "lid_margin": (0.62, 0.28, 0.24, 1.0), "lashes": (0.025, 0.016, 0.012, 1.0),
    "sclera": (0.86, 0.85, 0.83, 1.0),
    "iris": (0.10, 0.22, 0.27, 1.0), "limbus": (0.035, 0.07, 0.085, 1.0), "nostril": (0.22, 0.07, 0.055, 1.0),
    "pupil": (0.004, 0.004, 0.004, 1.0), "teeth": (0.84, 0.80, 0.70, 1.0),
    "gums": (0.55, 0.19, 0.19, 1.0), "tongue": (0.56, 0.20, 0.20, 1.0), "brows": (0.05, 0.028, 0.018, 1.0),
    "hair": (0.055, 0.03, 0.02, 1.0),
}  # fmt: skip


def _parts(half: HalfHead, source: NDArray[np.int64]) -> NDArray[np.str_]:
    parts = half.parts[source].copy()
    mirrored = np.arange(len(source)) >= len(half.positions)
    parts[mirrored & (parts == "eye_left")] = "eye_right"
    return parts


def _outward(
    quads: NDArray[np.int64], points: NDArray[np.float64], parts: NDArray[np.str_]
) -> NDArray[np.int64]:
    """Quads whose normals point out of the body: the foremost quad of every part must look forwards."""
    result = orient(quads)
    for part in np.unique(parts):
        mine = np.flatnonzero(parts[result[:, 0]] == part)
        corners = points[result[mine]]
        foremost = corners[corners.mean(axis=1)[:, 1].argmin()]
        normal = np.cross(foremost[2] - foremost[0], foremost[3] - foremost[1])
        if normal[1] > 0:
            result[mine] = result[mine, ::-1]
    return result


def build_arrays() -> dict[str, NDArray[np.generic]]:
    """Every array of head.npz (metres)."""
    half = build_half()
    source, twin = mirror_map(half.positions)
    whole = half.positions[source].copy()
    whole[len(half.positions) :, 0] *= -1.0
    quads = _outward(half.quads, half.positions, half.parts)
    faces = np.concatenate([quads, twin[quads][:, [0, 3, 2, 1]]])
    materials = np.concatenate([half.materials, half.materials])
    parts = _parts(half, source)
    groups = half_groups(half)
    names = list(MATERIALS)
    part_names = sorted(set(parts.tolist()))
    eye = np.asarray(EYE_CENTRE)
    deltas = build_shapes(half, source, whole)
    deltas[np.abs(deltas) < 1e-4] = 0.0  # noqa: PLR2004 - a ten-thousandth of a millimetre is no motion
    return {
        "vertices": ((whole + ORIGIN) / 1000).astype(np.float32),
        "faces": faces.astype(np.int32),
        "face_uvs": face_uvs(whole, faces, parts, materials).astype(np.float32),
        "material_index": np.array([names.index(m) for m in materials], dtype=np.int32),
        "material_names": np.array(names),
        "material_colors": np.array(list(MATERIALS.values()), dtype=np.float32),
        "shape_names": np.array(SHAPE_NAMES),
        "shape_deltas": (deltas / 1000).astype(np.float32),
        "landmarks68": landmarks68(half, twin).astype(np.int32),
        "group_names": np.array(list(groups)),
        "group_weights": np.stack(list(groups.values())).astype(np.float32)[:, source],
        "part_names": np.array(part_names),
        "part": np.array([part_names.index(p) for p in parts], dtype=np.int32),
        "eye_centers": ((np.stack([eye, eye * np.array([-1.0, 1, 1])]) + ORIGIN) / 1000).astype(np.float32),
        "eye_radius": np.array(EYE_RADIUS / 1000, dtype=np.float32),
        "jaw_hinge": ((np.asarray(JAW_HINGE) + ORIGIN) / 1000).astype(np.float32),
        "head_id": np.array(HEAD_ID),
    }


def write_head(path: Path) -> None:
    """Build the head and write it; the file appears whole or not at all."""
    temporary = path.with_name(path.name + ".tmp.npz")
    arrays = build_arrays()
    np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes arrays for allow_pickle
    os.replace(temporary, path)  # noqa: PTH105 - atomic replacement
