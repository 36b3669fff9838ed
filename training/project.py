"""The training project on disk: every take as coefficients of one motion basis, with its sound beside it.

    PROJECT/project.json        takes, splits, speakers, head id and hash
    PROJECT/head.npz            the head that the motion lies on
    PROJECT/motion_basis.npz    basis [R, V, 3], orthonormal over 3V, metres
    PROJECT/audio/              the takes' sound files, copied so that the project can move
    PROJECT/takes/NAME.npz      coefficients [T, R], weights [T, 52], valid [T], curves [T, 3], head_rotation
    [T, 3]

``vertex_offsets = coefficients @ basis`` are metres relative to the head's template.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.measures import PhoneInterval
from inference.npz_file import read_npz

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

FORMAT_VERSION = 1
SPLITS = ("train", "validation", "test")
NUMBERS = ("frame_rate", "offset_s")
CURVE_NAMES = ("lip_gap", "mouth_width", "chin_drop")


@dataclass(frozen=True)
class TakeEntry:
    """One line of ``project.json``: where a take came from and how it is used.

    Attributes:
        name: Unique within the project; names ``takes/NAME.npz``.
        audio: Sound file, relative to the project's folder.
        split: "train", "validation" or "test".
        speaker: Who speaks.
        source: Kind of capture ("vertices_478", "vertices_head", "weights", "rig116").
        frame_rate: Motion frames a second.
        offset_s: Time of frame 0 in seconds of the sound.
        emotion: Label from ``capture.toml``; "neutral" where nothing is said.
    """

    name: str
    audio: str
    split: str
    speaker: str
    source: str
    frame_rate: float
    offset_s: float
    emotion: str = "neutral"


@dataclass(frozen=True, eq=False)
class Take:
    """One take, ready to train on or to measure against. T motion frames, R basis rows.

    Attributes:
        name: Unique within the project.
        split: "train", "validation" or "test".
        speaker: Who speaks.
        source: Kind of capture, see `TakeEntry`.
        emotion: Label of the whole take.
        audio_path: The sound file.
        frame_rate: Motion frames a second.
        offset_s: Time of frame 0 in seconds of the sound.
        coefficients: Motion [T, R] in the project's basis, metres.
        weights: The 52 ARKit weights [T, 52], 0..1.
        valid: Frames [T] that were really captured; others are interpolated.
        curves: Tracked lip gap, mouth width and chin drop over the eye distance [T, 3]; NaN without
            landmarks.
        head_rotation: Pitch, yaw, roll [T, 3] in radians; zero where the capture has none.
        phones: Aligned phones, where the capture folder had ``phones.tsv``.
    """

    name: str
    split: str
    speaker: str
    source: str
    emotion: str
    audio_path: Path
    frame_rate: float
    offset_s: float
    coefficients: NDArray[np.float32]
    weights: NDArray[np.float32]
    valid: NDArray[np.bool_]
    curves: NDArray[np.float32]
    head_rotation: NDArray[np.float32]
    phones: tuple[PhoneInterval, ...] = ()

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of every motion frame [T] in seconds of the sound."""
        return self.offset_s + np.arange(len(self.coefficients), dtype=np.float64) / self.frame_rate

    @property
    def has_curves(self) -> bool:
        """Whether the source tracked landmarks, so that r can be measured against them."""
        return bool(np.isfinite(self.curves).any())


@dataclass(frozen=True, eq=False)
class Project:
    """A loaded training project.

    Attributes:
        path: The project's folder.
        head_id: Which head the motion lies on.
        head_hash: sha256 over that head's arrays.
        basis: Orthonormal motion basis [R, V, 3].
        takes: All takes, in the order of import.
        figures: What the import measured (fit errors), free form.
    """

    path: Path
    head_id: str
    head_hash: str
    basis: NDArray[np.float32]
    takes: tuple[Take, ...]
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def head_path(self) -> Path:
        """The head that the motion lies on: the project's own copy, or the bundled one where it has none."""
        own = self.path / "head.npz"
        return own if own.exists() else default_head_path()

    def split(self, name: str) -> tuple[Take, ...]:
        """The takes of one split, in the order of import."""
        if name not in SPLITS:
            raise LipwrightError(
                f"{self.path}: there is no split called '{name}'; choose {', '.join(SPLITS)}."
            )
        return tuple(take for take in self.takes if take.split == name)


def write_head(folder: Path, head: HeadMesh) -> None:
    """Write the head that the motion lies on, so that the project does not depend on the bundled one."""
    arrays = {field.name: np.asarray(getattr(head, field.name)) for field in fields(head)}
    np.savez_compressed(folder / "head.npz", **cast("dict[str, Any]", arrays))


def write_take(
    folder: Path, name: str, arrays: Mapping[str, NDArray[Any]], phones: Sequence[PhoneInterval] = ()
) -> None:
    """Write ``takes/NAME.npz`` under the project's folder."""
    (folder / "takes").mkdir(parents=True, exist_ok=True)
    data: dict[str, Any] = {**arrays, "curve_names": np.array(CURVE_NAMES)}
    data["phone_names"] = np.array([phone.name for phone in phones], dtype=np.str_)
    data["phone_times"] = np.array([(phone.start, phone.end) for phone in phones]).reshape(-1, 2)
    np.savez(folder / "takes" / f"{name}.npz", **data)


