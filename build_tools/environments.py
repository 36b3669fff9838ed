"""The virtual environments, each made from a lock file and brought up to date when that changes."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from build_tools.console import BuildError, require, say
from build_tools.interpreters import find_python, require_venv_module
from build_tools.paths import REQUIREMENTS, ROOT

if TYPE_CHECKING:
    from pathlib import Path

STAMP = "lipwright-lock.sha256"


@dataclass(frozen=True)
class Environment:
    """A virtual environment, its Python, and the lock files that fill it.

    Attributes:
        folder: where it lies, relative to the repository.
        python: the version of its interpreter, "MAJOR.MINOR".
        locks: stems of files in `requirements/`, installed in this order.
        purpose: what it is for, told when it is made.
    """

    folder: str
    python: str
    locks: tuple[str, ...]
    purpose: str

    @property
    def path(self) -> Path:
        """The environment's folder."""
        return ROOT / self.folder

    @property
    def executable(self) -> Path:
        """The environment's interpreter."""
        return self.path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


BLENDER_PYTHON = {"4.2.23": "3.11", "4.5.15": "3.11", "5.0.1": "3.11", "5.2.3": "3.13"}
DEFAULT_BLENDER = "5.0.1"  # the one in requirements/runtime.in

RUNTIME = Environment(".venv", "3.11", ("runtime",), "Blender 5.0.1 and inference, about 1 GB")
DEV = Environment(".venvs/dev", "3.11", ("dev", "voices", "torch"), "tests and training, about 1.8 GB")
READERS = Environment(".venvs/readers", "3.11", ("readers",), "others' readers of exported files, 300 MB")


def blender_environment(version: str) -> Environment:
    """Return the environment of one Blender version, with NumPy and pytest and nothing of ours.

    Raises:
        BuildError: for a version that is not supported.
    """
    if version not in BLENDER_PYTHON:
        known = ", ".join(BLENDER_PYTHON)
        message = f"Blender {version} is not one of the supported versions; choose from {known}."
        raise BuildError(message)
    lock = (f"blender-{version}",)
    return Environment(f".venvs/blender-{version}", BLENDER_PYTHON[version], lock, f"Blender {version}, 1 GB")


def ensure(environment: Environment) -> Path:
    """Make the environment, or bring it up to date where its lock files changed, and return its interpreter.

    Raises:
        BuildError: where its Python is missing or an installation fails.
    """
    wanted = _lock_hash(environment)
    stamp = environment.path / STAMP
    if environment.executable.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return environment.executable
    if not environment.executable.is_file():
        _create(environment)
    for lock in environment.locks:
        _install(environment, REQUIREMENTS / f"{lock}.txt")
    stamp.write_text(wanted)
    return environment.executable


def _create(environment: Environment) -> None:
    python = find_python(environment.python)
    if python is None:
        message = f"Python {environment.python}, needed for {environment.folder}, is not on this machine."
        raise BuildError(message)
    require_venv_module(python)
    say(f"Making {environment.folder} ({environment.purpose}) ...")
    require([python, "-m", "venv", environment.path], f"{environment.folder} could not be made, see above.")


def _install(environment: Environment, lock: Path) -> None:
    say(f"Installing {lock.relative_to(ROOT)} into {environment.folder} ...")
    command: list[str | Path] = [
        environment.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
    ]
    command += ["--no-warn-script-location", "-r", lock]
    if not sys.stdout.isatty():
        command.append("--quiet")
    require(command, f"Installing {lock.name} failed, see above; is a package registry within reach?")


def _lock_hash(environment: Environment) -> str:
    digest = hashlib.sha256(environment.python.encode())
    for lock in environment.locks:
        digest.update((REQUIREMENTS / f"{lock}.txt").read_bytes())
    return digest.hexdigest()
