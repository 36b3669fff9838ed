"""`blender --command lipwright animate LINE.wav... -o DIR`: lines into .blend files, without a window.

`batch` does many, again and again, see `batch_command`.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from .command_names import WORKER
from .inference.atomic_file import cannot_write
from .inference.errors import LipwrightError
from .inference.frame_timing import exact_frame_rate, parse_frame_rate
from .scene_files import open_scene, save_copy, set_frame_rate

if TYPE_CHECKING:
    from .inference.emotion_track import EmotionKeys

_commands: list[Any] = []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lipwright", description="Animates faces from dialogue.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("batch", help="animate many lines, again and again; batch --help tells more")
    animate = commands.add_parser(
        "animate",
        help="animate lines into .blend files",
        description="Writes one .blend file a line: the face, its Action and the sound.",
        allow_abbrev=False,
    )
    animate.add_argument(
        "lines", nargs="+", type=Path, metavar="LINE", help="sound file: WAV, FLAC, OGG or MP3"
    )
    animate.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the files"
    )
    animate.add_argument(
        "--blend", type=Path, metavar="FILE", help="a scene to animate in place of the sample head"
    )
    animate.add_argument(
        "--object", metavar="NAME", help="with --blend: the face's object; default: the active one"
    )
    animate.add_argument("--model", type=Path, metavar="FILE", help="a .lipmodel; default: the bundled one")
    animate.add_argument(
        "--exact", action="store_true", help="key the model's own basis, not the ARKit shapes"
    )
    animate.add_argument(
        "--fps", metavar="RATE", help="frame rate such as 24, 29.97 or 30000/1001; default: the scene's"
    )
    animate.add_argument(
        "--emotion", default="", metavar="NAME=WEIGHT,...", help="for instance joy=0.6,anger=0.2"
    )
    animate.add_argument(
        "--emotion-track",
        type=Path,
        metavar="FILE",
        help="keys the sliders: CSV with the header time,name,value (seconds, 0 to 1), sorted by time",
    )
    animate.add_argument("--strength", type=_share, default=1.0, metavar="0..1", help="scales the emotion")
    animate.add_argument(
        "--from-voice",
        type=_share,
        metavar="0..1",
        help="by how much the emotion heard in the voice replaces --emotion, or neutral without it",
    )
    return parser


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) <= 1.0:
            return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to 1")


def _save(path: Path) -> None:
    """Save under a temporary name in the same folder, then rename: no half file is ever seen."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".lipwright-", suffix=".blend", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        save_copy(Path(temporary))
        Path(temporary).replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
    except RuntimeError as error:
        raise LipwrightError(
            f"{path}: cannot be written ({' '.join(str(error).split())}); free space or choose another folder"
        ) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _emotion(options: argparse.Namespace) -> "dict[str, float] | EmotionKeys | None":
    """What was asked for; None for what the scene's own sliders say."""
    from .inference.emotion import parse_emotion  # noqa: PLC0415 - loads what prediction needs when first used
    from .inference.emotion_track import read_emotion_track  # noqa: PLC0415 - likewise

    weights = parse_emotion(options.emotion)
    if options.emotion_track is None:
        return weights or None
    return read_emotion_track(options.emotion_track).with_constants(weights)


def _animate_line(path: Path, options: argparse.Namespace) -> Path:
    from .generate import generate  # noqa: PLC0415 - loads the network's runtime when first used

    if not path.is_file():
        raise LipwrightError(f"{path}: there is no such sound file; give another")
    obj = open_scene(options.blend, options.object)
    if options.fps:
        set_frame_rate(bpy.context.scene, exact_frame_rate(parse_frame_rate(options.fps)))
    result = generate(
        bpy.context.scene,
        obj,
        path.resolve(),
        model_path=options.model,
        exact=options.exact,
        emotion=_emotion(options),
        strength=options.strength,
        from_voice=options.from_voice,
    )
    for warning in result.warnings:
        print(f"lipwright: warning: {path}: {warning}", file=sys.stderr)
    destination = options.output / f"{path.stem}.blend"
    _save(destination)
    return destination


def _check_outputs(options: argparse.Namespace) -> None:
    """Two lines of one name would write one file, and a line of the scene's name would replace the scene."""
    if options.object is not None and options.blend is None:
        raise LipwrightError("--object names an object of a scene: give the scene with --blend")
    seen: dict[str, Path] = {}
    for path in options.lines:
        if path.stem in seen:
            raise LipwrightError(
                f"{path} and {seen[path.stem]} would both write {path.stem}.blend: give them different names"
            )
        seen[path.stem] = path
        result = options.output / f"{path.stem}.blend"
        if options.blend is not None and result.resolve() == options.blend.resolve():
            raise LipwrightError(f"{path}: its result would replace {options.blend}: choose another folder")
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LipwrightError(f"{options.output}: {error.strerror}; choose another folder") from None


def _animate(options: argparse.Namespace) -> int:
    _check_outputs(options)
    failures = 0
    for path in options.lines:
        try:
            print(_animate_line(path, options))
        except (LipwrightError, OSError, MemoryError) as error:
            failures += 1
            print(f"lipwright: error: {' '.join(str(error).split())}", file=sys.stderr)
    return 1 if failures else 0


def cli(argv: Sequence[str]) -> int:
    """Run the extension's command.

    Args:
        argv: arguments after `lipwright`.

    Returns:
        0 when all that was asked for was done, 1 on bad input, 2 on a wrong command line, 130 when
        interrupted.
    """
    if list(argv[:1]) in _ELSEWHERE:
        return _run_elsewhere(list(argv))
    try:
        options = _parser().parse_args(list(argv))
    except SystemExit as stop:  # argparse has printed help or what is wrong
        return int(stop.code or 0)
    try:
        return _animate(options)
    except LipwrightError as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1


_ELSEWHERE = (["batch"], [WORKER])


def _run_elsewhere(argv: list[str]) -> int:
    """Run what has modules of its own, loaded only when it is asked for."""
    if argv[0] == WORKER:
        from .batch_worker import serve  # noqa: PLC0415 - see above

        return serve()
    from .batch_command import run  # noqa: PLC0415 - see above

    return run(argv[1:])


def register() -> None:
    """Make the command known to `blender --command`."""
    _commands.append(bpy.utils.register_cli_command("lipwright", cli))


def unregister() -> None:
    """Forget the command."""
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
