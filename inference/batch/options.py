"""The command line of `python -m inference batch`, and of the same in Blender."""

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from .formats import CHARACTER_FORMATS, LINE_FORMATS

_DESCRIPTION = """Animates many lines. SOURCE is a manifest (.csv, .tsv, .jsonl), a folder, a pattern such
as 'voices/**/*.wav', or a sound file. Lines that have not changed since the last run into the same DIR are
left as they are, and so are results that somebody has edited. DIR/report.html shows the most suspicious
lines first; DIR/report.json has the same for machines."""
_EPILOG = """A manifest has a column wav, and may have id, character, model, emotion, emotion_track (a file),
from_voice, start (seconds on the timeline), seed (nothing is left to chance yet), text, output, format and
fps; in Blender also blend and object; paths start from its folder. What a row leaves out is as given here.
Exits with 0 when no line failed, 1 when one did, 130 when interrupted; stopped at any moment, the next run
goes on where it was."""
_MAX_WORKERS = 256


def batch_parser(
    prog: str = "python -m inference batch", scene_formats: Sequence[str] = (), clips: Sequence[str] = ()
) -> argparse.ArgumentParser:
    """Returns the parser.

    Args:
        prog: how the command is called.
        scene_formats: what only Blender writes; the first of them is then the default.
        clips: those of them that hold several lines of one face.
    """
    parser = argparse.ArgumentParser(prog=prog, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="what to animate, see above")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="DIR", help="folder for results and report"
    )
    parser.add_argument(
        "--per-character",
        choices=(*clips, *CHARACTER_FORMATS),
        metavar="FORMAT",
        help="write also DIR/characters/NAME with all lines of each face in one file: "
        f"{', '.join((*clips, *CHARACTER_FORMATS))}",
    )
    _add_defaults(parser, scene_formats)
    _add_choices(parser)
    _add_running(parser)
    return parser


def _add_defaults(parser: argparse.ArgumentParser, scene_formats: Sequence[str]) -> None:
    group = parser.add_argument_group("for lines that say nothing else")
    formats = (*scene_formats, *LINE_FORMATS)
    group.add_argument("--format", choices=formats, default=formats[0], help="(default: %(default)s)")
    rate = "the scene's, or 30" if scene_formats else "30"
    group.add_argument(
        "--fps", metavar="RATE", default=None if scene_formats else "30",
        help=f"e.g. 24, 29.97, 60000/1001 (default: {rate})",
    )  # fmt: skip
    emotion = "what the face's sliders say, else neutral" if scene_formats else "neutral"
    group.add_argument("--emotion", default="", metavar="NAME=VALUE,...", help=f"(default: {emotion})")
    group.add_argument(
        "--emotion-track",
        type=Path,
        metavar="FILE",
        help="CSV with the header time,name,value, sorted by time",
    )
    group.add_argument(
        "--from-voice",
        type=share,
        default=0.0,
        metavar="0..1",
        help="by how much the emotion heard in the voice takes the place of that (default: 0)",
    )
    group.add_argument("--model", type=Path, metavar="F.lipmodel", help="(default: the bundled one)")
    group.add_argument("--character", type=Path, metavar="F.npz", help="a face with shapes of its own")
    group.add_argument("--no-vertices", action="store_true", help="npz without the large vertex_offsets")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which lines")
    group.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="lines whose id matches, e.g. 'act1_*'"
    )
    which = group.add_mutually_exclusive_group()
    which.add_argument("--changed", action="store_true", help="those that are new or changed (the default)")
    which.add_argument("--all", "--force", action="store_true", help="also those that have not changed")
    group.add_argument(
        "--overwrite-edited", action="store_true", help="replace also results that somebody has edited"
    )
    group.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")


def _add_running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how")
    group.add_argument(
        "--workers", type=_workers, metavar="N", help="processes at a time (default: one for each core)"
    )
    group.add_argument(
        "--scheduler", metavar="ADDRESS", help="run on this Dask cluster, e.g. tcp://host:8786, instead"
    )
    group.add_argument(
        "--pictures", type=_count, default=10, metavar="N", help="suspicious lines to draw (default: 10)"
    )
    group.add_argument(
        "--draw", action="append", default=[], metavar="PATTERN", help="draw also lines whose id matches"
    )
    group.add_argument("--quiet", action="store_true", help="no progress: errors and the summary alone")
    group.add_argument("--json", action="store_true", help="print the report as one JSON object to stdout")


def share(text: str) -> float:
    """Reads a number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: for anything else.
    """
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) <= 1.0:
            return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to 1")


def _workers(text: str) -> int:
    return _number(text, 1, _MAX_WORKERS)


def _count(text: str) -> int:
    return _number(text, 0, 100_000)


def _number(text: str, least: int, most: int) -> int:
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    number = int(text) if plain else -1
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} to {most}")
    return number
