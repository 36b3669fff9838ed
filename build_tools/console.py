"""Talking to the person at the terminal, and starting programs."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class BuildError(Exception):
    """Something a person can put right; the message is one sentence that says how."""


def say(message: str) -> None:
    """Print a line at once, so that it stands in order with what started programs print."""
    print(message, flush=True)


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program with our own standard output and error, and return its exit status.

    Args:
        command: the program and its arguments.
        cwd: the folder to run in.
        env: variables to set on top of our own.
    """
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode


def require(command: Sequence[str | Path], problem: str, *, cwd: Path | None = None) -> None:
    """Run a program that must succeed.

    Raises:
        BuildError: with `problem` as its sentence, where it did not.
    """
    if run(command, cwd=cwd) != 0:
        raise BuildError(problem)
