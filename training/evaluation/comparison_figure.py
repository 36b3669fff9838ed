"""The picture of the first page: one held-out line, by the capture, by ours and by others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.atomic_file import atomic_path
from inference.audio_file import read_audio
from inference.errors import LipwrightError
from inference.measures import CLOSURE_PHONES
from training.evaluation import plots
from training.evaluation.capture_figures import CAPTURE
from training.evaluation.exhibits import captured_poses, shown_takes, take_curves
from training.evaluation.face_drawing import FaceDrawer, mouth_frame
from training.evaluation.rhubarb import NAME as RHUBARB
from training.evaluation.systems import MODEL

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inference.measures import PhoneInterval
    from training.evaluation.stage import Stage
    from training.project import Take

LABELS = {MODEL: "Lipwright", "ridge": "ridge regression", RHUBARB: "Rhubarb (scaled)"}
MARGIN_S = 0.15
FACES = 11


def write_comparison(path: Path, stage: Stage, take_name: str | None = None) -> Take:
    """Draw the comparison and write it as PNG.

    Args:
        path: Picture to write.
        stage: Systems with a model, and a project.
        take_name: A take of the stage's split; by default the one with most p, b and m.

    Returns:
        The take that was drawn.

    Raises:
        LipwrightError: There is no such take with phones, or no model.
    """
    take = _chosen(stage, take_name)
    if MODEL not in stage.systems.models:
        raise LipwrightError("a comparison needs a model: name a bundle")
    drawn = [name for name in stage.systems.names if name not in ("static", "loudness")]
    spoken = [phone for phone in take.phones if phone.symbol != "SIL"]
    start, end = spoken[0].start - MARGIN_S, spoken[-1].end + MARGIN_S
    frames = (take.times >= start) & (take.times <= end)
    curves = {name: curve[frames, 0] for name, curve in take_curves(stage, take, drawn).items()}
    figure = plots.comparison(
        take.times[frames],
        curves,
        take.phones,
        _faces(stage, take, spoken),
        others=[name for name in stage.systems.models if name != MODEL],
        labels=LABELS,
    )
    with atomic_path(path) as part:
        plots.save_png(figure, part)
    return take


def _chosen(stage: Stage, name: str | None) -> Take:
    takes = [take for take in shown_takes(stage) if take.phones] if name is None else stage.takes()
    for take in takes:
        if take.phones and name in (None, take.name):
            return take
    where = "the project" if stage.project is None else stage.project.path
    wanted = "take" if name is None else f"take '{name}'"
    raise LipwrightError(f"{where}: has no {wanted} with phones in the split '{stage.split}'; choose another")


def _faces(stage: Stage, take: Take, spoken: list[PhoneInterval]) -> plots.Faces:
    """Mouths at some phones, p, b, m and vowels before others, by the capture and by the model.

    They show a phone's middle; p, b and m at the moment when the capture's lips are closest.
    """
    first = sorted(range(len(spoken)), key=lambda i: (_rank(spoken[i]), spoken[i].start - spoken[i].end))
    chosen = [spoken[i] for i in sorted(first[:FACES])]
    gap = stage.systems.captured(take).gap
    times = np.array([_moment(phone, take.times, gap) for phone in chosen])
    drawer = FaceDrawer(stage.head, mouth_frame(stage.head, 160))
    rows = {
        CAPTURE: captured_poses(stage, take, times),
        LABELS[MODEL]: stage.systems.models[MODEL].poses(read_audio(take.audio_path), times),
    }
    return (
        [phone.symbol for phone in chosen],
        {name: [drawer.draw(pose) for pose in poses] for name, poses in rows.items()},
    )


def _rank(phone: PhoneInterval) -> int:
    if phone.symbol in CLOSURE_PHONES:
        return 0
    return 1 if phone.symbol[0] in "AEIOU" else 2


def _moment(phone: PhoneInterval, times: NDArray[np.float64], gap: NDArray[np.floating]) -> float:
    inside = np.flatnonzero((times >= phone.start) & (times <= phone.end))
    if phone.symbol in CLOSURE_PHONES and len(inside):
        return float(times[inside[np.argmin(gap[inside])]])
    return (phone.start + phone.end) / 2
