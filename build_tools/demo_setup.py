"""`build.py demo`: what the demo needs, then the demo itself (`build_tools.demo.run`) inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build_tools import environments
from build_tools.console import BuildError, run
from build_tools.extension import zip_for_this_machine
from build_tools.paths import ROOT, SAMPLE_LINES
from build_tools.system_parts import BLENDER, DRAWING, require_parts

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_LINE = SAMPLE_LINES / "every_voice.wav"


def make_demo(wav: Path | None, blender: str, output: Path, *, emotion: str, quick: bool) -> int:
    """Set up, then animate and film a line, and return the exit status.

    Args:
        wav: the line of dialogue; None takes the bundled one.
        blender: the Blender version. The default one runs the add-on as it lies in the repository; any other
            has the built extension installed into it.
        output: the folder that receives the film, the .blend and the contact sheet.
        emotion: such as "joy=0.6,anger=0.2"; empty for neutral.
        quick: film with Blender's Workbench instead of Cycles.

    Raises:
        BuildError: for a line that is not there, or a machine that lacks something.
    """
    line = (wav or SAMPLE_LINE).resolve()
    if not line.is_file():
        message = f"{line} does not exist; give --wav the path of a sound file."
        raise BuildError(message)
    require_parts(BLENDER | (DRAWING if quick else {}))
    python = environments.ensure(environments.RUNTIME)
    command: list[str | Path] = [python, "-m", "build_tools.demo.run", "--wav", line, "-o", output.resolve()]
    if emotion:
        command += ["--emotion", emotion]
    if quick:
        command.append("--quick")
    if blender == environments.DEFAULT_BLENDER:
        command += ["--blender-python", python]
    else:
        command += ["--blender-python", environments.ensure(environments.blender_environment(blender))]
        command += ["--extension-zip", zip_for_this_machine()]
    return run(command, cwd=ROOT)
