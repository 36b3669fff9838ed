"""Writes a motion as Live Link Face CSV, as .npz with vertices, or as JSON; whole or not at all.

Everything is written as it is computed, so that an hour needs no more memory than its weights.
"""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np

from .array_types import AnyArray, CancelCheck, FloatArray, Progress
from .atomic_file import atomic_path
from .blendshape_names import ARKIT_NAMES, HEAD_AND_EYE_COLUMNS, LIVE_LINK_COLUMNS, LIVE_LINK_SHAPES
from .errors import Cancelled, LipwrightError
from .fixed_point import fixed_point_rows
from .npz_file import fixed_zip_info
from .pipeline import FaceMotion

JSON_FORMAT = "lipwright-weights"
_TIME_BASE = 60
"""Ticks of a timecode in a second."""
_BLOCK_BYTES = 32 << 20
_ROWS = 4096


def write_csv(motion: FaceMotion, path: str | Path) -> None:
    """Writes the Live Link Face layout: Timecode, BlendshapeCount, the weights, nine head and eye rotations.

    Timecodes are HH:MM:SS:FF.mmm, where FF.mmm are sixtieths since the full second at any frame rate, as in
    the iPhone's recordings and as Unreal reads them, so that rows of 24, 30 or 29.97 a second keep their true
    time; they begin at the whole frame next to the motion's start. A character's own shapes keep their own
    names as columns.

    Raises:
        LipwrightError: when the file cannot be written.
    """
    first = round(motion.start * float(motion.frame_rate))
    with atomic_path(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(csv_header(motion))
        stream.writelines(csv_rows(motion, first))


def csv_header(motion: FaceMotion) -> str:
    """Returns the first row of `write_csv`."""
    return ",".join(("Timecode", "BlendshapeCount", *_csv_columns(motion)[0])) + "\n"


def csv_rows(motion: FaceMotion, first: int) -> Iterator[str]:
    """Yields the rows of `write_csv`.

    Args:
        motion: what to write.
        first: frame of the first row's timecode, counted at the motion's rate.
    """
    columns, order = _csv_columns(motion)
    rotations = ",0.000000" * len(HEAD_AND_EYE_COLUMNS)
    for start in range(0, len(motion.times), _ROWS):
        rows = fixed_point_rows(motion.weights[start : start + _ROWS, order])
        for index, row in enumerate(rows, first + start):
            yield f"{timecode(index, motion.frame_rate)},{len(columns)},{row}{rotations}\n"


def csv_rest_row(motion: FaceMotion, frame: int) -> str:
    """Returns a row like those of `csv_rows` in which the face rests."""
    count = len(_csv_columns(motion)[0])
    return f"{timecode(frame, motion.frame_rate)},{count}{',0.000000' * count}\n"


def _csv_columns(motion: FaceMotion) -> tuple[tuple[str, ...], list[int]]:
    """Returns the value columns, and for each weight column its place in `motion.weights`."""
    if set(motion.weight_names) == set(ARKIT_NAMES):
        return LIVE_LINK_COLUMNS, [motion.weight_names.index(name) for name in LIVE_LINK_SHAPES]
    names = tuple(name.replace(",", "_").replace("\n", " ") for name in motion.weight_names)
    return (*names, *HEAD_AND_EYE_COLUMNS), list(range(len(names)))


def timecode(frame: int, frame_rate: Fraction) -> str:
    """Returns HH:MM:SS:FF.mmm of a frame, FF in sixtieths of a second; hours go on beyond 24."""
    per_second = _TIME_BASE * 1000
    total = _rounded(frame * frame_rate.denominator * per_second, frame_rate.numerator)
    seconds, thousandths = divmod(total, per_second)
    frames, fraction = divmod(thousandths, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}.{fraction:03d}"


def _rounded(numerator: int, denominator: int) -> int:
    """Returns the quotient as `round` of a Fraction would, in a tenth of the time."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def write_json(motion: FaceMotion, path: str | Path) -> None:
    """Writes weights by name, one list per shape, for game engines.

    Raises:
        LipwrightError: when the file cannot be written.
    """
    with atomic_path(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json_parts(motion))
        stream.write("\n")


def json_parts(motion: FaceMotion) -> Iterator[str]:
    """Yields the text of `write_json`, an object without a line's end after it, piece by piece."""
    head: dict[str, str | float] = {
        "format": JSON_FORMAT,
        "version": 1,
        "fps": float(motion.frame_rate),
        "frames": len(motion.times),
        "duration": motion.duration,
    }
    if motion.start:
        head["start"] = motion.start
    yield json.dumps(head, indent=1)[:-2] + ',\n "weights": {'
    for index, name in enumerate(motion.weight_names):
        yield ",\n  " if index else "\n  "
        yield f"{json.dumps(name, ensure_ascii=False)}: ["
        for start in range(0, len(motion.times), _ROWS):
            part = motion.weights[start : start + _ROWS, index].tolist()
            yield ("," if start else "") + ",".join(f"{value:.5g}" for value in part)
        yield "]"
    yield "\n }\n}"


def npz_size(motion: FaceMotion) -> int:
    """Returns about how many bytes `write_npz` with vertices takes."""
    return len(motion.times) * motion.geometry.template.size * 4 + motion.weights.nbytes


def write_npz(
    motion: FaceMotion,
    path: str | Path,
    *,
    vertices: bool = True,
    progress: Progress | None = None,
    cancelled: CancelCheck | None = None,
) -> None:
    """Writes the motion with its vertices and topology, for tools that read NumPy archives.

    Args:
        motion: what to write.
        path: NAME.npz.
        vertices: False leaves out `vertex_offsets`, which take megabytes per second.
        progress: told the share done, 0..1.
        cancelled: asked once per block.

    Raises:
        LipwrightError: when the file cannot be written or the disk has too little room.
        Cancelled: when `cancelled` answered true.
    """
    path = Path(path)
    if vertices:
        _check_room(path, npz_size(motion))
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, array in _small_arrays(motion).items():
            with archive.open(fixed_zip_info(f"{name}.npy"), "w") as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
        if vertices:
            info = fixed_zip_info("vertex_offsets.npy")
            with archive.open(info, "w", force_zip64=True) as stream:
                _write_offsets(motion, stream, progress, cancelled)


def _small_arrays(motion: FaceMotion) -> dict[str, AnyArray]:
    geometry = motion.geometry
    return {
        "fps": np.array(float(motion.frame_rate)),
        "time": motion.times + motion.start,
        "template": geometry.template,
        "faces": geometry.faces,
        "weights": motion.weights,
        "weight_names": np.array(motion.weight_names, dtype=np.str_),
        "head_rotation": motion.head_rotation,
        "emotion": motion.emotion,
        "emotion_names": np.array(motion.emotion_names, dtype=np.str_),
        "emotion_latent": motion.emotion_latent,
        "landmarks68": geometry.landmarks68,
    }


def _write_offsets(
    motion: FaceMotion, stream: IO[bytes], progress: Progress | None, cancelled: CancelCheck | None
) -> None:
    frames = len(motion.times)
    shape = (frames, *motion.geometry.template.shape)
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    for start, offsets in _offset_blocks(motion):
        if cancelled is not None and cancelled():
            raise Cancelled
        stream.write(offsets.astype("<f4", copy=False).data.cast("B"))
        if progress is not None:
            progress((start + len(offsets)) / frames)


def _offset_blocks(motion: FaceMotion) -> Iterator[tuple[int, FloatArray]]:
    step = max(1, _BLOCK_BYTES // (motion.geometry.template.size * 4))
    for start in range(0, len(motion.times), step):
        yield start, np.ascontiguousarray(motion.vertex_offsets(start, start + step))


def _check_room(path: Path, needed: int) -> None:
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return  # the write itself will say what is wrong
    if needed > free:
        raise LipwrightError(
            f"{path}: needs {needed / 1e6:,.1f} MB and the disk has {free / 1e6:,.1f} MB left; "
            "free some space, choose another folder, or leave the vertices out"
        )


WRITERS: dict[str, Callable[..., Any]] = {"csv": write_csv, "npz": write_npz, "json": write_json}
"""Writers by format name, which is also the file's extension."""
