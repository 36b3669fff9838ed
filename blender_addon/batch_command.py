"""`blender --command lipwright batch SOURCE... -o DIR`: many lines into scenes and engine files.

Manifests, what is remembered of a folder, reports and options are those of `python -m inference batch`; this
adds the formats that need Blender, and the processes that write them.
"""

import argparse
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import bpy

from .batch_formats import CLIPS, ENDINGS
from .batch_processes import run_processes, worker_count
from .inference.batch.command import BatchOptions, options_from, run_batch
from .inference.batch.line import SceneChoice
from .inference.batch.options import batch_parser, share
from .inference.batch.work import Result, Task
from .inference.errors import LipwrightError

_INTERRUPTED = 130


def _parser() -> argparse.ArgumentParser:
    parser = batch_parser("blender --command lipwright batch", tuple(ENDINGS), CLIPS)
    group = parser.add_argument_group("whose face speaks, for lines that say nothing else")
    group.add_argument(
        "--blend", type=Path, metavar="FILE", help="a scene (default: one with the sample head)"
    )
    group.add_argument(
        "--object",
        default="",
        metavar="NAME",
        help="with --blend: the face's object (default: the active one)",
    )
    group.add_argument("--exact", action="store_true", help="key the model's own basis, not the ARKit shapes")
    group.add_argument(
        "--strength", type=share, default=1.0, metavar="0..1", help="scales the emotion (default: 1)"
    )
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: after `lipwright batch`.

    Returns:
        0 when no line failed, 1 when one did or nothing could be begun, 2 for a wrong command line, 130 when
        interrupted.
    """
    try:
        parsed = _parser().parse_args(list(arguments))
    except SystemExit as stop:  # argparse has printed help or what is wrong
        return int(stop.code or 0)
    try:
        return run_batch(_options(parsed), _run)
    except LipwrightError as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lipwright: interrupted; finished lines are kept", file=sys.stderr)
        return _INTERRUPTED


def _options(parsed: argparse.Namespace) -> BatchOptions:
    if parsed.scheduler:
        raise LipwrightError(
            f"--scheduler {parsed.scheduler}: a Dask cluster's workers have no Blender; run "
            "`python -m inference batch` there for csv, npz and json, and leave --scheduler out here"
        )
    if parsed.object and parsed.blend is None:
        raise LipwrightError("--object names an object of a scene: give the scene with --blend")
    scene = SceneChoice(
        blend=parsed.blend,
        object=parsed.object,
        exact=parsed.exact,
        strength=parsed.strength,
        program="Blender {}.{}".format(*bpy.app.version),
    )
    return options_from(parsed, scene, ENDINGS)


def _run(options: BatchOptions, tasks: Sequence[Task], _warnings: list[str]) -> Generator[Result, None, None]:
    yield from run_processes(tasks, worker_count(options.workers, len(tasks)))
