"""The command `python -m inference`: sound files in, motion files out."""

import argparse
import contextlib
import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .errors import LipwrightError
from .library_noise import occupy_streams

_DESCRIPTION = """Animates faces from recorded speech: for each LINE.wav (WAV, FLAC, OGG or MP3) writes
DIR/LINE.csv, .npz or .json."""
_EPILOG = """csv: Live Link Face layout (Unreal, Faceit and others read it). npz: weights, vertices, topology.
json: weights by name. Exits with 0 only when every line was animated. `python -m inference batch --help`
tells how to animate a folder or a manifest, again and again."""
_INTERRUPTED = 130
_MAX_THREADS = 256
_COLLECT_FROM = 100_000
"""New objects from which Python looks for unused ones; importing makes fewer, and all of them stay."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns 0 when all was done, 1 for failures, 130 when interrupted."""
    occupy_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may hold what the terminal cannot show
    given = list(sys.argv[1:] if arguments is None else arguments)
    run, parsed = (
        (_run_batch, _parsed_batch(given[1:]))
        if given[:1] == ["batch"]
        else (_run, _parser().parse_args(given))
    )
    try:
        status = run(parsed)
        print(end="", flush=True)  # a full disk shows here, where it gets its sentence
    except LipwrightError as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lipwright: interrupted; finished lines are kept", file=sys.stderr)
        return _INTERRUPTED
    except OSError as error:  # what concerns files has its sentence by now: standard output is closed or full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it does not fail too
        print(f"lipwright: error: standard output cannot be written ({error.strerror})", file=sys.stderr)
        return 1
    return status


def _run(parsed: argparse.Namespace) -> int:
    # imported here so that `--help` needs no NumPy, and NumPy's start what `start_lightly` sets
    from .command import CommandOptions, run_command  # noqa: PLC0415
    from .frame_timing import parse_frame_rate  # noqa: PLC0415

    options = CommandOptions(
        lines=tuple(parsed.lines),
        output=parsed.output,
        format=parsed.format,
        frame_rate=parse_frame_rate(parsed.fps),
        emotion=parsed.emotion,
        emotion_track=parsed.emotion_track,
        from_voice=parsed.from_voice,
        model=parsed.model,
        character=parsed.character,
        vertices=not parsed.no_vertices,
        threads=parsed.threads,
        as_json=parsed.json,
    )
    return run_command(options)


def _parsed_batch(arguments: Sequence[str]) -> argparse.Namespace:
    from .batch.options import batch_parser  # noqa: PLC0415 - as in `_run`

    return batch_parser().parse_args(arguments)


def _run_batch(parsed: argparse.Namespace) -> int:
    from .batch.command import options_from, run_batch  # noqa: PLC0415 - as in `_run`

    return run_batch(options_from(parsed))


def start_lightly() -> None:
    """Spares a process that lives for a quarter of a second what only long ones have use for.

    BLAS with threads takes longer for matrices as small as these than without.
    """
    gc.set_threshold(_COLLECT_FROM)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def leave(status: int) -> NoReturn:
    """Ends the process at once: taking down Python and its libraries orderly takes 25 ms for nothing."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(
            OSError, ValueError, AttributeError
        ):  # closed, full or, without a console, None
            stream.flush()
    os._exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("lines", nargs="+", type=Path, metavar="LINE.wav", help="sound files to animate")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--format", choices=("csv", "npz", "json"), default="csv", help="what to write (default: csv)"
    )
    parser.add_argument(
        "--fps", default="30", metavar="RATE", help="frames per second, e.g. 24, 29.97, 60000/1001"
    )
    parser.add_argument(
        "--emotion",
        default="",
        metavar="NAME=VALUE,...",
        help="a mix of the model's emotions, each 0 to 1; an unknown name lists them",
    )
    parser.add_argument(
        "--emotion-track",
        type=Path,
        metavar="FILE",
        help="emotions over the line: CSV with the header time,name,value (seconds, 0 to 1), sorted by time",
    )
    parser.add_argument(
        "--from-voice",
        type=_share,
        default=0.0,
        metavar="0..1",
        help="by how much the emotion heard in the voice takes the place of that (default: 0, not at all)",
    )
    parser.add_argument("--model", type=Path, metavar="F.lipmodel", help="another model than the bundled one")
    parser.add_argument(
        "--character", type=Path, metavar="F.npz", help="a face with shapes and topology of its own"
    )
    parser.add_argument("--no-vertices", action="store_true", help="npz without the large vertex_offsets")
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="processor cores to use (default: all)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object about the results to stdout"
    )
    return parser


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) <= 1.0:
            return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to 1")


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 1 <= number <= _MAX_THREADS:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 to {_MAX_THREADS}")
    return number


if __name__ == "__main__":
    start_lightly()
    leave(main())
