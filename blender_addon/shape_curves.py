"""A predicted line as curves on one face's shape keys: ARKit weights, or the model's own basis ("Exact")."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import mesh_data
from .action_writer import ShapeKeyCurve
from .inference.errors import LipwrightError

if TYPE_CHECKING:
    from .face_target import FaceTarget
    from .inference.model_bundle import ModelBundle
    from .line_prediction import PredictedLine

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


def arkit_curves(target: "FaceTarget", line: "PredictedLine") -> list[ShapeKeyCurve]:
    """One curve for each ARKit shape that the face has; Exact shape keys, where there are any, stay at 0."""
    if line.weights is None:
        raise ValueError("an exact prediction carries no ARKit weights")
    curves = [
        ShapeKeyCurve(target.arkit_keys[name], group_of(name), line.frames, line.weights[:, column])
        for column, name in enumerate(line.model.arkit_names)
        if name in target.arkit_keys
    ]
    exact_keys = filter(_is_exact_key, mesh_data.shape_key_names(target.obj))
    return curves + [_resting_curve(name, EXACT_GROUP, line.frames[0]) for name in exact_keys]


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
    """Curves on the model's own basis; the face's ARKit shapes are held at 0."""
    values = line.coefficients / _unit_scales(line.model)
    if np.abs(values).max(initial=0.0) > mesh_data.SHAPE_KEY_LIMIT:
        raise LipwrightError(
            f"the model '{line.model.name}' moves the face farther than a shape key can: choose ARKit 52"
        )
    mean = ShapeKeyCurve(MEAN_KEY, EXACT_GROUP, line.frames[:1], np.ones(1, np.float32))
    basis = [
        ShapeKeyCurve(BASIS_KEY.format(number), EXACT_GROUP, line.frames, values[:, number])
        for number in range(values.shape[1])
    ]
    arkit = [
        _resting_curve(own, group_of(name), line.frames[0]) for name, own in sorted(target.arkit_keys.items())
    ]
    return [mean, *basis, *arkit]
