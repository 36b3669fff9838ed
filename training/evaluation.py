"""Measures a model on takes that never trained, beside the baselines.

The model speaks through `inference.face_prediction`, the way that ships: file, loudness, features, ONNX
graphs, frame times. r is measured against the tracked curves of the capture (not against the head fitted to
them); vertex measures against the fitted head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference import measures
from inference.audio_file import read_audio
from inference.blendshape_names import ARKIT_NAMES
from inference.errors import LipwrightError
from inference.face_prediction import FacePredictor
from inference.head_mesh import HeadMesh, load_head
from inference.model_bundle import ModelBundle, load_bundle

from .baselines import AudioCache, Baselines
from .face_regions import FaceRegions
from .project import Project, Take, load_project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


SHORT_CURVES = ("gap", "width", "chin")
BASELINES = ("ridge", "loudness", "static")


@dataclass(frozen=True, eq=False)
class Motion:
    """A take's face motion, reduced to what is measured. T frames.

    Attributes:
        landmarks: Positions of the 68 landmarks [T, 68, 3], metres.
        lips: Offsets of the lip vertices [T, L, 3], metres.
        upper: Offsets of the upper face's vertices [T, U, 3], metres.
        curves: Lip gap, mouth width, chin drop [T, 3] over the eye distance.
    """

    landmarks: NDArray[np.floating]
    lips: NDArray[np.floating]
    upper: NDArray[np.floating]
    curves: NDArray[np.floating]


@dataclass(frozen=True)
class Evaluation:
    """Figures of one evaluation.

    Attributes:
        split: Which takes were measured.
        takes: How many, per speaker.
        figures: speaker -> system ("model", "ridge", "loudness", "static") -> measure -> mean over the takes.
        model: Name of the model, or None.
    """

    split: str
    takes: dict[str, int]
    figures: dict[str, dict[str, dict[str, float]]]
    model: str | None = None
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON types; NaN (not defined) becomes null."""
        clean = {
            speaker: {
                system: {name: None if np.isnan(value) else round(value, 6) for name, value in row.items()}
                for system, row in systems.items()
            }
            for speaker, systems in self.figures.items()
        }
        return {
            "model": self.model,
            "split": self.split,
            "takes": self.takes,
            "figures": clean,
            "notes": list(self.notes),
        }


def evaluate(
    model: Path | ModelBundle | None,
    project: Path | Project,
    split: str = "test",
    head: HeadMesh | None = None,
) -> Evaluation:
    """Measure a model and the baselines on one split of a project.

    Args:
        model: Bundle, path of one, or None for the baselines alone.
        project: Training project, or its folder.
        split: "train", "validation" or "test".
        head: The head that the project lies on; the project's own copy by default.

    Raises:
        LipwrightError: The split is empty, or model, project and head do not belong together.
    """
    loaded = load_project(project) if isinstance(project, Path) else project
    takes = loaded.split(split)
    if not takes:
        raise LipwrightError(
            f"{loaded.path}: no take is in the split '{split}'; choose another with --split."
        )
    regions = FaceRegions.of_head(_matching_head(loaded, head))
    bundle = load_bundle(model) if isinstance(model, Path) else model
    if bundle is not None and bundle.manifest.head_hash != loaded.head_hash:
        raise LipwrightError(
            f"{bundle.path}: was trained on another head than {loaded.path}; import again and train."
        )
    systems = Systems(loaded, regions, bundle)
    speakers = list(dict.fromkeys(take.speaker for take in takes))
    return Evaluation(
        split=split,
        takes={name: sum(take.speaker == name for take in takes) for name in speakers},
        figures={
            name: _speaker_figures(systems, [t for t in takes if t.speaker == name]) for name in speakers
        },
        model=None if bundle is None else bundle.name,
    )


def _matching_head(project: Project, head: HeadMesh | None) -> HeadMesh:
    head = head or load_head(project.head_path)
    if head.hash != project.head_hash:
        raise LipwrightError(f"{project.path}: was imported onto another head; import the capture again.")
    return head


