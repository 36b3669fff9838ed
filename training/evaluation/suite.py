"""Runs every test set, room by room, and gathers the figures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import SAMPLE_RATE
from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import HeadMesh, load_head
from inference.model_bundle import ModelBundle, load_bundle
from training.evaluation.articulation import articulation_figures
from training.evaluation.capture_figures import CAPTURE, capture_figures
from training.evaluation.face_regions import FaceRegions
from training.evaluation.goals import measure_rows
from training.evaluation.line_sets import ENGINE_SETS, REAL_SETS, TITLES
from training.evaluation.results import Evaluation, Section
from training.evaluation.rhubarb import NAME as RHUBARB
from training.evaluation.rhubarb import RhubarbSystem, rhubarb_available
from training.evaluation.robustness import condition_rows, level_rows, voice_rows
from training.evaluation.rooms import ROOMS
from training.evaluation.stage import Stage
from training.evaluation.stillness import still_rows
from training.evaluation.systems import MODEL, ModelSystem, System, Systems
from training.project import Project, load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training.evaluation.line_sets import Line
    from training.evaluation.results import Row
    from training.project import Take

    Tell = Callable[[str], None]

STILL_SECONDS = 8.0
STYLE_PREFIX = "speaker "
"""A bundle names a speaker's manner so, where it has one."""
NO_PROJECT = "no training project: import the capture and name the project"


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
        rooms: Which of `ROOMS` to visit.
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
        LipwrightError: Nothing to measure, an empty split, or files that do not belong together.
    """
    if request.project is not None and not request.project.split(request.split):
        raise LipwrightError(
            f"{request.project.path}: no take is in the split '{request.split}'; choose another with --split."
        )
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
        rooms: Which of `ROOMS`.
        tell: Told what is measured next.
    """
    start = time.monotonic()
    sections: list[Section] = []
    for room in ROOMS:
        if room in rooms:
            if tell is not None:
                tell(room)
            sections += _VISITS[room](stage)
    models = stage.systems.models
    used = [s for s in stage.systems.names if any(s in row.values for x in sections for row in x.rows)]
    captured = any(CAPTURE in row.values for section in sections for row in section.rows)
    left_out = tuple(_left_out_name(name) for name in stage.left_out)
    return Evaluation(
        model=models[MODEL].bundle.name if MODEL in models else None,
        systems=(*used, *left_out, *((CAPTURE,) if captured else ())),
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


def _capture(stage: Stage) -> list[Section]:
    if stage.project is None:
        return [Section("capture", "captured takes", skipped=NO_PROJECT)]
    sections = []
    for speaker in dict.fromkeys(take.speaker for take in stage.takes()):
        takes = stage.takes(speaker)
        title = f"{speaker} ({stage.split}, {len(takes)} takes)"
        figures = capture_figures(stage.systems, takes)
        sections.append(Section(speaker, title, measure_rows(figures, speaker), _TAKES))
        sections += _in_own_style(stage, speaker, takes)
    return sections


def _in_own_style(stage: Stage, speaker: str, takes: list[Take]) -> list[Section]:
    """The models that name a speaker's manner, in that manner."""
    style = STYLE_PREFIX + speaker
    styled: dict[str, System] = {
        name: model.with_style(style)
        for name, model in stage.systems.models.items()
        if style in model.bundle.emotion_names
    }
    if not styled:
        return []
    systems: dict[str, System] = {**styled, **stage.systems.baselines}
    return [
        Section(
            f"{speaker}_style",
            f"{speaker}, with '{style}'",
            measure_rows(capture_figures(stage.systems, takes, systems), speaker),
            "The same takes with the style vector that the bundle names after this speaker.",
        )
    ]


def _left_out(stage: Stage) -> list[Section]:
    """Models that never met a speaker or an engine, on just that."""
    sections = []
    for what, system in stage.left_out.items():
        column = _left_out_name(what)
        systems = {column: system, **stage.systems.all}
        title = f"never heard in training: {what}"
        try:
            figures = _figures_on(stage, what, systems)
        except LipwrightError as error:
            sections.append(Section(f"left_out_{what}", title, skipped=str(error)))
            continue
        rows = measure_rows(figures, "left_out", column)
        sections.append(Section(f"left_out_{what}", title, rows, _LEFT_OUT))
    return sections


def _figures_on(stage: Stage, what: str, systems: Mapping[str, System]) -> dict[str, dict[str, float]]:
    """Figures on all takes of a speaker, or on an engine's or a real speaker's lines."""
    takes = [] if stage.project is None else [t for t in stage.project.takes if t.speaker == what]
    if takes:
        return capture_figures(stage.systems, takes, systems)
    if what in (*REAL_SETS, *ENGINE_SETS):
        return _line_figures(stage, stage.lines(what), systems)
    raise LipwrightError(f"{what}: is neither a speaker of the project nor a speech engine")


def _left_out_name(what: str) -> str:
    return f"no {what}"


def _speech(stage: Stage) -> list[Section]:
    return [_line_section(stage, name, "real", _REAL) for name in REAL_SETS]


def _engines(stage: Stage) -> list[Section]:
    return [_line_section(stage, name, "engine", _ENGINE) for name in ENGINE_SETS]


def _line_section(stage: Stage, name: str, kind: str, about: str) -> Section:
    try:
        lines = stage.lines(name)
    except LipwrightError as error:
        return Section(name, TITLES[name], skipped=str(error))
    rows = measure_rows(_line_figures(stage, lines, stage.systems.all), kind)
    return Section(name, f"{TITLES[name]}, {_amount(lines)}", rows, about)


def _line_figures(
    stage: Stage, lines: list[Line], systems: Mapping[str, System]
) -> dict[str, dict[str, float]]:
    return {
        name: articulation_figures(stage.spoken(name, system, lines), stage.systems.regions)
        for name, system in systems.items()
    }


def _amount(lines: list[Line]) -> str:
    seconds = sum(line.clip.duration for line in lines)
    return f"{len(lines)} lines, {seconds:.0f} s"


def _on_real_speech(
    key: str, title: str, about: str, rows: Callable[[Stage, list[Line]], tuple[Row, ...]]
) -> Callable[[Stage], list[Section]]:
    """A room that needs the real speech; the engines' lines do where there is none."""

    def visit(stage: Stage) -> list[Section]:
        try:
            lines = stage.all_lines(REAL_SETS)
            return [Section(key, f"{title}, {_amount(lines)}", rows(stage, lines), about)]
        except LipwrightError as error:
            return [Section(key, title, skipped=str(error))]

    return visit


def _condition_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import CONDITIONS  # noqa: PLC0415 - only this room needs them

    return condition_rows(stage, lines, CONDITIONS)


def _voice_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import VOICES  # noqa: PLC0415 - only this room needs them

    return voice_rows(stage, lines, VOICES)


def _still_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import STILL_SOUNDS  # noqa: PLC0415 - only this room needs them

    sounds = {
        Path("still") / name: make(STILL_SECONDS, SAMPLE_RATE, np.random.default_rng(7))
        for name, make in STILL_SOUNDS.items()
    }
    return still_rows(stage, lines, sounds)


_TAKES = (
    "r against the tracked curves, vertices against the fitted head; these takes never train. "
    "Ridge and loudness are fitted to each speaker's own train takes, models are not."
)
_LEFT_OUT = "The first column's model never heard this in training; the other columns did, or may have."
_REAL = (
    "Force-aligned phones. Ridge and loudness are what they learned from the project's first speaker. "
    "The lip gaps in mm are signed, along the face's up axis, at three pairs of inner-lip landmarks."
)
_ENGINE = "Sentences and random seeds that no training uses; the voices may have trained."
_VISITS: dict[str, Callable[[Stage], list[Section]]] = {
    "capture": _capture,
    "left_out": _left_out,
    "speech": _speech,
    "engines": _engines,
    "conditions": _on_real_speech(
        "conditions",
        "real speech in other sound",
        "The same lines with noise, babble, a telephone's band, reverberation, MP3, low gain and clipping.",
        _condition_rows,
    ),
    "voices": _on_real_speech(
        "voices",
        "real speech in other voices",
        "The same lines shifted or shaped, in the same timing.",
        _voice_rows,
    ),
    "still": _on_real_speech(
        "still",
        "sounds without speech",
        "Stillness is the mean speed of the landmarks over that in the real speech.",
        _still_rows,
    ),
    "level": _on_real_speech(
        "level",
        "real speech at other gains",
        "The same recording louder or quieter must move the same.",
        level_rows,
    ),
}
