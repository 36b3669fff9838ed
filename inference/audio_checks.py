"""Looks at a sound file before it is decoded and says in one sentence what is wrong with it."""

import codecs
import struct
from pathlib import Path

from .errors import LipwrightError

_HEAD_BYTES = 4096
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Data sizes that programs write when they stream and do not know the length yet."""
_STREAMED_FROM = 0x7FFFF000
_LARGEST_OGG_PAGE = 65_307
_OGG_END_OF_STREAM = 4
_CONVERT = "convert it to WAV, FLAC, OGG or MP3"


def check_sound_file(path: Path) -> None:
    """Refuses what cannot be a whole sound file.

    Raises:
        LipwrightError: for a missing, unreadable, empty or truncated file, a folder, or text.
    """
    size = _file_size(path)
    if size == 0:
        raise LipwrightError(f"{path}: is empty (0 bytes); copy or export it again")
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        raise LipwrightError(f"{path}: may not be read ({error.strerror}); check its permissions") from error
    if _is_text(head):
        raise LipwrightError(f"{path}: holds text, not sound; {_CONVERT}")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        _check_wav_length(path, size)
    if head[:4] == b"OggS":
        _check_ogg_end(path, size)


def not_decodable(path: Path, reason: str) -> LipwrightError:
    """Returns the error for a file that the decoder refuses."""
    return LipwrightError(f"{path}: is not a sound file that can be read ({reason}); {_CONVERT}")


def ends_early(path: Path, found: float, promised: float) -> LipwrightError:
    """Returns the error for a file with `found` of `promised` seconds."""
    return LipwrightError(
        f"{path}: is cut off ({found:.2f} s of the {promised:.2f} s that its header promises); "
        "copy or export it again"
    )


def _file_size(path: Path) -> int:
    try:
        if path.is_dir():
            raise LipwrightError(f"{path}: is a folder, not a sound file; name the files in it")
        if not path.exists():
            raise LipwrightError(f"{path}: there is no such file; check the path")
        if not path.is_file():
            raise LipwrightError(f"{path}: is not an ordinary file; copy the sound to a file first")
        return path.stat().st_size
    except (OSError, ValueError) as error:
        raise LipwrightError(f"{path}: cannot be reached ({error}); check the path") from error


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # may end within a character
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\ufeff" for character in text)


def _check_wav_length(path: Path, size: int) -> None:
    """Compares the size that a WAV declares with what the file holds; libsndfile would not complain."""
    with path.open("rb") as stream:
        position, rate_bytes = 12, 0
        while position + 8 <= size:
            stream.seek(position)
            name, length = struct.unpack("<4sI", stream.read(8))
            if name == b"fmt ":
                rate_bytes = _byte_rate(stream.read(16))
            if name == b"data":
                _check_data_chunk(path, size - position - 8, length, rate_bytes)
                return
            position += 8 + length + (length & 1)
    raise LipwrightError(f"{path}: is cut off before its sound begins; copy or export it again")


def _check_ogg_end(path: Path, size: int) -> None:
    """Looks for the end-of-stream mark on the last page (RFC 3533); libsndfile would just stop early."""
    with path.open("rb") as stream:
        stream.seek(max(0, size - _LARGEST_OGG_PAGE))
        tail = stream.read()
    page = tail.rfind(b"OggS")
    flags = tail[page + 5 : page + 6]
    if page < 0 or not flags or not flags[0] & _OGG_END_OF_STREAM:
        raise LipwrightError(f"{path}: is cut off before its end; copy or export it again")


def _byte_rate(fmt: bytes) -> int:
    """Returns the bytes per second that a format chunk declares, or 0 when it is cut off."""
    return int.from_bytes(fmt[8:12], "little")


def _check_data_chunk(path: Path, available: int, declared: int, rate_bytes: int) -> None:
    if declared in _UNKNOWN_SIZES or declared >= _STREAMED_FROM or declared <= available:
        return
    if rate_bytes:
        raise ends_early(path, available / rate_bytes, declared / rate_bytes)
    raise LipwrightError(
        f"{path}: is cut off ({available} of the {declared} bytes that its header promises); "
        "copy or export it again"
    )
