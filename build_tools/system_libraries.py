"""The shared libraries that Blender's wheels expect from the system, and the packages that bring them.

Run as a program (`python3 -m build_tools.system_libraries`), it prints the Debian packages that are missing.
"""

from __future__ import annotations

import ctypes
import sys

from build_tools.console import BuildError

# Read off the bpy modules of Blender 4.2 to 5.2 with `ldd`, less what every Debian has.
DEBIAN_PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libgomp.so.1": "libgomp1",
}


def missing_libraries() -> dict[str, str]:
    """Return the libraries that cannot be loaded, with the Debian package of each; empty except on Linux."""
    if not sys.platform.startswith("linux"):
        return {}
    return {name: package for name, package in DEBIAN_PACKAGES.items() if not _loads(name)}


def require_system_libraries() -> None:
    """Check that Blender's wheels will find what they need.

    Raises:
        BuildError: naming every missing library and the command that installs them all.
    """
    missing = missing_libraries()
    if missing:
        message = (
            f"Blender needs system libraries that this machine lacks: {', '.join(missing)}. "
            "On Debian and Ubuntu install them, as root, with: "
            f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing.values())}"
        )
        raise BuildError(message)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print(" ".join(missing_libraries().values()))
