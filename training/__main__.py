"""Command line of the training package: ``python -m training import | train | hear | evaluate``.

Imports are lazy on purpose: importing capture and evaluating a bundle need no torch.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from inference.errors import LipwrightError

from .evaluation.rooms import ON_REQUEST, ROOMS


def build_parser() -> argparse.ArgumentParser:
    """The argument parser, with one subcommand per task."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Turn captured takes into a Lipwright model bundle, and measure it.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_import(commands)
    _add_train(commands)
    _add_hear(commands)
    _add_evaluate(commands)
    _add_figure(commands)
    _add_performances(commands)
    return parser


def _add_import(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "import",
        help="read capture folders into a training project",
        description="Read takes (a sound file and its motion with the same name) from one or more folders, "
        "put their motion on the bundled head and write a training project.",
    )
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=Path, help="capture project or folder of takes"
    )
    parser.add_argument(
        "-o", "--output", metavar="PROJECT", type=Path, required=True, help="project folder to write"
    )
    parser.add_argument("--head", metavar="HEAD.npz", type=Path, help="another head than the bundled one")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.set_defaults(run=run_import)


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "train", help="train a model on a project", description="Train a network and write a model bundle."
    )
    parser.add_argument("project", metavar="PROJECT", type=Path, help="folder written by 'import'")
    parser.add_argument(
        "-o", "--output", metavar="F.lipmodel", type=Path, required=True, help="bundle to write"
    )
    parser.add_argument(
        "--network", metavar="NAME", default="lipwright", help="network to train (%(default)s)"
    )
    parser.add_argument("--features", choices=("log_mel", "autocorrelation"), help="what the network hears")
    parser.add_argument("--steps", type=int, help="optimiser steps")
    parser.add_argument(
        "--seed",
        type=int,
        help="seed of everything random, 0 to 2147483647; the same seed gives the same bundle on the same "
        "machine with the same number of threads (OMP_NUM_THREADS)",
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda (%(default)s)")
    parser.add_argument("--name", help="name of the model; the output's stem by default")
    parser.add_argument("--licence", default="unspecified", help="licence of the model (%(default)s)")
    parser.add_argument("--credits", default="", help="whose capture it is")
    parser.add_argument(
        "--run", dest="run_folder", metavar="DIR", type=Path, help="checkpoint and TensorBoard curves"
    )
    parser.set_defaults(run=run_train)


def _add_hear(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "hear",
        help="let a finished model hear emotion",
        description="Learn to hear emotion from performed voices, and put it into a finished bundle; all "
        "else in it stays as it is. 'build.py train-default' does the same at its end.",
    )
    parser.add_argument("model", metavar="F.lipmodel", type=Path, help="bundle, written anew")
    parser.add_argument("project", metavar="PROJECT", type=Path, help="folder that it was trained on")
    parser.add_argument("--utterances", type=int, default=3000, help="how many to learn from (%(default)s)")
    parser.set_defaults(run=run_hear)


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure a model beside its baselines",
        description="Measure a model on takes and speech that never trained, beside the static mean face, "
        "ridge regression from log-mel (on captures also from aligned phones), loudness that drives the jaw, "
        "and Rhubarb where it is installed. Prints a table and writes a report with plots.",
    )
    parser.add_argument(
        "model", metavar="F.lipmodel", type=Path, nargs="?", help="bundle; without it, baselines only"
    )
    parser.add_argument(
        "project",
        metavar="PROJECT",
        type=Path,
        nargs="?",
        help="folder written by 'import'; by default the one that 'build.py train-default' leaves",
    )
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), default="test", help="default: test"
    )
    parser.add_argument(
        "--compare", metavar="NAME=F.lipmodel", action="append", help="another bundle, as a column of its own"
    )
    parser.add_argument(
        "--left-out",
        metavar="WHAT=F.lipmodel",
        action="append",
        help="a bundle trained without a speaker of the project or a speech engine, measured on just that",
    )
    parser.add_argument(
        "--only",
        metavar="ROOM,...",
        help=f"measure only some of {', '.join(ROOMS)}; or {', '.join(ON_REQUEST)}: no test, but what "
        "settings are chosen with",
    )
    parser.add_argument("--data", metavar="DIR", type=Path, help="folder of recordings ($LIPWRIGHT_DATA)")
    parser.add_argument(
        "--json", metavar="FILE", nargs="?", const="-", help="write the figures as JSON; alone, print them"
    )
    parser.add_argument(
        "--report", metavar="F.html", type=Path, help="report to write; by default build/reports/MODEL.html"
    )
    parser.add_argument("--no-report", action="store_true", help="write no report")
    parser.set_defaults(run=run_evaluate)


