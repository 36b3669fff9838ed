"""`python -m build_tools.demo.run`: one line of dialogue to .blend, .mp4 and contact sheet."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile

from build_tools.demo.contact_sheet import Tile, pick_frames, write_contact_sheet
from build_tools.demo.video import write_video
from build_tools.paths import ROOT

TILES = 12
BLEND, FILM, SHEET = "demo.blend", "demo.mp4", "demo_contact_sheet.png"
INTERRUPTED = 130


@dataclass(frozen=True)
class AnimatedLine:
    """What came out of Blender.

    Attributes:
        fps: frames a second of the scene.
        gap: [T] lip gap of every frame, in metres.
        pictures: [T] the rendered frames.
    """

    fps: Fraction
    gap: np.ndarray
    pictures: list[Path]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build.py demo", description=__doc__)
    parser.add_argument("--wav", type=Path, required=True, help="the line of dialogue")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder for the results")
    parser.add_argument(
        "--emotion", default="", help="a mix of the model's emotions; an unknown name lists them"
    )
    parser.add_argument("--blender-python", type=Path, default=Path(sys.executable), help="has bpy")
    parser.add_argument(
        "--quick", action="store_true", help="film as the viewport shows it: ten times faster"
    )
    parser.add_argument("--extension-zip", type=Path, help="install this extension instead of the checkout's")
    return parser.parse_args()


def animate(arguments: argparse.Namespace, folder: Path) -> AnimatedLine | None:
    """Run Blender on the line; None when it failed (it has said why).

    Blender is a process of its own: its interpreter can be another version, and the libraries that write the
    video would clash with the ones inside bpy.
    """
    command: list[str | Path] = [
        *(arguments.blender_python, ROOT / "build_tools" / "demo" / "animate_line.py"),
        *("--wav", arguments.wav, "--blend", folder / BLEND, "--frames", folder),
        *("--emotion", arguments.emotion),
    ]
    if arguments.quick:
        command.append("--quick")
    if arguments.extension_zip:
        command += ["--extension-zip", arguments.extension_zip]
    if subprocess.run(command, check=False).returncode:
        return None
    report = json.loads((folder / "line.json").read_text())
    pictures = sorted(folder.glob("frame_*.png"))
    return AnimatedLine(Fraction(report["fps"]), np.asarray(report["gap"]), pictures)


def phones_of(wav: Path) -> list[tuple[str, float, float]]:
    """Phones with start and end in seconds from a .tsv beside the line, as the sample lines have it.

    The captions are an extra: a file of that name with anything else in it gives none.
    """
    try:
        rows = wav.with_suffix(".tsv").read_text(encoding="utf-8").splitlines()[1:]
        cells = [row.split("\t") for row in rows]
        return [(phone, float(start), float(end)) for phone, start, end in cells]
    except (OSError, ValueError):
        return []


def _caption(phones: list[tuple[str, float, float]], time: float) -> str:
    return next((phone for phone, start, end in phones if start <= time < end), "")


def film(line: AnimatedLine, wav: Path, folder: Path) -> None:
    """Write the film and the contact sheet into `folder`."""
    samples, sample_rate = soundfile.read(wav, dtype="float32", always_2d=True)
    sound = samples.mean(axis=1)
    write_video(folder / FILM, line.pictures, line.fps, sound, sample_rate)
    phones = phones_of(wav)
    times = {index: float(index / line.fps) for index in pick_frames(line.gap, TILES)}
    tiles = [Tile(line.pictures[index], time, _caption(phones, time)) for index, time in times.items()]
    duration = len(line.gap) / float(line.fps)
    write_contact_sheet(folder / SHEET, wav.name, tiles, samples=sound, gap=line.gap, duration=duration)


def make_demo(arguments: argparse.Namespace) -> int:
    """Make all three files beside their places, then put them there; returns the exit status."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lipwright-demo-", dir=arguments.output) as name:
        folder = Path(name)
        line = animate(arguments, folder)
        if line is None:
            return 1
        film(line, arguments.wav, folder)
        for file in (BLEND, FILM, SHEET):
            (folder / file).replace(arguments.output / file)
    for file in (BLEND, FILM, SHEET):
        print(arguments.output / file)
    return 0


def main() -> int:
    """Make the demo; 1 with one sentence when that failed, 130 when interrupted."""
    arguments = _arguments()
    try:
        return make_demo(arguments)
    except KeyboardInterrupt:
        print("lipwright: interrupted; nothing was replaced", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        place = error.filename or arguments.output
        print(f"lipwright: error: {place}: {error.strerror or error}; choose another -o", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
