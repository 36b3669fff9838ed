"""Lipwright's commands where Blender is a module of Python, `pip install bpy`.

`python lipwright-0.1.0-PLATFORM.zip batch ...` runs the built extension: it is installed into a folder that
lasts as long as the command, unless BLENDER_USER_RESOURCES names one. `python -m blender_addon batch ...`
runs a checkout, and so does the path of this folder.
"""

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).resolve().parent
_RESOURCES = "BLENDER_USER_RESOURCES"
_REPOSITORY = "user_default"


def main(arguments: Sequence[str]) -> int:
    """Run one of the extension's commands and return its exit status."""
    # modules of a package, which by their bare names would hide others
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != _HERE]
    own_folder = (
        tempfile.mkdtemp(prefix="lipwright-") if _HERE.is_file() and _RESOURCES not in os.environ else None
    )
    if own_folder:
        os.environ[_RESOURCES] = own_folder  # Blender reads it once, and a batch's processes inherit it
    try:
        return int(_addon().cli(arguments))
    except ModuleNotFoundError as error:
        if error.name != "bpy":
            raise
        print(
            f"lipwright: error: {error}; `python -m pip install bpy` brings Blender as a module",
            file=sys.stderr,
        )
        return 1
    finally:
        if own_folder:
            shutil.rmtree(own_folder, ignore_errors=True)


def _addon() -> ModuleType:
    """Enable the extension and return it."""
    if _HERE.is_file():
        return _enabled(_installed(_HERE))
    if (_HERE / "inference").is_dir():
        return _enabled(f"bl_ext.{_HERE.parent.name}.{_HERE.name}")
    sys.path.insert(0, str(_HERE.parent))
    addon = importlib.import_module(_HERE.name)
    addon.register()
    return addon


def _installed(archive: Path) -> str:
    import bpy  # noqa: PLC0415 - after the folder of its settings is named

    bpy.ops.extensions.package_install_files(
        filepath=str(archive), repo=_REPOSITORY, enable_on_install=True, overwrite=True
    )
    return f"bl_ext.{_REPOSITORY}.lipwright"


def _enabled(name: str) -> ModuleType:
    import bpy  # noqa: F401, PLC0415, I001 - Blender's own modules are found once it is imported
    import addon_utils  # noqa: PLC0415

    addon_utils.enable(name, default_set=True)
    return sys.modules[name]


if __name__ == "__main__":
    status = main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)  # the wheels' teardown can hang or crash when all is done
