"""What Blender's wheels and virtual environments expect from the system, and the packages that bring it.

Run as a program (`python3 -m build_tools.system_libraries`), it prints the Debian packages that are missing.
"""

from __future__ import annotations

import ctypes
import importlib.util
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
DRAWING_PACKAGES = {"libEGL.so.1": "libegl1", "libEGL_mesa.so.0": "libegl-mesa0 libgl1-mesa-dri"}


def missing_parts(*, drawing: bool = False) -> dict[str, str]:
    """Return what this machine lacks, with the Debian package of each; empty except on Linux.

    Args:
        drawing: whether Blender is to draw as its viewport does, for which it needs OpenGL.
    """
    if not sys.platform.startswith("linux"):
        return {}
    wanted = DEBIAN_PACKAGES | (DRAWING_PACKAGES if drawing else {})
    missing = {name: package for name, package in wanted.items() if not _loads(name)}
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it apart from Python
        missing["Python's venv module"] = "python3-venv"
    return missing


def require_system_libraries(*, drawing: bool = False) -> None:
    """Check that environments can be made and that Blender's wheels will find what they need.

    Args:
        drawing: see `missing_parts`.

    Raises:
        BuildError: naming everything that is missing and the command that installs it all.
    """
    missing = missing_parts(drawing=drawing)
    if missing:
        message = (
            f"Blender needs parts of the system that this machine lacks: {', '.join(missing)}. "
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
    print(" ".join(missing_parts().values()))
