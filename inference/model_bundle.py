"""The model bundle NAME.lipmodel: a zip with `model.json`, two ONNX graphs and the face they move.

A bundle may come from anywhere, so everything is checked before it is used: members, sizes, shapes, finite
values, and that no graph reaches for another file. Nothing in it is ever unpickled or written to disk.
"""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .array_types import AnyArray, FloatArray, IntArray
from .atomic_file import atomic_path
from .blendshape_names import ARKIT_NAMES
from .bundle_manifest import GraphInfo, Manifest, parse_manifest
from .errors import LipwrightError
from .frame_timing import NetworkTiming
from .hearing_model import HearingModel
from .npz_file import fixed_zip_info, npz_bytes, read_npz
from .onnx_check import check_onnx
from .zip_members import Data, member_data, open_zip, write_aligned

_MIB = 1 << 20
_MEMBER_LIMITS = {
    "model.json": 4 * _MIB,
    "speech.onnx": 256 * _MIB,
    "face.onnx": 256 * _MIB,
    "face.npz": 512 * _MIB,
    "emotion.npz": 16 * _MIB,
}
_HEARING = "hearing.npz"
_OPTIONAL = {_HEARING: 16 * _MIB}
"""Left out of models that hear no emotion."""
_ALL_LIMITS = {**_MEMBER_LIMITS, **_OPTIONAL}
_REMEDY = "export the model again or fetch it anew"
_MAX_DATABASE = 4096
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError)


@dataclass(frozen=True, eq=False)
class ModelBundle:
    """A checked model.

    Attributes:
        path: where it lies.
        manifest: everything that `model.json` says.
        graphs: ONNX files by member name.
        template: [V, 3] the head at rest, metres.
        faces: [F, 4] vertex numbers.
        mean_offset: [V, 3] metres; vertex_offsets = mean_offset + coefficients @ basis.
        basis: [P, V, 3].
        landmarks68: [68] vertex numbers, iBUG order.
        arkit_names: 52 names.
        arkit_deltas: [52, V, 3] metres at weight 1.
        emotion_database: [N, E] latent vectors learned from the capture.
        hearing: what hears emotion from the voice; None where nothing does.
    """

    path: Path
    manifest: Manifest
    graphs: Mapping[str, Data]
    template: FloatArray
    faces: IntArray
    mean_offset: FloatArray
    basis: FloatArray
    landmarks68: IntArray
    arkit_names: tuple[str, ...]
    arkit_deltas: FloatArray
    emotion_database: FloatArray
    hearing: HearingModel | None

    @property
    def name(self) -> str:
        """What lists show."""
        return self.manifest.name

    @property
    def network(self) -> str:
        """The network's name, e.g. karras2017."""
        return self.manifest.network

    @property
    def licence(self) -> str:
        """Under which the model may be used."""
        return self.manifest.licence

    @property
    def credits(self) -> str:
        """Whose recordings it learned from."""
        return self.manifest.credits

    @property
    def timing(self) -> NetworkTiming:
        """How its frames lie in time."""
        return self.manifest.timing

    @property
    def frame_rate(self) -> float:
        """Network outputs per second."""
        return self.manifest.timing.frame_rate

    @property
    def target_db(self) -> float:
        """Active-speech level that it was trained at, dB of full scale."""
        return self.manifest.target_db

    @property
    def speech(self) -> GraphInfo:
        """The part that does not depend on emotion."""
        return self.manifest.speech

    @property
    def face(self) -> GraphInfo:
        """The part that does."""
        return self.manifest.face

    @property
    def emotion_names(self) -> tuple[str, ...]:
        """Names of the known emotions."""
        return self.manifest.emotion_names

    @property
    def emotion_vectors(self) -> FloatArray:
        """Their latent vectors, [K, E]; neutral is zero."""
        return self.manifest.emotion_vectors

    @property
    def emotion_size(self) -> int:
        """E, the length of a latent emotion vector."""
        return int(self.manifest.emotion_vectors.shape[1])

    @cached_property
    def flat_basis(self) -> FloatArray:
        """The basis as a matrix, [P, 3 V]."""
        return self.basis.reshape(len(self.basis), -1)


