"""Runs every test set, room by room, and gathers the figures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import HeadMesh, load_head
from inference.model_bundle import ModelBundle, load_bundle
from training.evaluation.capture_figures import CAPTURE, TOLD
from training.evaluation.face_regions import FaceRegions
from training.evaluation.results import Evaluation, Section
from training.evaluation.rhubarb import NAME as RHUBARB
from training.evaluation.rhubarb import RhubarbSystem, rhubarb_available
from training.evaluation.rooms import ON_REQUEST, ROOMS
from training.evaluation.stage import Stage
from training.evaluation.systems import BASELINES, MODEL, ModelSystem, Systems
from training.evaluation.visits import VISITS, left_out_name
from training.project import Project, load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Request:
    """What to evaluate.

    Attributes:
        model: The bundle that is judged, or None for the baselines alone.
        project: Where the capture lies and the baselines learn, or None.
        data: Folder of the shared data.
        compare: Other bundles, by column name.
        left_out: Bundles by what their training left out: a speaker of the project, or a speech engine.
        split: Which captured takes to measure.
        rooms: Which of `ROOMS` and `ON_REQUEST` to visit.
        head: The head that all of them move; found from the project and the model by default.
    """

    model: ModelBundle | None
    project: Project | None
    data: Path
    compare: Mapping[str, ModelBundle] = field(default_factory=dict)
    left_out: Mapping[str, ModelBundle] = field(default_factory=dict)
    split: str = "test"
    rooms: tuple[str, ...] = ROOMS
    head: HeadMesh | None = None


def make_stage(request: Request) -> Stage:
    """Check that everything fits together, and set up.

    Raises:
        LipwrightError: Nothing to measure, an empty split, a bundle under another column's name, or files
            that do not belong together.
    """
    if request.project is not None and not request.project.split(request.split):
        raise LipwrightError(
            f"{request.project.path}: no take is in the split '{request.split}'; choose another with --split."
        )
    taken = sorted({MODEL, *BASELINES, RHUBARB, TOLD, CAPTURE} & set(request.compare))
    if taken:
        raise LipwrightError(f"'{taken[0]}' is a column already: name the compared bundle otherwise")
    head = _matching_head(request)
    regions = FaceRegions.of_head(head)
    systems = Systems(
        request.project,
        regions,
        request.model,
        request.compare,
        {RHUBARB: RhubarbSystem()} if rhubarb_available() else None,
    )
    left_out = {name: ModelSystem(bundle, regions) for name, bundle in request.left_out.items()}
    return Stage(head, systems, request.project, data=request.data, left_out=left_out, split=request.split)


def run_suite(stage: Stage, rooms: tuple[str, ...] = ROOMS, tell: Tell | None = None) -> Evaluation:
    """Visit the rooms in order.

    Args:
        stage: From `make_stage`.
        rooms: Which of `ROOMS` and `ON_REQUEST`.
        tell: Told what is measured next.
    """
    start = time.monotonic()
    sections: list[Section] = []
    for room in (*ROOMS, *ON_REQUEST):
        if room in rooms:
            if tell is not None:
                tell(room)
            sections += VISITS[room](stage)
    models = stage.systems.models
    columns = (*stage.systems.names, TOLD, CAPTURE)
    used = [c for c in columns if any(c in row.values for section in sections for row in section.rows)]
    return Evaluation(
        model=models[MODEL].bundle.name if MODEL in models else None,
        systems=(*map(left_out_name, stage.left_out), *used),
        sections=tuple(sections),
        split=stage.split,
        seconds=time.monotonic() - start,
        notes=_notes(),
    )


def _notes() -> tuple[str, ...]:
    if rhubarb_available():
        return ()
    return ("There is no rhubarb program on the PATH, so Rhubarb Lip Sync was not measured.",)


def evaluate(
    model: Path | ModelBundle | None,
    project: Path | Project,
    split: str = "test",
    head: HeadMesh | None = None,
) -> Evaluation:
    """Measure a model and the baselines on one split of a project, and on nothing else.

    Args:
        model: Bundle, path of one, or None for the baselines alone.
        project: Training project, or its folder.
        split: "train", "validation" or "test".
        head: The head that the project lies on; the project's own copy by default.

    Raises:
        LipwrightError: The split is empty, or model, project and head do not belong together.
    """
    loaded = load_project(project) if isinstance(project, Path) else project
    bundle = load_bundle(model) if isinstance(model, Path) else model
    rooms = ("capture",)
    return run_suite(make_stage(Request(bundle, loaded, Path(), split=split, rooms=rooms, head=head)), rooms)


def _matching_head(request: Request) -> HeadMesh:
    """The head that project and models share."""
    bundles = [b for b in (request.model, *request.compare.values(), *request.left_out.values()) if b]
    if request.project is not None:
        head = request.head or load_head(request.project.head_path)
        if head.hash != request.project.head_hash:
            raise LipwrightError(
                f"{request.project.path}: was imported onto another head; import the capture again."
            )
        where = str(request.project.path)
    else:
        head = request.head or load_head(default_head_path())
        where = str(default_head_path())
    for bundle in bundles:
        if bundle.manifest.head_hash != head.hash:
            raise LipwrightError(
                f"{bundle.path}: was trained on another head than {where}; import again and train."
            )
    return head