def write_index(
    folder: Path, head: tuple[str, str], entries: list[TakeEntry], figures: Mapping[str, Any]
) -> None:
    """Write ``project.json``; last of all, so that an interrupted import is never taken for a project."""
    document = {
        "format_version": FORMAT_VERSION,
        "head_id": head[0],
        "head_hash": head[1],
        "curve_names": list(CURVE_NAMES),
        "figures": dict(figures),
        "takes": [asdict(entry) for entry in entries],
    }
    (folder / "project.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load_project(path: str | Path) -> Project:
    """Read a training project.

    Args:
        path: Folder that ``python -m training import`` wrote.

    Raises:
        LipwrightError: The folder is no project, or one of its files is missing, damaged or inconsistent.
    """
    folder = Path(path)
    document = _read_index(folder)
    basis = _read_arrays(folder / "motion_basis.npz", ("basis",))["basis"]
    if basis.ndim != 3 or basis.shape[2] != 3:  # noqa: PLR2004 - x, y, z
        raise _damaged(folder / "motion_basis.npz", f"basis has shape {basis.shape}, not [R, V, 3]")
    if basis.dtype.kind != "f" or not np.isfinite(basis).all():
        raise _damaged(folder / "motion_basis.npz", "basis is not finite")
    takes = tuple(_read_take(folder, _entry(folder, record), len(basis)) for record in document["takes"])
    return Project(
        folder,
        str(document["head_id"]),
        str(document["head_hash"]),
        basis,
        takes,
        document.get("figures", {}),
    )


def _read_index(folder: Path) -> dict[str, Any]:
    file = folder / "project.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LipwrightError(
            f"{folder}: no training project here; make it with 'python -m training import FOLDER -o PROJECT'."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise LipwrightError(f"{file}: cannot be read ({error}); import the capture again.") from error
    if not isinstance(document, dict) or document.get("format_version") != FORMAT_VERSION:
        raise _damaged(file, f"not format version {FORMAT_VERSION}")
    if not {"head_id", "head_hash", "takes"} <= document.keys() or not isinstance(document["takes"], list):
        raise _damaged(file, "head_id, head_hash or takes is missing")
    return document


def _entry(folder: Path, record: Any) -> TakeEntry:  # noqa: ANN401 - straight from JSON
    try:
        entry = TakeEntry(**record)
    except TypeError as error:
        raise _damaged(folder / "project.json", f"a take has wrong fields: {error}") from error
    for key, value in asdict(entry).items():
        if not isinstance(value, int | float if key in NUMBERS else str):
            raise _damaged(folder / "project.json", f"take {entry.name} has an impossible {key}")
    if not (entry.split in SPLITS and 0 < entry.frame_rate < math.inf and abs(entry.offset_s) < math.inf):
        raise _damaged(
            folder / "project.json", f"take {entry.name} has an impossible split, frame rate or offset"
        )
    if any(Path(part).is_absolute() or ".." in Path(part).parts for part in (entry.audio, entry.name)):
        raise _damaged(folder / "project.json", f"take {entry.name} points outside the project")
    return entry


def _read_take(folder: Path, entry: TakeEntry, rows: int) -> Take:
    file = folder / "takes" / f"{entry.name}.npz"
    keys = ("coefficients", "weights", "valid", "curves", "head_rotation")
    arrays = _read_arrays(file, keys, optional=("phone_names", "phone_times"))
    phones = _phones(file, arrays.pop("phone_names", None), arrays.pop("phone_times", None))
    frames = arrays["coefficients"].shape[0] if arrays["coefficients"].ndim else 0
    expected = {"coefficients": (frames, rows), "weights": (frames, 52), "valid": (frames,)}
    expected |= {"curves": (frames, len(CURVE_NAMES)), "head_rotation": (frames, 3)}
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise _damaged(file, f"{key} has shape {arrays[key].shape}, expected {shape}")
        if arrays[key].dtype.kind != ("b" if key == "valid" else "f"):
            raise _damaged(file, f"{key} holds {arrays[key].dtype}")
    if not all(np.isfinite(arrays[key]).all() for key in ("coefficients", "weights")):
        raise _damaged(file, "motion is not finite")
    values = asdict(entry)
    values["audio_path"] = folder / values.pop("audio")
    values |= {**arrays, "phones": phones}
    return Take(**values)


def _phones(file: Path, names: NDArray[Any] | None, times: NDArray[Any] | None) -> tuple[PhoneInterval, ...]:
    if names is None or times is None:
        return ()
    if names.ndim != 1 or times.shape != (len(names), 2) or times.dtype.kind != "f":
        raise _damaged(file, f"phone_times has shape {times.shape}, expected one row per phone name")
    return tuple(
        PhoneInterval(str(name), float(start), float(end))
        for name, (start, end) in zip(names, times, strict=True)
    )


def _read_arrays(
    file: Path, keys: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, NDArray[Any]]:
    archive = read_npz(file, str(file), "import the capture again")
    missing = [key for key in keys if key not in archive]
    if missing:
        raise _damaged(file, f"{missing[0]} is missing")
    return {key: archive[key] for key in (*keys, *(key for key in optional if key in archive))}


def _damaged(file: Path, problem: str) -> LipwrightError:
    return LipwrightError(f"{file}: damaged ({problem}); import the capture again.")