def load_bundle(path: str | Path) -> ModelBundle:
    """Reads and checks a model bundle.

    Raises:
        LipwrightError: one sentence that says what is wrong with it.
    """
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise LipwrightError(f"{path}: is not an ordinary file; choose a .lipmodel file")
        data = _read_file(path) if path.stat().st_size <= sum(_ALL_LIMITS.values()) else None
    except FileNotFoundError:
        raise LipwrightError(f"{path}: there is no such model; check the path") from None
    except OSError as error:
        raise LipwrightError(
            f"{path}: the model cannot be read ({error.strerror}); check the path"
        ) from error
    if data is None:
        raise LipwrightError(f"{path}: is too large for a model bundle; {_REMEDY}")
    return bundle_from_bytes(data, path)


def _read_file(path: Path) -> Data:
    """Returns a file's bytes, in memory that NumPy allocates in large pages, which takes half the time."""
    with path.open("rb", buffering=0) as stream:
        content = np.empty(os.fstat(stream.fileno()).st_size, np.uint8)
        filled = 0
        while count := stream.readinto(content.data[filled:]):
            filled += count
    return content.data[:filled]


def bundle_from_bytes(data: Data, path: Path) -> ModelBundle:
    """Checks a bundle in memory; `path` is what messages name."""
    label = str(path)
    members = _read_members(data, label)
    manifest = parse_manifest(bytes(members["model.json"]), label)
    for graph, name in ((manifest.speech, "speech.onnx"), (manifest.face, "face.onnx")):
        _check_graph(graph, name, members, label)
    arrays = _face_arrays(members["face.npz"], manifest, label)
    return ModelBundle(
        path=path,
        manifest=manifest,
        graphs={name: members[name] for name in ("speech.onnx", "face.onnx")},
        template=arrays["template"],
        faces=arrays["faces"].astype(np.int32, copy=False),
        mean_offset=arrays["mean_offset"],
        basis=arrays["basis"],
        landmarks68=arrays["landmarks68"].astype(np.int32, copy=False),
        arkit_names=tuple(str(name) for name in arrays["arkit_names"]),
        arkit_deltas=arrays["arkit_deltas"],
        emotion_database=_emotion_database(members["emotion.npz"], manifest, label),
        hearing=_hearing(members, manifest, label),
    )


def _read_members(data: Data, label: str) -> dict[str, Data]:
    try:
        with open_zip(data) as archive:
            _check_members(archive, label)
            members = {}
            held = set(archive.namelist())
            for name, limit in _ALL_LIMITS.items():
                if name not in held:  # one that may be left out, or `_check_members` had said so
                    continue
                members[name] = member_data(archive, archive.getinfo(name), data, limit)
                if len(members[name]) > limit:
                    raise LipwrightError(f"{label}: {name} is larger than it declares; {_REMEDY}")
            return members
    except _ZIP_ERRORS as error:
        raise LipwrightError(f"{label}: is not a whole model bundle ({error}); {_REMEDY}") from error


def _check_members(archive: zipfile.ZipFile, label: str) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    for info in infos:
        if info.filename not in _ALL_LIMITS:
            raise LipwrightError(
                f"{label}: holds '{info.filename}', which is no part of a model bundle; {_REMEDY}"
            )
        if info.file_size > _ALL_LIMITS[info.filename]:
            raise LipwrightError(
                f"{label}: {info.filename} declares {info.file_size:,} bytes, too many; {_REMEDY}"
            )
    missing = [name for name in _MEMBER_LIMITS if name not in names]
    if missing:
        raise LipwrightError(f"{label}: lacks {', '.join(missing)}; {_REMEDY}")
    if len(set(names)) != len(names):
        raise LipwrightError(f"{label}: holds a file twice; {_REMEDY}")


def _check_graph(graph: GraphInfo, name: str, members: Mapping[str, Data], label: str) -> None:
    if graph.file != name:
        raise LipwrightError(
            f"{label}: model.json names the graph '{graph.file}' instead of {name}; {_REMEDY}"
        )
    problem = check_onnx(members[name])
    if problem:
        raise LipwrightError(f"{label}: {name} {problem}; {_REMEDY}")


