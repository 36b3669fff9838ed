"""Tries the extension as an animator does: a real Blender window, with clicks and drags, on a virtual screen.

Needs a Blender of 4.2 or later with a window system (the bpy wheels have none), Xvfb and ImageMagick. The
events are Blender's own (`--enable-event-simulate`), so that what they reach is what a mouse would reach.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from build_tools.console import BuildError, say
from build_tools.extension import zip_for_this_machine
from build_tools.paths import BUILD, ROOT, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (4, 2)
SIZE = (1600, 1300)
#: Software rendering on a busy machine is slow; a hang is slower.
SECONDS = 600
#: The virtual screen, and what takes its pictures, with Debian's packages.
TOOLS = {"Xvfb": "xvfb", "import": "imagemagick"}
PICTURES = BUILD / "gui"


def run_gui_test(blender: str) -> int:
    """Click, drag and look; say what held and where the pictures are.

    Args:
        blender: Name or path of the program.

    Returns:
        0 where everything held.

    Raises:
        BuildError: Blender or Xvfb is missing, or Blender ended without a result.
    """
    program = _blender(blender)
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            raise BuildError(f"{tool} is missing; on Debian: apt-get install {package}")
    archive = zip_for_this_machine()
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="lipwright-gui-", dir=BUILD) as folder, _screen() as display:
        checks = _play(program, archive, Path(folder), display)
    for check in checks:
        say(f"{'ok    ' if check['holds'] else 'FAILED'}  {check['what']}  ({check['seen']})")
    say(f"pictures: {shown(PICTURES)}")
    return 0 if checks and all(check["holds"] for check in checks) else 1


def _blender(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise BuildError(f"There is no Blender '{name}'; install one, or name it with --blender.")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Blender (\d+)\.(\d+)", told)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise BuildError(f"{program} is no Blender of {OLDEST[0]}.{OLDEST[1]} or later; choose another.")
    say(f"{told.splitlines()[0]}")
    return program


@contextmanager
def _screen() -> Iterator[str]:
    """Lend a virtual screen and yield its DISPLAY."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{SIZE[0]}x{SIZE[1]}x24",
        "-nolisten",
        "tcp",
    ]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as told:
                number = told.readline().strip()
            if not number:
                raise BuildError("Xvfb does not start; try it by hand: Xvfb :99")
            yield f":{number}"
        finally:
            server.terminate()


def _play(program: str, archive: Path, folder: Path, display: str) -> list[dict[str, str | bool]]:
    """Run the steps in Blender and return what they found."""
    result, log = folder / "checks.json", PICTURES / "blender.log"
    (folder / "run").mkdir(mode=0o700)
    environment = os.environ | {
        "DISPLAY": display,
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "BLENDER_USER_RESOURCES": str(folder / "user"),
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "GALLIUM_DRIVER": "llvmpipe",
    }
    steps = ROOT / "build_tools" / "gui_steps.py"
    command = [
        *(
            program,
            "--factory-startup",
            "--gpu-backend",
            "opengl",
            "--enable-event-simulate",
            "--no-window-focus",
        ),
        *("--window-geometry", "0", "0", *map(str, SIZE), "--python-exit-code", "1", "--python", str(steps)),
        *("--", str(archive), str(folder), str(PICTURES), str(result)),
    ]
    with log.open("w", encoding="utf-8") as stream:
        try:
            subprocess.run(
                command, env=environment, stdout=stream, stderr=stream, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise BuildError(f"Blender did not finish within {SECONDS} s; see {shown(log)}.") from None
    if not result.is_file():
        raise BuildError(f"Blender ended without a result; see {shown(log)}.")
    checks: list[dict[str, str | bool]] = json.loads(result.read_text(encoding="utf-8"))
    return checks
