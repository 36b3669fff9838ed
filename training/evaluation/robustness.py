"""The same speech in other sound, in other voices, at other gains: the face must follow."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import SAMPLE_RATE
from inference.measures import correlation
from training.evaluation.articulation import closure_figures
from training.evaluation.goals import R_OF_VOICE, R_WITH_CLEAN, RECALL_DROP, SAME_AT_ANY_GAIN
from training.evaluation.results import Row
from training.evaluation.systems import line_times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from training.evaluation.line_sets import Line
    from training.evaluation.motion import Motion
    from training.evaluation.stage import Stage
    from training.evaluation.systems import System

    Alteration = Callable[[NDArray[np.float32], int, np.random.Generator], NDArray[np.float32]]

STEADY = ("static", "rhubarb")
"""A face that never moves has no r; Rhubarb would take an hour."""
GAINS_DB = (-20.0, 6.0)


def condition_rows(
    stage: Stage, lines: Sequence[Line], conditions: Mapping[str, Alteration]
) -> tuple[Row, ...]:
    """Recall and r with the clean curve for each sound condition.

    Args:
        stage: The systems.
        lines: Clean lines.
        conditions: How each condition alters samples.
    """
    rows = []
    clean = {name: _recall(stage, name, system, lines) for name, system in _moving(stage).items()}
    for how, alter in conditions.items():
        altered = altered_lines(lines, how, alter)
        recall, same = {}, {}
        for name, system in _moving(stage).items():
            motions = [system.on_line(line.clip) for line in altered]
            recall[name] = _closure(stage, motions, altered)
            same[name] = _mean_r(stage, name, system, lines, motions)
        drop = {name: clean[name] - value for name, value in recall.items()}
        label = how.replace("_", " ")
        rows += [
            Row(f"{how}.lip_closure", f"{label}: lip closure on p b m", 3, recall),
            Row(f"{how}.drop", "  less than clean by", 3, drop, RECALL_DROP),
            Row(f"{how}.r_clean", "  r lip gap with the clean line", 3, same, R_WITH_CLEAN),
        ]
    return tuple(rows)


def voice_rows(stage: Stage, lines: Sequence[Line], voices: Mapping[str, Alteration]) -> tuple[Row, ...]:
    """R with the unshifted curve, and how far the mouth opens, for each manner of voice."""
    rows = []
    for how, alter in voices.items():
        altered = altered_lines(lines, how, alter)
        same, opening = {}, {}
        for name, system in _moving(stage).items():
            motions = [system.on_line(line.clip) for line in altered]
            same[name] = _mean_r(stage, name, system, lines, motions)
            plain = [stage.hear(name, system, line) for line in lines]
            opening[name] = _widest(motions) / max(_widest(plain), 1e-9)
        label = how.replace("_", " ")
        rows += [
            Row(f"{how}.r_plain", f"{label}: r lip gap with the plain voice", 3, same, R_OF_VOICE),
            Row(f"{how}.opening", "  opening over the plain voice's", 2, opening),
        ]
    return tuple(rows)


def level_rows(stage: Stage, lines: Sequence[Line]) -> tuple[Row, ...]:
    """The same lines at other gains: the motion must be the same, as the level is matched."""
    rows = []
    unit = stage.systems.regions.eye_distance * 1e3
    for gain in GAINS_DB:
        off = {}
        for name, system in _moving(stage).items():
            altered = [line.sounding(line.clip.samples * 10 ** (gain / 20), f"{gain:+g}") for line in lines]
            pairs = [
                (stage.hear(name, system, line).gap, system.on_line(other.clip).gap)
                for line, other in zip(lines, altered, strict=True)
            ]
            off[name] = float(np.mean([np.abs(a - b).mean() for a, b in pairs])) * unit
        rows.append(
            Row(f"gain_{gain:+g}.off_mm", f"{gain:+g} dB: lip gap changes by (mm)", 3, off, SAME_AT_ANY_GAIN)
        )
    return tuple(rows)


def altered_lines(lines: Sequence[Line], how: str, alter: Alteration) -> list[Line]:
    """Lines in another sound; what is random depends on the line and the condition alone."""
    made = []
    for line in lines:
        seed = zlib.crc32(f"{line.name} {how}".encode())
        samples = alter(line.clip.samples, SAMPLE_RATE, np.random.default_rng(seed))
        made.append(line.sounding(samples, how))
    return made


def _moving(stage: Stage) -> dict[str, System]:
    return {name: system for name, system in stage.systems.all.items() if name not in STEADY}


def _recall(stage: Stage, name: str, system: System, lines: Sequence[Line]) -> float:
    return _closure(stage, [stage.hear(name, system, line) for line in lines], lines)


def _closure(stage: Stage, motions: Sequence[Motion], lines: Sequence[Line]) -> float:
    spoken = [(m, line_times(line.clip), line.phones) for m, line in zip(motions, lines, strict=True)]
    return closure_figures(spoken, stage.systems.regions.eye_distance)["lip_closure"]


def _mean_r(
    stage: Stage, name: str, system: System, lines: Sequence[Line], motions: Sequence[Motion]
) -> float:
    """Mean over lines of r between the lip gaps of the clean and the altered sound."""
    scores = []
    for line, motion in zip(lines, motions, strict=True):
        clean = stage.hear(name, system, line).gap
        frames = min(len(clean), len(motion.gap))
        scores.append(correlation(motion.gap[:frames], clean[:frames]))
    return float(np.nanmean(scores)) if np.isfinite(scores).any() else float("nan")


def _widest(motions: Sequence[Motion]) -> float:
    return float(np.mean([np.percentile(motion.gap, 95) for motion in motions]))
