"""`build.py extension`: one folder with everything in it, made into zips by Blender's own tool."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from build_tools import environments
from build_tools.console import BuildError, require, say
from build_tools.paths import BUILD, DEFAULT_MODEL, DIST, HEAD, ROOT, SAMPLE_LINES, shown
from build_tools.wheels import PLATFORMS, Platform, fetch_wheels

if TYPE_CHECKING:
    from pathlib import Path

BLENDER_TOOL = "lib*/**/bl_pkg/cli/blender_ext.py"
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def this_platform() -> str:
    """Return this machine's platform as Blender's manifest spells it."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x64"
    return f"{system}-{machine}"


def build_extension(names: list[str]) -> list[Path]:
    """Stage, build and validate the extension's zip for each of the named platforms, and return their paths.

    Raises:
        BuildError: for an unknown platform, a missing part, or a zip that Blender's tool refuses.
    """
    chosen = [wanted for wanted in PLATFORMS if wanted.name in names]
    unknown = sorted(set(names) - {wanted.name for wanted in chosen})
    if unknown:
        message = f"There are no wheels for {', '.join(unknown)}; choose from {_platform_names()}."
        raise BuildError(message)
    python, tool = _blender_tool()
    stage = BUILD / "extension"
    _stage(stage)
    _add_wheels(stage, chosen, python)
    zips = _build(stage, chosen, python, tool)
    for archive in zips:
        require([python, tool, "validate", archive], f"Blender's tool refuses {archive.name}, see above.")
        say(f"{shown(archive)}  {archive.stat().st_size / 1e6:.1f} MB, validated")
    return zips


def zip_for_this_machine() -> Path:
    """Build the extension for this machine alone and return its zip."""
    return build_extension([this_platform()])[0]


def _platform_names() -> str:
    return ", ".join(wanted.name for wanted in PLATFORMS)


def _blender_tool() -> tuple[Path, Path]:
    """Return an interpreter and Blender's extension tool, from an environment with a Blender at hand."""
    newest = environments.blender_environment(environments.DEFAULT_BLENDER)
    environment = newest if newest.executable.is_file() else environments.RUNTIME
    python = environments.ensure(environment)
    tools = sorted(environment.path.glob(BLENDER_TOOL))
    if not tools:
        message = (
            f"Blender's extension tool is not in {environment.folder}; delete that folder and try again."
        )
        raise BuildError(message)
    return python, tools[-1]


def _stage(stage: Path) -> None:
    """Lay out the extension as Blender will unpack it: add-on, `inference` and data in one folder."""
    for part in (DEFAULT_MODEL, HEAD):
        if not part.is_file():
            message = f"{shown(part)} is missing; it belongs to the repository."
            raise BuildError(message)
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(ROOT / "blender_addon", stage, ignore=NOT_SHIPPED)
    shutil.copytree(ROOT / "inference", stage / "inference", ignore=NOT_SHIPPED)
    for source in (HEAD, *sorted((ROOT / "assets" / "models").glob("*.lipmodel")), *_line_files()):
        target = stage / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "LICENSE", stage / "LICENSE")


def _line_files() -> list[Path]:
    return sorted(path for path in SAMPLE_LINES.iterdir() if path.suffix in {".wav", ".tsv", ".md"})


def _add_wheels(stage: Path, chosen: list[Platform], python: Path) -> None:
    """Copy the wheels in and list them, with the platforms, in the staged manifest."""
    folder = stage / "wheels"
    folder.mkdir()
    names: set[str] = set()
    for wanted in chosen:
        for wheel in fetch_wheels(python, wanted):
            shutil.copyfile(wheel, folder / wheel.name)
            names.add(wheel.name)
    manifest = stage / "blender_manifest.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(_with_lists(text, chosen, sorted(names)), encoding="utf-8")


def _with_lists(manifest: str, chosen: list[Platform], wheels: list[str]) -> str:
    """Return the manifest with its two empty lists, platforms and wheels, filled in.

    Raises:
        BuildError: where it has no such lists.
    """
    lists = {
        "platforms = []\n": f"platforms = {json.dumps([wanted.name for wanted in chosen])}\n",
        "wheels = []\n": f"wheels = {json.dumps([f'./wheels/{name}' for name in wheels], indent=2)}\n",
    }
    for empty, filled in lists.items():
        if manifest.count(f"\n{empty}") != 1:
            message = f"blender_manifest.toml must have one line `{empty.strip()}` for build.py to fill in."
            raise BuildError(message)
        manifest = manifest.replace(f"\n{empty}", f"\n{filled}")
    return manifest


def _build(stage: Path, chosen: list[Platform], python: Path, tool: Path) -> list[Path]:
    fresh = BUILD / "zips"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    command: list[str | Path] = [
        python,
        tool,
        "build",
        "--source-dir",
        stage,
        "--output-dir",
        fresh,
        "--split-platforms",
    ]
    require(command, "Blender's tool could not build the extension, see above.")
    DIST.mkdir(exist_ok=True)
    zips = [archive.replace(DIST / archive.name) for archive in sorted(fresh.glob("*.zip"))]
    if len(zips) != len(chosen):
        message = f"Blender's tool made {len(zips)} zips instead of {len(chosen)}."
        raise BuildError(message)
    return zips
