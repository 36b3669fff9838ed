"""Brings a motion to a character outside Blender: its own shape names, its own topology."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .array_types import AnyArray, FloatArray, IntArray
from .errors import LipwrightError
from .npz_file import read_npz
from .pipeline import FaceGeometry, FaceMotion
from .shape_matching import match_shapes

_REMEDY = "export neutral [V,3], faces [F,3 or 4], names [K] and deltas [K,V,3] again"


@dataclass(frozen=True, eq=False)
class Character:
    """A face with shapes of its own, in any unit.

    Attributes:
        path: where it lies.
        neutral: [V, 3] at rest.
        faces: [F, 3 or 4] vertex numbers; -1 in the fourth column marks a triangle.
        names: its shape names.
        deltas: [K, V, 3] displacement at weight 1.
        landmarks68: [68] vertex numbers in iBUG order, or empty.
    """

    path: Path
    neutral: FloatArray
    faces: IntArray
    names: tuple[str, ...]
    deltas: FloatArray
    landmarks68: IntArray


def load_character(path: str | Path) -> Character:
    """Reads CHARACTER.npz.

    Raises:
        LipwrightError: when arrays are missing, do not fit together, or no shape bears an ARKit name.
    """
    path = Path(path)
    arrays = read_npz(path, str(path), _REMEDY)
    missing = [name for name in ("neutral", "faces", "names", "deltas") if name not in arrays]
    if missing:
        raise LipwrightError(f"{path}: lacks {', '.join(missing)}; {_REMEDY}")
    _check(path, arrays)
    names = tuple(str(name) for name in arrays["names"])
    if not match_shapes(names):
        raise LipwrightError(f"{path}: none of its shapes bears an ARKit name such as jawOpen; rename them")
    return Character(
        path=path,
        neutral=arrays["neutral"].astype(np.float32, copy=False),
        faces=arrays["faces"].astype(np.int32, copy=False),
        names=names,
        deltas=arrays["deltas"].astype(np.float32, copy=False),
        landmarks68=arrays.get("landmarks68", np.empty(0)).astype(np.int32),
    )


def _check(path: Path, arrays: dict[str, AnyArray]) -> None:
    V = len(arrays["neutral"]) if arrays["neutral"].ndim else 0
    K = arrays["names"].size
    for name, shape in {"neutral": (V, 3), "names": (K,), "deltas": (K, V, 3)}.items():
        if arrays[name].shape != shape or (arrays[name].dtype.kind == "U") != (name == "names"):
            raise LipwrightError(
                f"{path}: {name} is {arrays[name].dtype}{list(arrays[name].shape)}; {_REMEDY}"
            )
    if not V:
        raise LipwrightError(f"{path}: neutral holds no vertices; {_REMEDY}")
    _check_names(path, [str(name) for name in arrays["names"]])
    for name in ("neutral", "deltas"):
        with np.errstate(over="ignore"):  # 1e300 is finite as stored and not as float32
            finite = np.isfinite(arrays[name].astype(np.float32)).all()
        if not finite:
            raise LipwrightError(f"{path}: {name} holds values that are not finite; {_REMEDY}")
    faces = arrays["faces"]
    if faces.ndim != 2 or faces.shape[1] not in (3, 4) or faces.dtype.kind not in "iu":  # noqa: PLR2004 - rows
        raise LipwrightError(f"{path}: faces is {faces.dtype}{list(faces.shape)}; {_REMEDY}")
    corners = faces[:, :3].min(initial=0)
    if faces.size and not (corners >= 0 and faces.min() >= -1 and faces.max() < V):
        raise LipwrightError(f"{path}: faces names vertices beyond the {V} there are; {_REMEDY}")
    if "landmarks68" in arrays and not _are_landmarks(arrays["landmarks68"], V):
        raise LipwrightError(f"{path}: landmarks68 must be 68 vertex numbers below {V}, or be left out")


def _check_names(path: Path, names: list[str]) -> None:
    """The names become CSV headers and JSON keys, so each must be one a person can read."""
    for name in names:
        if not name.isprintable() or not name.strip() or '"' in name:
            raise LipwrightError(f"{path}: {name!r} cannot name a shape; {_REMEDY}")
    if len(set(names)) != len(names):
        raise LipwrightError(f"{path}: two of its shapes have the same name; rename one")


def _are_landmarks(array: AnyArray, limit: int) -> bool:
    if array.shape != (68,) or array.dtype.kind not in "iu":
        return False
    return bool(array.min() >= 0 and array.max() < limit)


def apply_character(motion: FaceMotion, character: Character) -> FaceMotion:
    """Returns the motion under the character's shape names and on its topology.

    Shapes without an ARKit counterpart stay at zero; ARKit shapes that move and that it lacks give a warning.
    """
    matches = match_shapes(character.names)
    column = {name: index for index, name in enumerate(motion.weight_names)}
    weights = np.zeros((len(motion.weights), len(character.names)), np.float32)
    for index, name in enumerate(character.names):
        if name in matches:
            weights[:, index] = motion.weights[:, column[matches[name]]]
    return replace(
        motion,
        coefficients=weights,
        weights=weights,
        weight_names=character.names,
        geometry=FaceGeometry(
            template=character.neutral,
            faces=character.faces,
            landmarks68=character.landmarks68,
            mean_offset=np.zeros_like(character.neutral),
            basis=character.deltas,
        ),
        warnings=(*motion.warnings, *_missing_shapes(motion, character, set(matches.values()))),
    )


def _missing_shapes(motion: FaceMotion, character: Character, matched: set[str]) -> tuple[str, ...]:
    """Names the shapes that move in this motion but that the character does not have."""
    moving = motion.weights.max(axis=0, initial=0.0) > 0.05  # noqa: PLR2004 - a twentieth is hardly seen
    lost = [
        name for name, moves in zip(motion.weight_names, moving, strict=True) if moves and name not in matched
    ]
    if not lost:
        return ()
    return (f"{character.path}: has no shape for {', '.join(lost)}, which move in this line",)
