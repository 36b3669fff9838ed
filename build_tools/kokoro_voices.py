"""Kokoro's voices, taken out of a package of npm: tables of numbers, of which training reads nothing else."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from build_tools.console import BuildError, say
from build_tools.paths import BUILD

PACKAGE = "kokoro-js@1.2.1"
FOLDER = BUILD / "kokoro-voices"
_SHA512 = (
    "a2ad076495a2b37b7c94446430987ce162d4f3a769603d04b813eda989cb950c"
    "f214fd4e9320510dcc1e02a09f84d3a996dc8df63fdace9d47eaeb82e3b81287"
)
_INSIDE = "package/voices/"
#: A voice's size in bytes, and how many there are.
_SIZE, COUNT = 510 * 256 * 4, 54


def ensure_kokoro_voices() -> Path:
    """Return the folder of the voices, fetched where they are missing.

    Raises:
        BuildError: npm is missing, the registry is out of reach, or what came is another package.
    """
    if len(list(FOLDER.glob("*.bin"))) == COUNT:
        return FOLDER
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError(
            "npm, which fetches Kokoro's voices, is not on this machine; install it "
            "(on Debian: apt-get install npm)."
        )
    say(f"Fetching Kokoro's voices ({PACKAGE}, 27 MB) ...")
    with tempfile.TemporaryDirectory() as folder:
        unpack_voices(_fetch(npm, Path(folder)), FOLDER)
    return FOLDER


def _fetch(npm: str, folder: Path) -> Path:
    command = [npm, "pack", PACKAGE, "--silent", "--ignore-scripts", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(folder.glob("*.tgz"))
    if done.returncode or len(found) != 1:
        raise BuildError(
            f"npm could not fetch {PACKAGE} ({done.stderr.strip()[-200:]}); is its registry within reach?"
        )
    if hashlib.sha512(found[0].read_bytes()).hexdigest() != _SHA512:
        raise BuildError(f"what npm fetched as {PACKAGE} is not the package that is meant; try again.")
    return found[0]


def unpack_voices(archive: Path, folder: Path) -> None:
    """Write a package's voices into a new folder, which gets its name once it is whole.

    Args:
        archive: The package; nothing else in it is looked at.
        folder: Made anew.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made, tarfile.open(archive) as package:
        whole = Path(made) / folder.name
        whole.mkdir()
        for member in package.getmembers():
            name = member.name.removeprefix(_INSIDE)
            if name == member.name or not member.isfile() or member.size != _SIZE or "/" in name:
                continue
            content = package.extractfile(member)
            assert content is not None  # noqa: S101 - it is a file
            (whole / name).write_bytes(content.read())
        shutil.rmtree(folder, ignore_errors=True)
        whole.rename(folder)
