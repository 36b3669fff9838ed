#!/usr/bin/env python3
"""The one door to everything a person does with this repository; `build.py --help` lists it.

Plain standard library and Python 3.11 or newer: what a command needs beyond that, it installs into virtual
environments inside the repository, from lock files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this line is for those who run it with an older Python
    sys.exit("build.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0])

from build_tools import environments
from build_tools.console import BuildError


def demo(options: argparse.Namespace) -> int:
    """Animate a line on the bundled head and film it."""
    from build_tools.demo_setup import make_demo  # noqa: PLC0415 - each command loads only its own part

    return make_demo(
        options.wav, options.blender, options.output, emotion=options.emotion, quick=options.quick
    )


def test(options: argparse.Namespace) -> int:
    """Run every check."""
    from build_tools.checks import run_checks  # noqa: PLC0415

    return run_checks(options.only, options.blender, options.pytest)


def extension(options: argparse.Namespace) -> int:
    """Build the extension's zips."""
    from build_tools.extension import build_extension  # noqa: PLC0415

    build_extension(options.platform)
    return 0


def bench(options: argparse.Namespace) -> int:
    """Measure speed and memory."""
    if options.part == "batch":
        from build_tools.bench_batch import run_batch_bench  # noqa: PLC0415

        return run_batch_bench(options.lines, options.kills)
    from build_tools.bench import run_bench  # noqa: PLC0415

    return run_bench(quick=options.quick)


def gui_test(options: argparse.Namespace) -> int:
    """Click and drag in a real Blender window."""
    from build_tools.gui_test import run_gui_test  # noqa: PLC0415

    return run_gui_test(options.blender)


def train_default(options: argparse.Namespace) -> int:
    """Train the bundled model from the capture data."""
    from build_tools.training import train_default_model  # noqa: PLC0415

    return train_default_model(options.arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except BuildError as error:
        print(f"build.py: error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("build.py: stopped", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description="Lipwright: try it, test it, package it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_test(commands)
    _add_extension(commands)
    _add_bench(commands)
    gui = commands.add_parser(
        "gui-test", help="click and drag in a real Blender window on a virtual screen, with pictures"
    )
    gui.add_argument("--blender", default="blender", metavar="PROGRAM", help="(default: %(default)s)")
    gui.set_defaults(run=gui_test)
    train = commands.add_parser(
        "train-default",
        help="train the bundled model again from the capture data",
        description="Makes .venvs/dev and runs `python -m training.default_model` with the arguments given.",
    )
    train.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on to training.default_model")
    train.set_defaults(run=train_default)
    return parser


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("bench", help="measure speed, start-up and memory beside a baseline")
    parser.add_argument(
        "part", nargs="?", choices=("batch",), help="batches of many lines, instead of one line"
    )
    parser.add_argument("--quick", action="store_true", help="leave out the one-hour line and Blender")
    batch = parser.add_argument_group("batch")
    batch.add_argument("--lines", type=int, default=1000, metavar="N", help="(default: %(default)s)")
    batch.add_argument(
        "--kills",
        type=int,
        default=50,
        metavar="N",
        help="runs to kill at random moments (default: %(default)s)",
    )
    parser.set_defaults(run=bench)


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "demo",
        help="animate a line on the bundled head: demo.blend, demo.mp4 with sound, demo_contact_sheet.png",
        description="Sets up .venv, animates a line on the bundled head through the add-on, and films it.",
    )
    parser.add_argument("--wav", type=Path, metavar="F", help="a line of dialogue (default: the bundled one)")
    parser.add_argument(
        "--blender",
        default=environments.DEFAULT_BLENDER,
        choices=list(environments.BLENDER_PYTHON),
        help="the Blender to run; any but the default tests the built extension (default: %(default)s)",
    )
    parser.add_argument("--emotion", default="", help="such as joy=0.6,anger=0.2 (default: neutral)")
    parser.add_argument(
        "--quick", action="store_true", help="film as the viewport shows it: ten times faster, plainer"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("demo"), metavar="DIR", help="(default: %(default)s)"
    )
    parser.set_defaults(run=demo)


def _add_test(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    groups = ("lint", "types", "unit", "blender")
    versions = list(environments.BLENDER_PYTHON)
    parser = commands.add_parser(
        "test",
        help="run every check: style, types, tests, and the installed extension in each Blender",
        description="Sets up .venvs/ and runs every check. Without arguments: all of them.",
    )
    parser.add_argument("--only", nargs="+", choices=groups, default=groups, help="only these checks")
    parser.add_argument(
        "--blender", nargs="+", choices=versions, default=versions, help="only these Blender versions"
    )
    parser.add_argument("--pytest", nargs=argparse.REMAINDER, default=[], help="the rest goes to pytest")
    parser.set_defaults(run=test)


def _add_extension(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    names = ["linux-x64", "windows-x64", "macos-arm64"]
    parser = commands.add_parser(
        "extension", help="build and validate the extension's zips, one for each platform, into dist/"
    )
    parser.add_argument("--platform", nargs="+", choices=names, default=names, help="only these platforms")
    parser.set_defaults(run=extension)


if __name__ == "__main__":
    sys.exit(main())
