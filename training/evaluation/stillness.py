"""Sounds that are no speech: the face must rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import SAMPLE_RATE, AudioClip
from inference.measures import mean_landmark_speed, signed_lip_gaps
from training.evaluation.goals import AT_REST, STILLNESS
from training.evaluation.results import Row
from training.evaluation.systems import LINE_FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.evaluation.line_sets import Line
    from training.evaluation.stage import Stage


def still_rows(
    stage: Stage, speech: Sequence[Line], sounds: Mapping[Path, NDArray[np.float32]]
) -> tuple[Row, ...]:
    """Stillness, and how far the lips part, for each sound.

    Args:
        stage: The systems.
        speech: Lines whose motion is the unit of stillness.
        sounds: Samples [N] at 16 kHz by name.
    """
    systems = {name: system for name, system in stage.systems.all.items() if name != "rhubarb"}
    speaking = {
        name: _speed([stage.hear(name, system, line).landmarks for line in speech])
        for name, system in systems.items()
    }
    rest = float(signed_lip_gaps(stage.systems.regions.rest[None]).max())
    rows = []
    for name, samples in sounds.items():
        clip = AudioClip(samples, len(samples) / SAMPLE_RATE, name)
        marks = {key: system.on_line(clip).landmarks for key, system in systems.items()}
        speed = {key: _ratio(_speed([found]), speaking[key]) for key, found in marks.items()}
        gaps = {key: _parted(found, rest) for key, found in marks.items() if found is not None}
        label = name.name.replace("_", " ")
        rows += [
            Row(f"{name.name}.stillness", f"{label}: stillness", 3, speed, STILLNESS),
            Row(f"{name.name}.parted_mm", "  lips part by (95th percentile, mm)", 2, gaps, AT_REST),
        ]
    return tuple(rows)


def _speed(motions: Sequence[NDArray[np.floating] | None]) -> float:
    """Mean landmark speed over lines, each as long as it is."""
    found = [marks for marks in motions if marks is not None and len(marks) > 1]
    if not found:
        return float("nan")
    speeds = [mean_landmark_speed(marks, LINE_FRAME_RATE) for marks in found]
    return float(np.average(speeds, weights=[len(marks) - 1 for marks in found]))


def _ratio(quiet: float, speaking: float) -> float:
    return quiet / speaking if speaking > 0.0 else float("nan")


def _parted(landmarks: NDArray[np.floating], rest: float) -> float:
    """How far the lips part beyond rest, mm: the 95th percentile over frames of the widest pair."""
    widest = signed_lip_gaps(landmarks).max(axis=1)
    return max(0.0, float(np.percentile(widest, 95)) - rest) * 1e3
