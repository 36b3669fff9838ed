"""Vertex sequences: .npy, .npz, Blender's .pc2 and LightWave's .mdd, read strictly, never unpickled."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from inference.errors import LipwrightError
from inference.npz_file import read_npz

from .raw_motion import HIGHEST_RATE, LOWEST_RATE, RawMotion, fill_lost_frames

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FACE_MESH_VERTICES = 478
"""Vertices of Google's face mesh (MediaPipe Face Landmarker with irises)."""

FEWEST_FRAMES = 2
MAX_BYTES = 4 * 2**30
NPZ_KEYS = ("vertices", "vertex_positions", "positions")


def read_vertex_sequence(path: Path, head_vertices: int, frame_rate: float | None) -> RawMotion:
    """Read tracked vertices [T, N, 3].

    Args:
        path: File ending in .npy, .npz, .pc2 or .mdd.
        head_vertices: Vertex count V of our head; N must be V or 478.
        frame_rate: Frames a second; the file's own (``fps`` in .npz) is used where None.

    Returns:
        Motion of kind "vertices_478" or "vertices_head". Frames with NaN are interpolated and marked not
        valid.

    Raises:
        LipwrightError: Unreadable, wrong shape or vertex count, no frame rate, or no frame without NaN.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LipwrightError(f"{path}: larger than {MAX_BYTES // 2**30} GiB; split the take.")
        vertices, own_rate = _READERS[path.suffix.lower()](path)
    except KeyError:
        raise LipwrightError(f"{path}: not a vertex sequence (.npy, .npz, .pc2 or .mdd).") from None
    except (OSError, ValueError, TypeError, EOFError, struct.error) as error:
        raise LipwrightError(
            f"{path}: cannot be read as a vertex sequence ({error}); export it again."
        ) from error
    rate = frame_rate or own_rate
    if rate is None or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise LipwrightError(f"{path}: the frame rate is not known; give frame_rate in capture.toml.")
    return _as_motion(path, vertices, rate, head_vertices)


def _as_motion(path: Path, vertices: NDArray[np.floating], rate: float, head_vertices: int) -> RawMotion:
    if vertices.ndim != 3 or vertices.shape[2] != 3 or not len(vertices):  # noqa: PLR2004 - [T, N, 3]
        raise LipwrightError(
            f"{path}: holds an array of shape {vertices.shape}; expected [frames, vertices, 3]."
        )
    kinds = {FACE_MESH_VERTICES: "vertices_478", head_vertices: "vertices_head"}
    kind = kinds.get(vertices.shape[1])
    if kind is None:
        raise LipwrightError(
            f"{path}: {vertices.shape[1]} vertices; expected {FACE_MESH_VERTICES} (face mesh) or "
            f"{head_vertices} (the bundled head)."
        )
    filled, present = fill_lost_frames(vertices)
    if not present.any():
        raise LipwrightError(f"{path}: every frame holds lost (NaN) vertices; leave the take out.")
    if len(vertices) < FEWEST_FRAMES:
        raise LipwrightError(f"{path}: one frame is no motion; leave the take out.")
    return RawMotion(kind=kind, frame_rate=rate, start_s=0.0, valid=present, vertices=filled)


def _read_npy(path: Path) -> tuple[NDArray[np.floating], float | None]:
    # Mapped, so that a header that promises more than the file holds allocates nothing.
    return _numbers(np.lib.format.open_memmap(path, mode="r")), None


def _read_npz(path: Path) -> tuple[NDArray[np.floating], float | None]:
    archive = read_npz(path, str(path), "export it again", MAX_BYTES)
    rate = float(archive["fps"]) if "fps" in archive else None
    for key in NPZ_KEYS:
        if key in archive:
            return _numbers(archive[key]), rate
    if {"vertex_offsets", "template"} <= archive.keys():
        return _numbers(archive["template"]) + _numbers(archive["vertex_offsets"]), rate
    raise ValueError(f"no array called {' or '.join(NPZ_KEYS)}")


def _read_pc2(path: Path) -> tuple[NDArray[np.floating], float | None]:
    data = path.read_bytes()
    magic, _, points, _, _, samples = struct.unpack_from("<12siiffi", data)
    if not magic.startswith(b"POINTCACHE2"):
        raise ValueError("not a point cache")
    count = _checked_count(len(data) - 32, samples, points)
    values = np.frombuffer(data, dtype="<f4", count=count, offset=32).reshape(samples, points, 3)
    # A point cache counts its step in a scene's frames, so it has no frame rate of its own.
    return values, None


def _read_mdd(path: Path) -> tuple[NDArray[np.floating], float | None]:
    data = path.read_bytes()
    samples, points = struct.unpack_from(">ii", data)
    start = 8 + 4 * max(samples, 0)
    count = _checked_count(len(data) - start, samples, points)
    times = np.frombuffer(data, dtype=">f4", count=samples, offset=8)
    values = np.frombuffer(data, dtype=">f4", count=count, offset=start).reshape(samples, points, 3)
    step = float(np.median(np.diff(times))) if samples > 1 else 0.0
    return values.astype(np.float32), 1.0 / step if step > 0 else None


def _checked_count(available: int, samples: int, points: int) -> int:
    count = samples * points * 3
    if samples <= 0 or points <= 0 or count * 4 > available:
        raise ValueError("its header promises more than the file holds")
    return count


def _numbers(array: NDArray[np.generic]) -> NDArray[np.floating]:
    if array.dtype.kind != "f":
        raise ValueError(f"holds {array.dtype}, not floating-point numbers")
    return np.asarray(array, dtype=np.float32)


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".pc2": _read_pc2, ".mdd": _read_mdd}
