"""Writes a file whole or not at all."""

import contextlib
import contextvars
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import LipwrightError


def _read_umask() -> int:
    """Returns the process's umask; asking sets it for a moment, so it is done once, before threads run."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


_UMASK = _read_umask()
_LEFT_TO_CALLER = contextvars.ContextVar("left_to_caller", default=False)
_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up: free some space or choose another folder",
    errno.EACCES: "writing there is not permitted: choose another folder",
    errno.EPERM: "writing there is not permitted: choose another folder",
    errno.EROFS: "that disk is read-only: choose another folder",
    errno.ENOENT: "its folder does not exist: make it first or choose another",
    errno.ENOTDIR: "its folder is a file: choose another folder",
    errno.EISDIR: "a folder has that name: choose another name",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.EFBIG: "the disk takes no file that large: choose another folder or leave the vertices out",
}


def cannot_write(path: Path, error: OSError) -> LipwrightError:
    """Returns the sentence for a failed write."""
    remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror or error}: choose another folder")
    return LipwrightError(f"{path}: cannot be written; {remedy}")


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Gives a temporary path beside `path` and puts the finished file in place when the block ends well.

    Whatever goes wrong, `path` keeps what it held and the temporary file is removed.

    Raises:
        LipwrightError: when the file cannot be written, with the reason and what to do.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".lipwright-", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise cannot_write(path, error) from error
    temporary = Path(name)
    try:
        yield temporary
        _finish(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def flushed_by_caller() -> Iterator[None]:
    """Leaves it to the caller to `flush_to_disk` what `atomic_path` writes in this block.

    Waiting for a disk takes a tenth of a batch's line, in which another one could be animated.
    """
    token = _LEFT_TO_CALLER.set(True)
    try:
        yield
    finally:
        _LEFT_TO_CALLER.reset(token)


def flush_to_disk(path: Path) -> None:
    """Waits until a file's content would survive a power cut.

    Raises:
        OSError: when the disk cannot take it.
    """
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _finish(temporary: Path, path: Path) -> None:
    """Flushes to the disk, gives ordinary permissions (mkstemp's are private) and renames."""
    if not _LEFT_TO_CALLER.get():
        flush_to_disk(temporary)
    temporary.chmod(0o666 & ~_UMASK)
    temporary.replace(path)
