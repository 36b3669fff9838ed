"""Writes the lock files in `requirements/` (*.txt) anew from the wish lists beside them (*.in).

Usage, with `uv` on PATH: python build_tools/lock.py
"""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "requirements"
PYTHONS = {"blender-5.2.3": "3.13", "extension-cp313": "3.13"}  # all others: 3.11
UNRESOLVED = {"extension-cp311", "extension-cp313"}  # complete as written, see their first lines
UNHASHED = {"torch"}


def lock(wishes: Path) -> None:
    """Write NAME.txt beside NAME.in: every version pinned, every file's hash."""
    name = wishes.stem
    command = ["uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--no-header"]
    command += ["--python-version", PYTHONS.get(name, "3.11"), wishes.name, "--output-file", f"{name}.txt"]
    if name in UNRESOLVED:
        command.append("--no-deps")
    if name not in UNHASHED:
        command.append("--generate-hashes")
    subprocess.run(command, cwd=HERE, check=True)


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.in")):
        if path.stem in UNHASHED:
            continue  # torch.txt is written by hand: one line
        lock(path)
        print(f"{path.stem}.txt")