def _add_figure(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "figure",
        help="draw a model beside the capture and others on one held-out take",
        description="Draw the lip gap over the phones of one take: capture, model, other models, ridge "
        "regression, and Rhubarb where it is installed; below it mouths of the capture and the model.",
    )
    parser.add_argument("model", metavar="F.lipmodel", type=Path, help="bundle")
    parser.add_argument(
        "project",
        metavar="PROJECT",
        type=Path,
        nargs="?",
        help="folder written by 'import', as for 'evaluate'",
    )
    parser.add_argument("-o", "--output", metavar="F.png", type=Path, required=True, help="picture to write")
    parser.add_argument("--compare", metavar="NAME=F.lipmodel", action="append", help="another bundle")
    parser.add_argument("--take", metavar="NAME", help="by default the one with most p, b and m")
    parser.add_argument(
        "--split", choices=("train", "validation", "test"), default="test", help="default: test"
    )
    parser.set_defaults(run=run_figure)


def _add_performances(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "performances",
        help="draw the ten emotions that neutral capture is performed in",
        description="Draw the bundled head in the ten emotions of made-up performances, at full intensity: "
        "at rest, and at p, a and u.",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("build/reports"),
        help="where performances.png, or a model's emotions.png, is written (%(default)s)",
    )
    parser.add_argument("--model", type=Path, help="draw this model's emotions instead, on a spoken line")
    parser.add_argument("--seed", type=int, default=0, help="which of many performances (%(default)s)")
    parser.set_defaults(run=run_performances)


def run_import(arguments: argparse.Namespace) -> None:
    """Import capture folders and print how well the head follows them."""
    from inference.bundled import default_head_path  # noqa: PLC0415 - lazy, see above
    from inference.head_mesh import load_head  # noqa: PLC0415 - lazy, see above

    from .capture.capture_import import import_capture  # noqa: PLC0415 - lazy, see above
    from .report import import_table  # noqa: PLC0415 - lazy, see above

    head = load_head(arguments.head or default_head_path())
    try:
        figures = import_capture(arguments.folders, arguments.output, head, _show_take)
    finally:
        _show_take("")
    print(json.dumps(figures, indent=1) if arguments.json else import_table(figures))


def _show_take(name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{name:<40}", end="" if name else "\r", file=sys.stderr, flush=True)


def run_train(arguments: argparse.Namespace) -> None:
    """Train a network on a project."""
    from .command_train import train_command  # noqa: PLC0415 - needs torch

    figures = train_command(
        arguments.project,
        arguments.output,
        network=arguments.network,
        name=arguments.name,
        licence=arguments.licence,
        credits_line=arguments.credits,
        device=arguments.device,
        steps=arguments.steps,
        seed=arguments.seed,
        feature_kind=arguments.features,
        run_folder=arguments.run_folder,
    )
    print(json.dumps(figures, indent=1, default=str))


def run_hear(arguments: argparse.Namespace) -> None:
    """Let a finished model hear emotion."""
    from .hearing.stage import hear_command  # noqa: PLC0415 - needs torch

    print(json.dumps(hear_command(arguments.model, arguments.project, arguments.utterances), indent=1))


def run_evaluate(arguments: argparse.Namespace) -> None:
    """Measure a model and its baselines."""
    from .evaluation.command import evaluate_command  # noqa: PLC0415 - lazy, see above

    evaluate_command(arguments)


def run_figure(arguments: argparse.Namespace) -> None:
    """Draw a model beside the capture."""
    from .evaluation.command import figure_command  # noqa: PLC0415 - lazy, see above

    figure_command(arguments)


def run_performances(arguments: argparse.Namespace) -> None:
    """Draw the performed emotions."""
    from inference.bundled import default_head_path  # noqa: PLC0415 - lazy, see above
    from inference.head_mesh import load_head  # noqa: PLC0415 - lazy, see above
    from inference.model_bundle import load_bundle  # noqa: PLC0415 - lazy, see above

    from .performance.sheet import model_faces, performed_faces, write_sheet  # noqa: PLC0415 - needs torch

    head = load_head(default_head_path())
    if arguments.model is None:
        path, faces = arguments.output / "performances.png", performed_faces(head, arguments.seed)
    else:
        path, faces = arguments.output / "emotions.png", model_faces(load_bundle(arguments.model), head)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sheet(path, head, faces)
    print(path)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 0 only when all that was asked for was done."""
    arguments = build_parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except LipwrightError as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the table has seen enough (`| head`); keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        print("lipwright: error: out of memory; split long takes, or close other programs", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lipwright: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
