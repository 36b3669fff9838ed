"""The head that a model drives: one fixed topology with the ARKit shapes (`assets/head/head.npz`)."""

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .array_types import AnyArray, FloatArray, IntArray
from .blendshape_names import ARKIT_NAMES
from .errors import LipwrightError
from .npz_file import read_npz

_REMEDY = "reinstall Lipwright, or make the head again with its generator"


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """A head in metres, Z up, facing -Y, the character's left at +X.

    Attributes:
        vertices: [V, 3] rest position.
        faces: [F, 4] vertex numbers, quads.
        face_uvs: [F, 4, 2] texture coordinates per face corner, 0..1.
        material_index: [F] number of each face's material.
        material_names: [M].
        material_colors: [M, 4] linear RGBA, 0..1.
        shape_names: [52] ARKit names, camelCase.
        shape_deltas: [52, V, 3] displacement at weight 1.
        landmarks68: [68] vertex numbers in iBUG order.
        group_names: [G] vertex groups.
        group_weights: [G, V] 0..1.
        part_names: [P] skin, eye_left, teeth_upper, tongue, ...
        part: [V] number of each vertex's part.
        eye_centers: [2, 3] left, right.
        eye_radius: metres.
        jaw_hinge: [3].
        head_id: name and version of the topology.
    """

    vertices: FloatArray
    faces: IntArray
    face_uvs: FloatArray
    material_index: IntArray
    material_names: tuple[str, ...]
    material_colors: FloatArray
    shape_names: tuple[str, ...]
    shape_deltas: FloatArray
    landmarks68: IntArray
    group_names: tuple[str, ...]
    group_weights: FloatArray
    part_names: tuple[str, ...]
    part: IntArray
    eye_centers: FloatArray
    eye_radius: float
    jaw_hinge: FloatArray
    head_id: str

    @cached_property
    def hash(self) -> str:
        """sha256 over rest position, faces and shapes: equal hashes mean a model fits this head."""
        return geometry_hash(self.vertices, self.faces, self.shape_names, self.shape_deltas)


def geometry_hash(
    vertices: FloatArray, faces: IntArray, shape_names: tuple[str, ...], shape_deltas: FloatArray
) -> str:
    """Returns the hex sha256 of rest [V,3], faces [F,4], shape names [K] and deltas [K,V,3]."""
    digest = hashlib.sha256()
    for array, dtype in ((vertices, "<f4"), (faces, "<i4"), (shape_deltas, "<f4")):
        digest.update(f"{dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, dtype=dtype).tobytes())
    digest.update("\n".join(shape_names).encode())
    return digest.hexdigest()


def load_head(path: str | Path) -> HeadMesh:
    """Reads and checks a head.

    Raises:
        LipwrightError: when the file is missing, damaged or its arrays do not fit together.
    """
    path = Path(path)
    arrays = read_npz(path, str(path), _REMEDY)
    wanted = [field.name for field in fields(HeadMesh)]
    missing = [name for name in wanted if name not in arrays]
    if missing:
        raise LipwrightError(f"{path}: lacks {', '.join(missing)}; {_REMEDY}")
    _check_shapes(path, arrays)
    plain: dict[str, Any] = {name: _plain(arrays[name]) for name in wanted}
    return HeadMesh(**plain)


def _plain(array: AnyArray) -> AnyArray | str | float | tuple[str, ...]:
    if array.dtype.kind == "U":
        return str(array) if array.ndim == 0 else tuple(str(name) for name in array)
    if array.ndim == 0:
        return float(array)
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32, copy=False)


def _check_shapes(path: Path, arrays: dict[str, AnyArray]) -> None:
    V = len(arrays["vertices"]) if arrays["vertices"].ndim else 0
    F = len(arrays["faces"]) if arrays["faces"].ndim else 0
    M, G = arrays["material_names"].size, arrays["group_names"].size
    expected: dict[str, tuple[int, ...]] = {
        "vertices": (V, 3),
        "faces": (F, 4),
        "face_uvs": (F, 4, 2),
        "material_index": (F,),
        "material_colors": (M, 4),
        "shape_names": (len(ARKIT_NAMES),),
        "shape_deltas": (len(ARKIT_NAMES), V, 3),
        "landmarks68": (68,),
        "group_weights": (G, V),
        "part": (V,),
        "eye_centers": (2, 3),
        "eye_radius": (),
        "jaw_hinge": (3,),
        "head_id": (),
    }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise LipwrightError(f"{path}: {name} has shape {arrays[name].shape}, not {shape}; {_REMEDY}")
        if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            raise LipwrightError(f"{path}: {name} holds values that are not finite; {_REMEDY}")
    limits = {"faces": V, "landmarks68": V, "material_index": M, "part": arrays["part_names"].size}
    for name, limit in limits.items():
        if not _all_below(arrays[name], limit):
            raise LipwrightError(f"{path}: {name} must hold whole numbers from 0 to {limit - 1}; {_REMEDY}")


def _all_below(numbers: AnyArray, limit: int) -> bool:
    if numbers.dtype.kind not in "iu":
        return False
    return numbers.size == 0 or bool(numbers.min() >= 0 and numbers.max() < limit)
