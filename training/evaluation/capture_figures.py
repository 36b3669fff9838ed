"""Measures of captured takes: what a system makes of their sound beside the capture itself.

r is measured against the tracked curves of the capture (not against the head fitted to them); vertex
measures against the fitted head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference import measures
from training.evaluation.articulation import articulation_figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training.evaluation.motion import Motion
    from training.evaluation.systems import System, Systems
    from training.project import Take

SHORT_CURVES = ("gap", "width", "chin")
CAPTURE = "capture"
TOLD = "phones"
"""The column of what follows from a take's phones alone, which no system here is told."""


def capture_figures(
    systems: Systems, takes: list[Take], chosen: Mapping[str, System] | None = None
) -> dict[str, dict[str, float]]:
    """Measure every system on takes of one speaker.

    Args:
        systems: The systems, which also know the capture.
        takes: At least one.
        chosen: Other systems than all of `systems`.

    Returns:
        System to measure to mean over the takes; where there are phones also "capture" itself, and "phones":
        what a ridge regression makes of them.
    """
    captured = [systems.captured(take) for take in takes]
    figures = {}
    for name, system in (systems.all if chosen is None else chosen).items():
        figures[name] = _mean_figures([system.on_take(take) for take in takes], captured, takes, systems)
    told = [motion for motion in map(systems.told, takes) if motion is not None]
    if len(told) == len(takes):
        figures[TOLD] = _mean_figures(told, captured, takes, systems)
    if any(take.phones for take in takes):
        figures[CAPTURE] = _articulation(captured, takes, systems)
    still = figures.get("static", {}).get("lve_mm", 0.0)
    for row in figures.values():
        if "lve_mm" in row:
            row["lve_over_static"] = row["lve_mm"] / still if still > 0.0 else float("nan")
    return figures


def _mean_figures(
    made: list[Motion], captured: list[Motion], takes: list[Take], systems: Systems
) -> dict[str, float]:
    """All measures of one system on all takes."""
    rows = [take_figures(*pair) for pair in zip(made, captured, takes, strict=True)]
    figures = {key: _mean(row[key] for row in rows) for key in rows[0]}
    return figures | _lags(made, captured, takes) | _articulation(made, takes, systems)


def take_figures(predicted: Motion, captured: Motion, take: Take) -> dict[str, float]:
    """The measures of one take that are averaged over takes; only frames that were really captured count.

    Velocities and jitter need unbroken time and look at the filled frames too.
    """
    ours, theirs = predicted.only(take.valid), captured.only(take.valid)
    figures = {
        f"r_{name}": measures.correlation(ours.curves[:, i], theirs.curves[:, i])
        for i, name in enumerate(SHORT_CURVES)
        if np.isfinite(ours.curves[:, i]).all()
    }
    figures["jitter"] = measures.jitter(predicted.gap, captured.gap, take.frame_rate)
    if predicted.landmarks is not None:
        figures |= _face_figures(ours, theirs) | _velocity_figures(predicted, captured)
    if take.head_rotation[take.valid].any():
        theirs_turn = take.head_rotation[take.valid]
        ours_turn = np.zeros_like(theirs_turn) if ours.head_rotation is None else ours.head_rotation
        figures["d_rot"] = measures.head_rotation_deviation(ours_turn, theirs_turn)
    return figures


def _face_figures(ours: Motion, theirs: Motion) -> dict[str, float]:
    assert ours.landmarks is not None  # noqa: S101 - the caller looked
    assert theirs.landmarks is not None  # noqa: S101 - a capture always has a face
    marks = (ours.landmarks, theirs.landmarks)
    figures = {
        "d_ll": measures.landmark_deviation(*marks, measures.JAW_AND_LIPS, measures.MOUTH_PAIR),
        "d_a": measures.open_mouth_area_deviation(*marks),
        "d_l": measures.landmark_deviation(*marks),
    }
    if ours.lips is not None and theirs.lips is not None:
        figures["lve_mm"] = measures.lip_vertex_error(ours.lips, theirs.lips, np.arange(ours.lips.shape[1]))
    if ours.upper is not None and theirs.upper is not None:
        every = np.arange(ours.upper.shape[1])
        figures["fdd_mm"] = measures.upper_face_dynamics_deviation(ours.upper, theirs.upper, every)
    return figures


def _velocity_figures(predicted: Motion, captured: Motion) -> dict[str, float]:
    assert predicted.landmarks is not None  # noqa: S101 - the caller looked
    assert captured.landmarks is not None  # noqa: S101 - a capture always has a face
    marks = (predicted.landmarks, captured.landmarks)
    mouth = (measures.JAW_AND_LIPS, measures.MOUTH_PAIR)
    return {
        "d_vl": measures.landmark_deviation(*marks, *mouth, velocity=True),
        "d_v": measures.landmark_deviation(*marks, velocity=True),
    }


def _lags(made: list[Motion], captured: list[Motion], takes: list[Take]) -> dict[str, float]:
    """Where the mean r over the takes peaks: one take alone is too short to place a weak peak."""
    rate = takes[0].frame_rate
    pairs = [(a, b) for a, b, t in zip(made, captured, takes, strict=True) if t.frame_rate == rate]
    lags = {}
    for i, name in enumerate(SHORT_CURVES):
        scores = [measures.correlation_by_lag(a.curves[:, i], b.curves[:, i], rate) for a, b in pairs]
        lags[f"lag_{name}_ms"] = measures.peak_lag(np.mean(scores, axis=0), rate)
    return lags


def _articulation(motions: list[Motion], takes: list[Take], systems: Systems) -> dict[str, float]:
    """What needs phones; empty where no take has any."""
    lines = [(motion, take.times, take.phones) for motion, take in zip(motions, takes, strict=True)]
    return articulation_figures(lines, systems.regions)


def _mean(values: Iterable[float]) -> float:
    """Mean of what is defined; NaN where nothing is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
