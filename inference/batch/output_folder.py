"""Makes an output folder ready: it holds the results, the reports, and one folder of the batch's own."""

import contextlib
import shutil
import tempfile
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
        parts_folder(output).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=parts_folder(output)):
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


def parts_folder(output: Path) -> Path:
    """Returns where finished results wait under temporary names until they are put in place."""
    return output / FOLDER / _PARTS


def remove_leftovers(output: Path) -> None:
    """Removes what a killed run left; only while the ledger is locked, as these may else be another's."""
    with contextlib.suppress(OSError):
        for path in parts_folder(output).iterdir():
            if path.is_file() or path.is_symlink():
                path.unlink(missing_ok=True)
            else:
                shutil.rmtree(path, ignore_errors=True)
