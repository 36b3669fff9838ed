"""What the report shows beside the table: curves, contact sheets, lip gap per phone, conditions."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import matplotlib.image
import numpy as np

from inference.audio_file import read_audio
from inference.measures import landmark_curves, signed_lip_gaps
from training.evaluation import plots
from training.evaluation.articulation import phone_gaps
from training.evaluation.capture_figures import CAPTURE
from training.evaluation.face_drawing import FaceDrawer, mouth_frame
from training.evaluation.goals import R_WITH_CLEAN
from training.evaluation.line_sets import REAL_SETS
from training.evaluation.rhubarb import NAME as RHUBARB
from training.evaluation.systems import MODEL, line_times, posed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from inference.measures import PhoneInterval
    from training.evaluation.line_sets import Line
    from training.evaluation.results import Evaluation
    from training.evaluation.stage import Stage
    from training.project import Take

SHOWN_TAKES = 2
EXCERPT_S = 6.0
"""Of long takes only this much is drawn."""
SHEET_PHONES = 26
PANELS = ("lip gap", "mouth width", "chin drop")
Exhibit = tuple[str, str, str]
"""Title, a sentence, and HTML."""


def exhibits(stage: Stage, evaluation: Evaluation) -> Iterator[Exhibit]:
    """Everything that this evaluation's data allow to be shown."""
    for take in shown_takes(stage):
        yield _take_curves(stage, take)
    for line in _shown_lines(stage):
        yield _line_curves(stage, line)
    yield from _sheets(stage)
    yield from _per_phone(stage)
    yield from _conditions(stage, evaluation)


def shown_takes(stage: Stage) -> list[Take]:
    """Of every speaker the measured takes with most p, b and m, in the order of import."""
    chosen = []
    for speaker in dict.fromkeys(take.speaker for take in stage.takes()):
        takes = sorted(stage.takes(speaker), key=lambda take: -_closures(take.phones))[:SHOWN_TAKES]
        chosen += takes
    return chosen


def _closures(phones: Sequence[PhoneInterval]) -> int:
    return sum(phone.symbol in ("P", "B", "M") for phone in phones)


def take_curves(stage: Stage, take: Take, systems: Sequence[str]) -> dict[str, NDArray[np.floating]]:
    """Curves [T, 3] of the capture and of some systems on a take, in mm, all measured on the head.

    Rhubarb, which has no face, opens as far at its widest as the capture does.
    """
    unit = stage.systems.regions.eye_distance * 1e3
    motions = {CAPTURE: stage.systems.captured(take)}
    motions |= {name: stage.systems.animate(name, take) for name in systems}
    found = {
        name: motion.curves if motion.landmarks is None else landmark_curves(motion.landmarks) * unit
        for name, motion in motions.items()
    }
    if RHUBARB in found:
        found[RHUBARB] = found[RHUBARB] * float(np.percentile(found[CAPTURE][:, 0], 95))
    return found


def _take_curves(stage: Stage, take: Take) -> Exhibit:
    drawn = [name for name in stage.systems.names if name not in ("static", "loudness")]
    curves = take_curves(stage, take, drawn)
    frames = take.times - take.times[0] < EXCERPT_S
    rows = {
        f"{panel}, mm": {
            name: curve[frames, i] for name, curve in curves.items() if np.isfinite(curve[:, i]).all()
        }
        for i, panel in enumerate(PANELS)
    }
    figure = plots.curves_over_phones(take.times[frames], rows, take.phones, others=_others(stage))
    text = (
        "The capture as fitted to the head, and what systems make of its sound. Red: p, b, m; green: vowels."
    )
    return f"Curves against capture: {take.speaker}, {take.name}", text, _image(plots.svg(figure))


def _shown_lines(stage: Stage) -> list[Line]:
    """The line with most p, b and m of each set of real speech."""
    return [max(lines, key=_closures_shown) for lines in stage.lines_at_hand(REAL_SETS).values()]


def _closures_shown(line: Line) -> int:
    return _closures([phone for phone in line.phones if phone.end < EXCERPT_S])


def _line_curves(stage: Stage, line: Line) -> Exhibit:
    times = line_times(line.clip)
    gaps, width = {}, {}
    unit = stage.systems.regions.eye_distance * 1e3
    for name, system in stage.systems.all.items():
        motion = stage.hear(name, system, line)
        if motion.landmarks is not None and name not in ("static", "loudness"):
            gaps[name] = signed_lip_gaps(motion.landmarks)[:, 1] * 1e3
            width[name] = motion.curves[:, 1] * unit
    frames = times < EXCERPT_S
    rows = {
        label: {name: curve[frames] for name, curve in curves.items()}
        for label, curves in (("signed lip gap, mm", gaps), ("mouth width, mm", width))
    }
    figure = plots.curves_over_phones(times[frames], rows, line.phones, others=_others(stage))
    text = "Real speech without capture. Below zero one lip would pass through the other."
    return f"Real speech: {line.name}", text, _image(plots.svg(figure))


