"""Reads .npz archives without trusting them: no pickle, sizes checked before anything is allocated."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .array_types import AnyArray
from .errors import LipwrightError
from .zip_members import Data, MemoryFile, member_data, open_zip, write_aligned

MAX_NPZ_BYTES = 2 << 30
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_ALLOWED_KINDS = "fiubU"
_READ_ERRORS = (OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile)


def read_npz(
    source: Path | Data, label: str, remedy: str, max_bytes: int = MAX_NPZ_BYTES
) -> dict[str, AnyArray]:
    """Reads every array of an .npz archive.

    Args:
        source: the file, or the archive's bytes, of which the arrays are read-only views where they can be.
        label: how messages name it.
        remedy: what messages tell the user to do.
        max_bytes: the most that all arrays together may take.

    Raises:
        LipwrightError: when the archive is missing, damaged, too large, or holds anything but plain arrays.
    """
    if isinstance(source, Path) and source.exists() and not (source.is_file() or source.is_dir()):
        raise LipwrightError(f"{label}: is not an ordinary file; {remedy}")
    try:
        data = None if isinstance(source, Path) else source
        with zipfile.ZipFile(source) if isinstance(source, Path) else open_zip(source) as archive:
            _check_total(archive, label, remedy, max_bytes)
            return {
                info.filename.removesuffix(".npy"): _read_member(archive, info, data)
                for info in archive.infolist()
            }
    except FileNotFoundError:
        raise LipwrightError(f"{label}: there is no such file; {remedy}") from None
    except IsADirectoryError:
        raise LipwrightError(f"{label}: is a folder, not a file; {remedy}") from None
    except PermissionError:
        raise LipwrightError(f"{label}: may not be read; change its permissions") from None
    except _READ_ERRORS as error:
        raise LipwrightError(f"{label}: is not a readable .npz archive ({error}); {remedy}") from error


def _check_total(archive: zipfile.ZipFile, label: str, remedy: str, max_bytes: int) -> None:
    total = sum(info.file_size for info in archive.infolist())
    if total > max_bytes:
        raise LipwrightError(f"{label}: declares {total:,} bytes, over the limit of {max_bytes:,}; {remedy}")


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: Data | None) -> AnyArray:
    if not info.filename.endswith(".npy"):
        raise ValueError(f"'{info.filename}' is not an array")
    content = member_data(archive, info, data, info.file_size)
    stream = MemoryFile(content)
    shape, fortran, dtype = _read_header(stream)
    header_length = stream.tell()
    count = math.prod(shape)
    if dtype.kind not in _ALLOWED_KINDS or min(shape, default=0) < 0:
        raise ValueError(f"'{info.filename}' does not hold plain numbers or text")
    if header_length + count * dtype.itemsize != info.file_size:
        raise ValueError(f"'{info.filename}' declares shape {shape} but holds {info.file_size} bytes")
    if len(content) != info.file_size:
        raise ValueError(f"'{info.filename}' ends early")
    flat: AnyArray = np.frombuffer(content, dtype=dtype, count=count, offset=header_length)
    usable = flat if data is not None and flat.flags.aligned else flat.copy()
    return usable.reshape(shape, order="F" if fortran else "C")


def _read_header(stream: MemoryFile) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(stream)
    except Exception as error:
        # NumPy hands a header to Python's tokenizer and parser, which fail in many ways of their own.
        raise ValueError("an array's header is damaged") from error
    raise ValueError(f"array format {version} is not supported")


def npz_bytes(arrays: Mapping[str, AnyArray]) -> bytes:
    """Packs arrays as an .npz whose bytes depend on the arrays alone (stored, fixed dates, sorted names)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            write_aligned(archive, fixed_zip_info(f"{name}.npy"), member.getvalue())
    return buffer.getvalue()


def fixed_zip_info(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """Returns a zip entry with a fixed date and plain file permissions, so that archives are reproducible."""
    info = zipfile.ZipInfo(name, _FIXED_DATE)
    info.compress_type = compression
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    return info
