"""Makes an output folder ready: it holds the results, the reports, and one folder of the batch's own."""

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from ..atomic_file import cannot_write
from ..errors import LipwrightError
from .safe_names import FOLDER

LEDGER_NAME = "ledger.sqlite"
_PARTS = "parts"


def prepare_folder(output: Path) -> Path:
    """Makes the folder where it is missing and returns the ledger's path.

    Raises:
        LipwrightError: when the folder cannot hold results.
    """
    try:
        _parts_folder(output).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=_parts_folder(output)):
            pass  # a disk that takes no files says so here and not line by line
    except (FileExistsError, NotADirectoryError):
        raise LipwrightError(f"{output}: is no folder and cannot hold results; choose another") from None
    except OSError as error:
        raise cannot_write(output, error) from error
    return output / FOLDER / LEDGER_NAME


@contextlib.contextmanager
def ledger_copy(output: Path) -> Iterator[Path | None]:
    """Gives a copy of the ledger to look at, or None where there is none; the folder is not touched."""
    ledger = output / FOLDER / LEDGER_NAME
    with tempfile.TemporaryDirectory(prefix="lipwright-") as name:
        copy = Path(name) / LEDGER_NAME
        for source in (ledger, ledger.with_name(f"{LEDGER_NAME}-wal")):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                shutil.copyfile(source, copy.with_name(source.name))
        yield copy if copy.exists() else None


@contextlib.contextmanager
def run_folder(output: Path) -> Iterator[Path]:
    """Gives the folder where a run's results wait under temporary names until they are put in place.

    Each run has its own, and what others left is removed: a worker that outlives its killed run by a moment
    then finds no folder, and cannot leave a result behind. Only while the ledger is locked, as the others
    may else be running.

    Raises:
        LipwrightError: when the folder cannot be made.
    """
    _remove_leftovers(output)
    folder = _parts_folder(output).absolute() / uuid.uuid4().hex
    try:
        folder.mkdir()
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        yield folder
    finally:
        _remove_leftovers(output)


def _parts_folder(output: Path) -> Path:
    return output / FOLDER / _PARTS


def _remove_leftovers(output: Path) -> None:
    with contextlib.suppress(OSError):
        for path in _parts_folder(output).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(_out_of_reach(path), ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _out_of_reach(folder: Path) -> Path:
    """Returns a folder under a new name, so that nobody adds to it while it is being emptied."""
    renamed = folder.with_name(uuid.uuid4().hex)
    try:
        return folder.rename(renamed)
    except OSError:  # Windows keeps the name of a folder that has open files
        return folder