def _sheets(stage: Stage) -> Iterator[Exhibit]:
    model = stage.systems.models.get(MODEL)
    if model is None:
        return
    drawer = FaceDrawer(stage.head, mouth_frame(stage.head, 128))
    takes = [take for take in shown_takes(stage)[:1] if take.phones]
    for take in takes:
        phones = _spoken(take.phones)
        times = np.array([(phone.start + phone.end) / 2 for phone in phones])
        rows = {"capture": captured_poses(stage, take, times)}
        rows["model"] = model.poses(read_audio(take.audio_path), times)
        title = f"Contact sheet: {take.speaker}, {take.name}"
        yield (
            title,
            "The middle of every phone, from capture and from the model.",
            _sheet(drawer, phones, rows),
        )
    for line in _shown_lines(stage):
        phones = _spoken(line.phones)
        times = np.array([(phone.start + phone.end) / 2 for phone in phones])
        rows = {
            "exact": model.poses(line.clip, times),
            "52 weights": model.poses(line.clip, times, weights=True),
        }
        text = "The middle of every phone: the model's own face, and the one that its 52 weights make."
        yield f"Contact sheet: {line.name}", text, _sheet(drawer, phones, rows)


def _spoken(phones: Sequence[PhoneInterval]) -> list[PhoneInterval]:
    return [phone for phone in phones if phone.symbol != "SIL"][:SHEET_PHONES]


def captured_poses(stage: Stage, take: Take, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """The captured faces [N, V, 3], metres, of the frames nearest to some moments [N] of a take, seconds."""
    frames = np.clip(np.round((times - take.offset_s) * take.frame_rate).astype(int), 0, len(take.times) - 1)
    assert stage.project is not None  # noqa: S101 - a take comes from a project
    return posed(stage.head.vertices, stage.project.basis, take.coefficients[frames])


def _sheet(
    drawer: FaceDrawer, phones: Sequence[PhoneInterval], rows: Mapping[str, NDArray[np.floating]]
) -> str:
    """Pictures under each other per phone, the phone's name below."""
    cells = []
    for index, phone in enumerate(phones):
        kind = " closed" if phone.symbol in ("P", "B", "M") else ""
        pictures = "".join(_picture(drawer.draw(poses[index]), name) for name, poses in rows.items())
        name = f"<figcaption>{html.escape(phone.symbol)}</figcaption>"
        cells.append(f'<figure class="phone{kind}">{pictures}{name}</figure>')
    legend = " above ".join(html.escape(name) for name in rows)
    return f'<p class="legend">{legend}</p><div class="sheet">{"".join(cells)}</div>'


def _picture(pixels: NDArray[np.uint8], name: str) -> str:
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, pixels, format="jpg", pil_kwargs={"quality": 82})
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="{html.escape(name)}" src="data:image/jpeg;base64,{data}">'


def _per_phone(stage: Stage) -> Iterator[Exhibit]:
    gaps = {}
    if stage.project is not None:
        takes = [take for take in stage.project.takes if take.phones]
        if takes:
            gaps[CAPTURE] = phone_gaps(
                [(stage.systems.captured(take), take.times, take.phones) for take in takes]
            )
    lines = [line for found in stage.lines_at_hand(REAL_SETS).values() for line in found]
    for name, model in stage.systems.models.items():
        if lines:
            gaps[name] = phone_gaps(stage.spoken(name, model, lines))
    if gaps:
        text = (
            "Median and the middle 80 % of the signed lip gap over each phone's time, with how often the "
            "phone occurs: the capture on all its own lines, models on the real speech."
        )
        yield "Lip gap per phone", text, _image(plots.svg(plots.gap_per_phone(gaps, _others(stage))))


def _conditions(stage: Stage, evaluation: Evaluation) -> Iterator[Exhibit]:
    for section in evaluation.sections:
        for ending, label, goal in (
            ("lip_closure", "lip closure on p b m", None),
            ("r_clean", "r with the clean line", R_WITH_CLEAN.least),
        ):
            rows = [
                row for row in section.rows if section.key == "conditions" and row.key.endswith("." + ending)
            ]
            if rows:
                groups = {row.key.split(".")[0]: row.values for row in rows}
                figure = plots.bars(groups, _others(stage), goal, label)
                yield f"Sound conditions: {label}", "", _image(plots.svg(figure))


def _others(stage: Stage) -> list[str]:
    return [name for name in stage.systems.models if name != MODEL]


def _image(svg: str) -> str:
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'<img class="plot" alt="plot" src="data:image/svg+xml;base64,{data}">'
