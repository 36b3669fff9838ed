"""Finding the Python that a Blender was built for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from build_tools.console import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"


def find_python(version: str) -> Path | None:
    """Return an interpreter of that version, such as "3.13", that really runs; None where there is none."""
    for candidate in _candidates(version):
        if _version_of(candidate) == version:
            return candidate
    return None


def require_venv_module(python: Path) -> None:
    """Check that the interpreter can make virtual environments.

    Raises:
        BuildError: naming the package that Debian keeps apart.
    """
    probe = [str(python), "-c", "import venv, ensurepip"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        message = (
            f"{python} cannot make virtual environments: its venv module is missing. "
            "On Debian and Ubuntu install it with: apt-get install -y python3-venv"
        )
        raise BuildError(message)


def _candidates(version: str) -> Iterator[Path]:
    """Yield where an interpreter may lie: this one, PATH's folders, pyenv's versions, the usual prefixes."""
    yield Path(sys.executable)
    name = f"python{version}"
    for folder in os.get_exec_path():
        found = shutil.which(name, path=folder)
        if found:
            yield Path(found)
    pyenv_roots = [Path(os.environ["PYENV_ROOT"])] if os.environ.get("PYENV_ROOT") else []
    pyenv_roots.append(Path.home() / ".pyenv")
    for root in pyenv_roots:
        yield from sorted(root.glob(f"versions/{version}*/bin/{name}"), reverse=True)
    for prefix in ("/usr/local", "/usr", "/opt/homebrew"):
        yield Path(prefix, "bin", name)


def _version_of(python: Path) -> str | None:
    """Return "MAJOR.MINOR" as the interpreter itself prints it; None for a shim with nothing behind it."""
    if not python.is_file():
        return None
    try:
        probe = subprocess.run(
            [str(python), "-c", PROBE], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return probe.stdout.strip() if probe.returncode == 0 else None