class Systems:
    """Everything that animates takes here: the model and the baselines."""

    def __init__(self, project: Project, regions: FaceRegions, bundle: ModelBundle | None) -> None:
        """Prepare predictors; fitting and graph loading wait until used."""
        self.regions = regions
        self._project = project
        self._on_head = regions.with_basis(project.basis)
        jaw = regions.shape_deltas[ARKIT_NAMES.index("jawOpen")].reshape(-1)
        direction = project.basis.reshape(len(project.basis), -1) @ jaw
        self.baselines = Baselines(project, self._head_curves, direction, AudioCache())
        self._predictor = None if bundle is None else FacePredictor(bundle)
        self._of_model = None if bundle is None else regions.with_basis(bundle.basis, bundle.mean_offset)

    @property
    def names(self) -> tuple[str, ...]:
        """The systems in the order of the table's columns."""
        return BASELINES if self._predictor is None else ("model", *BASELINES)

    def captured(self, take: Take) -> Motion:
        """The capture itself, on the head; its curves are the tracked ones."""
        return self._motion(take.coefficients, self.baselines.curves(take))

    def animate(self, system: str, take: Take) -> Motion:
        """What a system makes of a take's sound, at the take's frame times."""
        if system == "model":
            return self._animate_model(take)
        if system == "ridge":
            return self._motion(*self.baselines.ridge(take))
        return self._motion(getattr(self.baselines, system)(take))

    def _animate_model(self, take: Take) -> Motion:
        assert self._predictor is not None  # noqa: S101 - "model" is offered only with a predictor
        assert self._of_model is not None  # noqa: S101 - likewise
        analysis = self._predictor.analyse(read_audio(take.audio_path))
        coefficients = self._predictor.coefficients(analysis, take.times)
        landmarks, lips, upper = self._of_model.split(coefficients)
        return Motion(landmarks, lips, upper, measures.landmark_curves(landmarks))

    def _motion(
        self, coefficients: NDArray[np.floating], curves: NDArray[np.floating] | None = None
    ) -> Motion:
        landmarks, lips, upper = self._on_head.split(coefficients)
        return Motion(
            landmarks, lips, upper, measures.landmark_curves(landmarks) if curves is None else curves
        )

    def _head_curves(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        return measures.landmark_curves(self._on_head.split(coefficients)[0]).astype(np.float64)


def _speaker_figures(systems: Systems, takes: list[Take]) -> dict[str, dict[str, float]]:
    captured = [systems.captured(take) for take in takes]
    figures = {}
    for system in systems.names:
        made = [systems.animate(system, take) for take in takes]
        rows = [take_figures(*pair) for pair in zip(made, captured, takes, strict=True)]
        figures[system] = {name: _mean(row[name] for row in rows) for name in rows[0]}
        figures[system] |= _lags(made, captured, takes) | _closures(made, takes)
    if any(take.phones for take in takes):
        figures["capture"] = _closures(captured, takes)
    still = figures["static"]["lve_mm"]
    for system in systems.names:
        row = figures[system]
        row["lve_over_static"] = row["lve_mm"] / still if still > 0.0 else float("nan")
    return figures


def take_figures(predicted: Motion, captured: Motion, take: Take) -> dict[str, float]:
    """The measures of one take that are averaged over takes; only frames that were really captured count.

    Velocities and jitter need unbroken time and look at the filled frames too.
    """
    ours, theirs = _only(predicted, take.valid), _only(captured, take.valid)
    lips, upper = np.arange(ours.lips.shape[1]), np.arange(ours.upper.shape[1])
    figures = {
        f"r_{name}": measures.correlation(ours.curves[:, i], theirs.curves[:, i])
        for i, name in enumerate(SHORT_CURVES)
    }
    figures["lve_mm"] = measures.lip_vertex_error(ours.lips, theirs.lips, lips)
    figures["fdd_mm"] = measures.upper_face_dynamics_deviation(ours.upper, theirs.upper, upper)
    figures["d_a"] = measures.open_mouth_area_deviation(ours.landmarks, theirs.landmarks)
    figures["jitter"] = measures.jitter(predicted.curves[:, 0], captured.curves[:, 0], take.frame_rate)
    for name, a, b in (("l", ours, theirs), ("v", predicted, captured)):
        marks, velocity = (a.landmarks, b.landmarks), name == "v"
        figures[f"d_{name}"] = measures.landmark_deviation(*marks, velocity=velocity)
        figures[f"d_{name}l" if velocity else "d_ll"] = measures.landmark_deviation(
            *marks, measures.JAW_AND_LIPS, measures.MOUTH_PAIR, velocity=velocity
        )
    return figures


def _lags(made: list[Motion], captured: list[Motion], takes: list[Take]) -> dict[str, float]:
    """Where the mean r over the takes peaks: one take alone is too short to place a weak peak."""
    rate = takes[0].frame_rate
    pairs = [(a, b) for a, b, t in zip(made, captured, takes, strict=True) if t.frame_rate == rate]
    lags = {}
    for i, name in enumerate(SHORT_CURVES):
        scores = [measures.correlation_by_lag(a.curves[:, i], b.curves[:, i], rate) for a, b in pairs]
        lags[f"lag_{name}_ms"] = measures.peak_lag(np.mean(scores, axis=0), rate)
    return lags


def _closures(motions: list[Motion], takes: list[Take]) -> dict[str, float]:
    """Lip closure over all phones of all takes; empty where no take has phones."""
    rows = [
        measures.lip_closure(motion.curves[:, 0], take.times, take.phones)
        for motion, take in zip(motions, takes, strict=True)
        if take.phones
    ]
    if not rows:
        return {}
    closed = [row.recall * row.closures for row in rows if row.closures]
    shut = [row.false_closures * row.vowels for row in rows if row.vowels]
    return {
        "lip_closure": sum(closed) / max(sum(row.closures for row in rows), 1),
        "false_closure": sum(shut) / max(sum(row.vowels for row in rows), 1),
    }


def _only(motion: Motion, frames: NDArray[np.bool_]) -> Motion:
    return Motion(motion.landmarks[frames], motion.lips[frames], motion.upper[frames], motion.curves[frames])


def _mean(values: Iterable[float]) -> float:
    """Mean of what is defined; NaN where nothing is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
