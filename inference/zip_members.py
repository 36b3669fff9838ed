"""Reads the members of a zip in memory in place: what is stored uncompressed is neither copied nor moved.

A model is some 15 MB, and fresh memory for each copy of it costs more than animating a line.
"""

import io
import os
import struct
import zipfile
import zlib
from typing import TypeAlias

Data: TypeAlias = bytes | memoryview

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\3\4"
_ENCRYPTED = 1
_ALIGNMENT = 64
_PADDING_ID = 0xD935
"""The extra field of Android's zipalign: tag, length, alignment, zeros."""
_PADDING = struct.Struct("<HHH")


class MemoryFile(io.RawIOBase):
    """Bytes in memory as a file; `io.BytesIO` would copy part of a larger block."""

    def __init__(self, data: Data) -> None:
        """Takes the bytes; they must not change."""
        self._data = memoryview(data)
        self._position = 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def tell(self) -> int:
        """Returns the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to an offset from the start, the position or the end.

        Raises:
            OSError: for a position before the start.
        """
        position = offset + (0, self._position, len(self._data))[whence]
        if position < 0:
            raise OSError("a position before the start")
        self._position = position
        return position

    def read(self, size: int = -1, /) -> bytes:
        """Returns the next bytes, all that are left for a negative size."""
        stop = len(self._data) if size < 0 else self._position + size
        piece = bytes(self._data[self._position : stop])
        self._position += len(piece)
        return piece


def open_zip(data: Data) -> zipfile.ZipFile:
    """Opens a zip in memory; `zipfile.BadZipFile` when it is none."""
    return zipfile.ZipFile(MemoryFile(data))


def member_data(archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: Data | None, limit: int) -> Data:
    """Returns a member's bytes, at most one more than `limit`, after comparing them with their checksum.

    Args:
        archive: the zip.
        info: one of its members.
        data: what `open_zip` was given; None for an archive in a file.
        limit: bytes that the member may have.

    Raises:
        BadZipFile: when the member is damaged, and what else `zipfile` raises for those that it reads.
    """
    if data is None or info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED:
        with archive.open(info) as stream:
            return stream.read(limit + 1)
    whole = memoryview(data)
    header = whole[info.header_offset : info.header_offset + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size or bytes(header[:4]) != _SIGNATURE:
        raise zipfile.BadZipFile(f"no local header of {info.filename!r}")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    member = whole[start : start + info.file_size]
    if len(member) != info.file_size or zlib.crc32(member) != info.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 of {info.filename!r}")
    return member


def write_aligned(archive: zipfile.ZipFile, info: zipfile.ZipInfo, content: bytes) -> None:
    """Adds a member whose bytes begin at a multiple of 64: arrays in it can be used where they lie."""
    if archive.fp is None:
        raise ValueError("the archive is closed")
    begin = archive.fp.tell() + _LOCAL_HEADER.size + len(info.filename.encode()) + _PADDING.size
    rest = -begin % _ALIGNMENT
    info.extra = _PADDING.pack(_PADDING_ID, rest + 2, _ALIGNMENT) + bytes(rest)
    archive.writestr(info, content)
