"""The command `python -m training evaluate`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference.atomic_file import atomic_path
from inference.errors import LipwrightError
from inference.model_bundle import ModelBundle, load_bundle
from training.evaluation.rooms import ON_REQUEST, ROOMS
from training.evaluation.suite import Request, make_stage, run_suite
from training.evaluation.table import evaluation_table
from training.project import load_project

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from training.evaluation.results import Evaluation
    from training.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_PROJECT = REPOSITORY / "build" / "train-default" / "project"
"""What `python build.py train-default` leaves."""
REPORTS = REPOSITORY / "build" / "reports"


def default_data_folder() -> Path:
    """Return the folder of the shared data: `LIPWRIGHT_DATA`, or `../shared/data` beside the repository."""
    return Path(os.environ.get("LIPWRIGHT_DATA", REPOSITORY.parent / "shared" / "data"))


def evaluate_command(arguments: argparse.Namespace) -> Evaluation:
    """Measure, print the table or JSON, and write the report."""
    model, project = model_and_project(arguments.model, arguments.project)
    request = Request(
        model=model,
        project=project,
        data=arguments.data or default_data_folder(),
        compare=named_bundles(arguments.compare),
        left_out=named_bundles(arguments.left_out),
        split=arguments.split,
        rooms=chosen_rooms(arguments.only),
    )
    stage = make_stage(request)
    try:
        evaluation = run_suite(stage, request.rooms, _show)
    finally:
        _show("")
    _write_figures(evaluation, arguments.json)
    if not arguments.no_report:
        from training.evaluation.html_report import write_report  # noqa: PLC0415 - loads matplotlib

        stem = "baselines" if arguments.model is None or model is None else arguments.model.stem
        path = arguments.report or REPORTS / f"{stem}.html"
        write_report(path, stage, evaluation)
        print(f"report: {path}", file=sys.stderr)
    return evaluation


def measure_and_report(
    model: Path,
    project: Path,
    report: Path,
    *,
    data: Path | None = None,
    compare: Mapping[str, Path] | None = None,
    left_out: Mapping[str, Path] | None = None,
) -> Evaluation:
    """Measure everything and write the report: what `train-default` ends with.

    Args:
        model: The bundle that is judged.
        project: Training project with the capture.
        report: HTML file to write.
        data: Folder of recordings; the usual one by default.
        compare: Other bundles by column name.
        left_out: Bundles by what their training left out: a speaker of the project, or a speech engine.

    Raises:
        LipwrightError: A file cannot be used.
    """
    from training.evaluation.html_report import write_report  # noqa: PLC0415 - loads matplotlib

    others, lacking = ({n: load_bundle(p) for n, p in (named or {}).items()} for named in (compare, left_out))
    request = Request(
        load_bundle(model), load_project(project), data or default_data_folder(), others, lacking
    )
    stage = make_stage(request)
    try:
        evaluation = run_suite(stage, tell=_show)
    finally:
        _show("")
    write_report(report, stage, evaluation)
    return evaluation


def figure_command(arguments: argparse.Namespace) -> None:
    """Draw the comparison of one held-out take."""
    from training.evaluation.comparison_figure import write_comparison  # noqa: PLC0415 - loads matplotlib

    model, project = model_and_project(arguments.model, arguments.project)
    compare = named_bundles(arguments.compare)
    stage = make_stage(Request(model, project, default_data_folder(), compare, split=arguments.split))
    take = write_comparison(arguments.output, stage, arguments.take)
    print(f"{arguments.output}: {take.speaker}, take {take.name}")


def model_and_project(model: Path | None, project: Path | None) -> tuple[ModelBundle | None, Project | None]:
    """Load what was named; a folder alone is a project, whose baselines alone are then measured.

    Raises:
        LipwrightError: Neither was named, or one of them cannot be read.
    """
    if model is not None and project is None and not model.is_file() and model.suffix != ".lipmodel":
        model, project = None, model
    if model is None and project is None:
        raise LipwrightError("nothing to evaluate: name a model, a project, or both")
    if project is None and (DEFAULT_PROJECT / "project.json").exists():
        project = DEFAULT_PROJECT
    return (
        None if model is None else load_bundle(model),
        None if project is None else load_project(project),
    )


def named_bundles(named: list[str] | None) -> dict[str, ModelBundle]:
    """Load the bundles of NAME=BUNDLE arguments.

    Raises:
        LipwrightError: One is not of that form, or no bundle.
    """
    bundles = {}
    for text in named or []:
        name, separator, path = text.partition("=")
        if not (name and separator and path):
            raise LipwrightError(f"'{text}' is not NAME=BUNDLE: write for example karras2017=karras.lipmodel")
        bundles[name] = load_bundle(path)
    return bundles


def chosen_rooms(text: str | None) -> tuple[str, ...]:
    """Return the rooms of a comma-separated list; all of `ROOMS` without one.

    Raises:
        LipwrightError: One of them is unknown.
    """
    if text is None:
        return ROOMS
    rooms = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [room for room in rooms if room not in (*ROOMS, *ON_REQUEST)]
    if unknown or not rooms:
        what, known = ", ".join(unknown) or text, ", ".join((*ROOMS, *ON_REQUEST))
        raise LipwrightError(f"'{what}' cannot be measured: choose among {known}")
    return rooms


def _write_figures(evaluation: Evaluation, json_file: str | None) -> None:
    document = json.dumps(evaluation.as_dict(), indent=1)
    if json_file == "-":
        print(document)
        return
    print(evaluation_table(evaluation))
    if json_file is not None:
        with atomic_path(Path(json_file)) as part:
            part.write_text(document + "\n", encoding="utf-8")


def _show(room: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{room:<40}", end="" if room else "\r", file=sys.stderr, flush=True)