def _face_arrays(data: Data, manifest: Manifest, label: str) -> dict[str, AnyArray]:
    arrays = read_npz(data, f"{label}: face.npz", _REMEDY, _MEMBER_LIMITS["face.npz"])
    V, P, K = manifest.vertices, manifest.face.channels, len(ARKIT_NAMES)
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "template": ("f", (V, 3)),
        "mean_offset": ("f", (V, 3)),
        "basis": ("f", (P, V, 3)),
        "arkit_deltas": ("f", (K, V, 3)),
        "landmarks68": ("iu", (68,)),
        "arkit_names": ("U", (K,)),
    }
    for name, (kinds, shape) in shapes.items():
        _check_array(arrays, name, shape, kinds, f"{label}: face.npz")
    if arrays.get("faces", np.empty(0)).ndim != 2 or arrays["faces"].shape[1] not in (3, 4):  # noqa: PLR2004 - rows
        raise LipwrightError(f"{label}: face.npz lacks faces of 3 or 4 vertices; {_REMEDY}")
    for name in ("faces", "landmarks68"):
        _check_numbers(arrays[name], name, V, f"{label}: face.npz")
    if sorted(str(name) for name in arrays["arkit_names"]) != sorted(ARKIT_NAMES):
        raise LipwrightError(f"{label}: face.npz does not name the 52 ARKit shapes; {_REMEDY}")
    return {name: _single(array) for name, array in arrays.items()}


def _single(array: AnyArray) -> AnyArray:
    """Returns numbers with a point as float32; models may store them as float16."""
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


def _check_array(
    arrays: Mapping[str, AnyArray], name: str, shape: tuple[int, ...], kinds: str, label: str
) -> None:
    if name not in arrays or arrays[name].dtype.kind not in kinds:
        raise LipwrightError(f"{label} lacks '{name}' or holds it as the wrong type; {_REMEDY}")
    if arrays[name].shape != shape:
        raise LipwrightError(f"{label}: '{name}' has shape {arrays[name].shape}, not {shape}; {_REMEDY}")
    if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
        raise LipwrightError(f"{label}: '{name}' holds values that are not finite; {_REMEDY}")


def _check_numbers(array: AnyArray, name: str, limit: int, label: str) -> None:
    whole = array.dtype.kind in "iu"
    if not whole or (array.size and not (array.min() >= 0 and array.max() < limit)):
        raise LipwrightError(f"{label}: '{name}' must hold vertex numbers below {limit}; {_REMEDY}")


def _emotion_database(data: Data, manifest: Manifest, label: str) -> FloatArray:
    arrays = read_npz(data, f"{label}: emotion.npz", _REMEDY, _MEMBER_LIMITS["emotion.npz"])
    rows = len(arrays["database"]) if "database" in arrays and arrays["database"].ndim else 0
    size = manifest.emotion_vectors.shape[1]
    _check_array(arrays, "database", (min(rows, _MAX_DATABASE), size), "f", f"{label}: emotion.npz")
    return arrays["database"].astype(np.float32, copy=False)


def _hearing(members: Mapping[str, Data], manifest: Manifest, label: str) -> HearingModel | None:
    info = manifest.hearing
    if (info is None) != (_HEARING not in members):
        raise LipwrightError(
            f"{label}: holds {_HEARING} without 'hearing' in model.json, or that without it; {_REMEDY}"
        )
    if info is None:
        return None
    arrays = read_npz(members[_HEARING], f"{label}: {_HEARING}", _REMEDY, _ALL_LIMITS[_HEARING])
    for name, shape in HearingModel.shapes(len(info.names)).items():
        _check_array(arrays, name, shape, "f", f"{label}: {_HEARING}")
    if not (arrays["scale"] > 0).all():
        raise LipwrightError(f"{label}: {_HEARING}: 'scale' must be above zero; {_REMEDY}")
    return HearingModel.from_arrays(info.names, arrays)


def write_bundle(
    path: str | Path,
    manifest: Mapping[str, Any],
    graphs: Mapping[str, bytes],
    arrays: Mapping[str, Mapping[str, AnyArray]],
) -> None:
    """Writes a bundle that `load_bundle` accepts, or nothing.

    The bytes depend on the content alone, so that the same training gives the same file. Nothing is
    compressed: network weights hardly shrink, and inflating them takes longer than animating a line.

    Args:
        path: NAME.lipmodel.
        manifest: the content of `model.json`.
        graphs: ONNX files by member name, "speech.onnx" and "face.onnx".
        arrays: arrays by member name, "face.npz" and "emotion.npz", and "hearing.npz" where there is one.

    Raises:
        LipwrightError: when the parts do not fit together or the file cannot be written.
    """
    path = Path(path)
    members = {
        "model.json": (json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    }
    members.update(graphs)
    members.update({name: npz_bytes(content) for name, content in arrays.items()})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            write_aligned(archive, fixed_zip_info(name), members[name])
    bundle_from_bytes(buffer.getvalue(), path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
