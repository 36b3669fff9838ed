"""Makes an output folder ready: it holds the results, the reports, and one folder of the batch's own."""

import contextlib
import shutil
from pathlib import Path

from ..atomic_file import cannot_write
from ..errors import LipwrightError
from .safe_names import FOLDER

LEDGER_NAME = "ledger.sqlite"
_PARTS = "parts"


def prepare_folder(output: Path, *, dry_run: bool) -> Path | None:
    """Makes the folder where it is missing.

    Returns:
        The ledger's path; None in a dry run where there is none yet.

    Raises:
        LipwrightError: when the folder cannot hold results.
    """
    ledger = output / FOLDER / LEDGER_NAME
    if dry_run:
        return ledger if ledger.exists() else None
    try:
        parts_folder(output).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise LipwrightError(f"{output}: is no folder and cannot hold results; choose another") from None
    except OSError as error:
        raise cannot_write(output, error) from error
    return ledger


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
