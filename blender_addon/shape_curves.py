"""A predicted line as curves on one face's shape keys: ARKit weights, or the model's own basis ("Exact")."""

import functools
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import mesh_data
from .action_writer import ShapeKeyCurve
from .inference.errors import LipwrightError

if TYPE_CHECKING:
    from .face_target import FaceTarget
    from .inference.model_bundle import ModelBundle
    from .line_prediction import Face, PredictedLine

MEAN_KEY = "LW_MEAN"
BASIS_KEY = "LW_{:03d}"
MODEL_PROPERTY = "lipwright_model"
EXACT_GROUP = "Lipwright Exact"

_UNIT_DISPLACEMENT = 0.01
"""An Exact shape key at 1.0 moves its farthest vertex by a centimetre: a slider (limit 10) always reaches."""

_GROUPS = (
    ("eye", "Eyes"),
    ("brow", "Brows"),
    ("jaw", "Jaw"),
    ("mouth", "Mouth"),
    ("cheek", "Cheeks"),
    ("nose", "Nose"),
    ("tongue", "Tongue"),
)


def group_of(arkit_name: str) -> str:
    """Heading of an ARKit shape's curve in the animation editors."""
    return next((group for start, group in _GROUPS if arkit_name.startswith(start)), "Face")


def _is_exact_key(name: str) -> bool:
    return name == MEAN_KEY or (name.startswith("LW_") and name[3:].isdigit())


def _resting_curve(shape_key: str, group: str, first_frame: np.float32) -> ShapeKeyCurve:
    """One key at 0, so that a shape that this line does not use keeps nothing of another line's."""
    return ShapeKeyCurve(shape_key, group, np.array([first_frame], np.float32), np.zeros(1, np.float32))


def _arkit_values(
    target: "FaceTarget", model: "ModelBundle", face: "Face"
) -> tuple[list[str], NDArray[np.float32]]:
    weights = face[1]
    if weights is None:
        raise ValueError("an exact prediction carries no ARKit weights")
    columns = [column for column, name in enumerate(model.arkit_names) if name in target.arkit_keys]
    return [target.arkit_keys[model.arkit_names[column]] for column in columns], weights[:, columns]


def _exact_values(model: "ModelBundle", face: "Face") -> tuple[list[str], NDArray[np.float32]]:
    values = face[0] / _unit_scales(model)
    return [BASIS_KEY.format(number) for number in range(values.shape[1])], values


def shape_values(
    target: "FaceTarget", model: "ModelBundle", face: "Face"
) -> tuple[list[str], NDArray[np.float32]]:
    """Names of the shape keys that a predicted face moves, and their values [T, names]."""
    return _exact_values(model, face) if face[1] is None else _arkit_values(target, model, face)


def emotion_curves(target: "FaceTarget", line: "PredictedLine", spoken: Iterable[str]) -> list[ShapeKeyCurve]:
    """What the emotion adds to the neutral line, one curve for each shape key; empty where it adds nothing.

    Shape keys that the line's Action keys and the emotion does not move get a key at 0: what is added lies on
    something, and where there is nothing Blender 5.0 adds to 1, its default for a shape key's value.

    Args:
        target: the face.
        line: the line.
        spoken: shape keys in the line's Action.
    """
    names, felt = shape_values(target, line.model, (line.coefficients, line.weights))
    difference = felt - shape_values(target, line.model, line.neutral)[1]
    groups = {own: group_of(name) for name, own in target.arkit_keys.items()}
    moved = [
        ShapeKeyCurve(name, groups.get(name, EXACT_GROUP), line.frames, difference[:, column])
        for column, name in enumerate(names)
        if difference[:, column].any()
    ]
    if not moved:
        return []
    still = sorted(set(spoken) - {curve.shape_key for curve in moved})
    return moved + [_resting_curve(name, groups.get(name, EXACT_GROUP), line.frames[0]) for name in still]


