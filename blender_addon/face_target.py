"""The mesh that a line animates: which of its shape keys are ours, and why it cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from . import mesh_data
from .inference.errors import LipwrightError
from .inference.shape_matching import match_shapes

REQUIRED_SHAPE = "jawOpen"
"""A face without it cannot speak, whatever else it has."""


@dataclass(frozen=True)
class FaceTarget:
    """A mesh with ARKit shape keys.

    Attributes:
        obj: the mesh object.
        arkit_keys: the mesh's own name of each ARKit shape that it has; may be empty for Exact.
    """

    obj: bpy.types.Object
    arkit_keys: dict[str, str]

    @property
    def key(self) -> Any:  # noqa: ANN401 - Blender has no types to check None against
        """The mesh's shape keys (`bpy.types.Key`), or None before it has any."""
        return self.obj.data.shape_keys


def arkit_shape_keys(obj: bpy.types.Object) -> dict[str, str]:
    """ARKit name -> the mesh's own shape key; the first of two keys for one ARKit shape wins."""
    found: dict[str, str] = {}
    for own, arkit in match_shapes(mesh_data.shape_key_names(obj)).items():
        found.setdefault(arkit, own)
    return found


def _check_editable(obj: bpy.types.Object) -> None:
    if obj.data.library is not None or obj.library is not None:
        raise LipwrightError(
            f"'{obj.name}' comes from a linked file: make it local (Object > Relations > Make Local) first"
        )
    key = obj.data.shape_keys
    if key is not None and not key.use_relative:
        raise LipwrightError(
            f"'{obj.name}' has absolute shape keys: switch on Relative in its Shape Keys panel"
        )


def face_target(obj: bpy.types.Object | None, *, exact: bool) -> FaceTarget:
    """Check that a line can animate this object.

    Args:
        obj: the chosen object, or None.
        exact: whether the model's own basis will be added as shape keys, for which no ARKit shape is needed.

    Raises:
        LipwrightError: it cannot; the sentence says why and what to do.
    """
    if obj is None:
        raise LipwrightError("no face is selected: select a face mesh, or press Add Sample Head")
    if obj.type != "MESH":
        raise LipwrightError(f"'{obj.name}' is no mesh: select a face mesh, or press Add Sample Head")
    _check_editable(obj)
    keys = arkit_shape_keys(obj)
    if exact:
        if obj.mode != "OBJECT":
            raise LipwrightError(f"'{obj.name}' is being edited: leave {obj.mode.title()} Mode first")
    elif REQUIRED_SHAPE not in keys:
        raise LipwrightError(
            f"'{obj.name}' has no ARKit shape keys ('{REQUIRED_SHAPE}' and so on): "
            "select a face that has them, or press Add Sample Head"
        )
    return FaceTarget(obj, keys)


def choose_object(
    active: bpy.types.Object | None, selected: Sequence[bpy.types.Object]
) -> bpy.types.Object | None:
    """The face among the selected objects: the active one where it is a face, else another selected face."""
    candidates = [active] if active is not None and active in selected else []
    candidates += [obj for obj in selected if obj not in candidates]
    faces = [obj for obj in candidates if obj.type == "MESH" and REQUIRED_SHAPE in arkit_shape_keys(obj)]
    return next(iter(faces or candidates), None)