def arkit_curves(target: "FaceTarget", line: "PredictedLine") -> list[ShapeKeyCurve]:
    """The neutral line: one curve for each ARKit shape that the face has; Exact shape keys stay at 0."""
    names, values = _arkit_values(target, line.model, line.neutral)
    groups = {own: group_of(name) for name, own in target.arkit_keys.items()}
    curves = [
        ShapeKeyCurve(name, groups[name], line.frames, values[:, column]) for column, name in enumerate(names)
    ]
    exact_keys = filter(_is_exact_key, mesh_data.shape_key_names(target.obj))
    return curves + [_resting_curve(name, EXACT_GROUP, line.frames[0]) for name in exact_keys]


@functools.lru_cache(maxsize=2)
def _unit_scales(model: "ModelBundle") -> NDArray[np.float32]:
    """Coefficient that moves each basis shape's farthest vertex by `_UNIT_DISPLACEMENT`, [P]."""
    reach = np.linalg.norm(model.basis, axis=2).max(axis=1)
    return (_UNIT_DISPLACEMENT / np.maximum(reach, 1e-9)).astype(np.float32)


def _model_mark(model: "ModelBundle") -> str:
    digest = hashlib.sha256(np.ascontiguousarray(model.mean_offset, np.float32).tobytes())
    digest.update(np.ascontiguousarray(model.basis, np.float32).tobytes())
    return digest.hexdigest()


def check_exact(target: "FaceTarget", model: "ModelBundle") -> None:
    """Check that a model's own basis fits a face.

    Raises:
        LipwrightError: another topology, or another model's basis is there already.
    """
    obj = target.obj
    if len(obj.data.vertices) != len(model.template):
        raise LipwrightError(
            f"'{obj.name}' has {len(obj.data.vertices)} vertices and the model '{model.name}' "
            f"{len(model.template)}: Exact needs the model's head, choose ARKit 52 or press Add Sample Head"
        )
    key = target.key
    if key is not None and MEAN_KEY in key.key_blocks and key.get(MODEL_PROPERTY) != _model_mark(model):
        raise LipwrightError(
            f"'{obj.name}' carries the Exact shape keys of another model: press Add Sample Head for this one"
        )


def ensure_exact_keys(target: "FaceTarget", model: "ModelBundle") -> None:
    """Add the model's mean and basis as shape keys, unless they are there."""
    mesh_data.ensure_basis(target.obj)
    key = target.key
    scaled = model.basis * _unit_scales(model)[:, None, None]
    deltas = {MEAN_KEY: model.mean_offset} | {BASIS_KEY.format(i): delta for i, delta in enumerate(scaled)}
    basis = mesh_data.basis_positions(target.obj)
    for name, delta in deltas.items():
        if name not in key.key_blocks:
            block = mesh_data.add_shape_key(target.obj, name, basis + delta)
            block.slider_min, block.slider_max = -mesh_data.SHAPE_KEY_LIMIT, mesh_data.SHAPE_KEY_LIMIT
    key[MODEL_PROPERTY] = _model_mark(model)


def exact_curves(target: "FaceTarget", line: "PredictedLine") -> list[ShapeKeyCurve]:
    """The neutral line on the model's own basis; the face's ARKit shapes are held at 0."""
    names, values = _exact_values(line.model, line.neutral)
    felt = line.coefficients / _unit_scales(line.model)
    if max(np.abs(values).max(initial=0.0), np.abs(felt).max(initial=0.0)) > mesh_data.SHAPE_KEY_LIMIT:
        raise LipwrightError(
            f"the model '{line.model.name}' moves the face farther than a shape key can: choose ARKit 52"
        )
    mean = ShapeKeyCurve(MEAN_KEY, EXACT_GROUP, line.frames[:1], np.ones(1, np.float32))
    basis = [
        ShapeKeyCurve(name, EXACT_GROUP, line.frames, values[:, number]) for number, name in enumerate(names)
    ]
    arkit = [
        _resting_curve(own, group_of(name), line.frames[0]) for name, own in sorted(target.arkit_keys.items())
    ]
    return [mean, *basis, *arkit]
