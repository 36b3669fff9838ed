"""Everything that animates here, behind one face: models, baselines, Rhubarb.

A model always speaks the way that ships, through `inference.face_prediction` and `inference.pipeline`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from inference import measures
from inference.audio_file import AudioClip, read_audio
from inference.blendshape_names import ARKIT_NAMES
from inference.emotion import emotion_vector
from inference.face_prediction import FacePredictor
from inference.frame_timing import frame_times
from inference.pipeline import animate_line, model_solver
from training.evaluation.baselines import AudioCache, Baselines
from training.evaluation.motion import Motion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inference.array_types import FloatArray
    from inference.blendshape_solve import BlendshapeSolver
    from inference.model_bundle import ModelBundle
    from training.evaluation.face_regions import FaceRegions, RegionMotion
    from training.project import Project, Take

MODEL = "model"
BASELINES = ("ridge", "loudness", "static")
LINE_FRAME_RATE = 30.0
"""Speech without capture is animated at the frame rate that the command line uses by default."""
THREADS = 1


def line_times(clip: AudioClip) -> NDArray[np.float64]:
    """Frame times [T] of a line, seconds, as `animate_line` makes them."""
    times: NDArray[np.float64] = frame_times(clip.duration, LINE_FRAME_RATE)
    return times


class System(Protocol):
    """Something that makes a face move from sound."""

    def on_take(self, take: Take) -> Motion:
        """Its motion at the frame times of a captured take."""

    def on_line(self, clip: AudioClip) -> Motion:
        """Its motion at the times of `line_times`; lips and upper face may be missing."""


class ModelSystem:
    """A model bundle."""

    def __init__(self, bundle: ModelBundle, regions: FaceRegions, style: str | None = None) -> None:
        """Prepare; the graphs are loaded when first used.

        Args:
            bundle: The model.
            regions: Of the head that it moves.
            style: One of its named emotions, at full strength; None is neutral.
        """
        self.bundle = bundle
        self._regions = regions
        self._emotion: FloatArray | None = None if style is None else emotion_vector(bundle, {style: 1.0})
        self._predictor = FacePredictor(bundle, THREADS)

    def with_style(self, style: str) -> ModelSystem:
        """The same model in one of its named styles."""
        return ModelSystem(self.bundle, self._regions, style)

    @cached_property
    def _solver(self) -> BlendshapeSolver:
        return model_solver(self.bundle)

    @cached_property
    def _whole(self) -> RegionMotion:
        return self._regions.whole(self.bundle.basis, self.bundle.mean_offset)

    @cached_property
    def _mouth(self) -> RegionMotion:
        return self._regions.mouth(self.bundle.basis, self.bundle.mean_offset)

    @cached_property
    def _by_weights(self) -> RegionMotion:
        return self._regions.mouth(self.bundle.arkit_deltas)

    def on_take(self, take: Take) -> Motion:
        """Its motion at the frame times of a captured take."""
        analysis = self._predictor.analyse(read_audio(take.audio_path))
        coefficients = self._predictor.coefficients(analysis, take.times, self._emotion)
        marks, _, _, lower_lip = self._whole.positions(coefficients)
        _, lips, upper, _ = self._whole.offsets(coefficients)
        return Motion(
            curves=measures.landmark_curves(marks),
            landmarks=marks,
            lips=lips,
            upper=upper,
            lower_lip=lower_lip,
            solved=self._by_weights.positions(self._solver.solve(coefficients))[0],
        )

    def on_line(self, clip: AudioClip) -> Motion:
        """Its motion over a line, mouth and landmarks alone."""
        made = animate_line(self._predictor, clip, LINE_FRAME_RATE, self._emotion, solver=self._solver)
        marks, lower_lip = self._mouth.positions(made.coefficients)
        return Motion(
            curves=measures.landmark_curves(marks),
            landmarks=marks,
            lower_lip=lower_lip,
            solved=self._by_weights.positions(made.weights)[0],
            head_rotation=made.head_rotation,
        )

    def poses(self, sound: AudioClip, times: NDArray[np.float64], *, weights: bool = False) -> FloatArray:
        """Whole faces at chosen moments, for pictures.

        Args:
            sound: What is said.
            times: Moments [N], seconds.
            weights: The face that the 52 weights make, instead of the exact one.

        Returns:
            Positions [N, V, 3], metres.
        """
        coefficients = self._predictor.coefficients(self._predictor.analyse(sound), times, self._emotion)
        bundle = self.bundle
        if weights:
            return posed(bundle.template, bundle.arkit_deltas, self._solver.solve(coefficients))
        return posed((bundle.template + bundle.mean_offset).astype(np.float32), bundle.basis, coefficients)


def posed(rest: FloatArray, basis: FloatArray, amounts: NDArray[np.floating]) -> FloatArray:
    """Faces [N, V, 3] of amounts [N, P] of a basis [P, V, 3] over a face at rest [V, 3]."""
    moved = (amounts @ basis.reshape(len(basis), -1)).reshape(len(amounts), -1, 3)
    return np.asarray(moved + rest, np.float32)


class BaselineSystem:
    """One of the baselines, fitted to the speaker of a take, or to a fixed one for other speech."""

    def __init__(self, name: str, baselines: Baselines, regions: FaceRegions, basis: FloatArray) -> None:
        """Wrap a baseline.

        Args:
            name: A member of `BASELINES`.
            baselines: All of them.
            regions: Of the project's head.
            basis: The project's motion basis [R, V, 3].
        """
        self._name = name
        self._baselines = baselines
        self._whole = regions.whole(basis)
        self._mouth = regions.mouth(basis)

    def on_take(self, take: Take) -> Motion:
        """Its motion at the frame times of a captured take."""
        coefficients, curves = self._baselines.animate(self._name, take.speaker, take.audio_path, take.times)
        return face_motion(self._whole, coefficients, curves)

    def on_line(self, clip: AudioClip) -> Motion:
        """Its motion over a line: what it learned from the project's first speaker."""
        self._baselines.audio.add(clip)
        speaker = self._baselines.first_speaker
        coefficients, curves = self._baselines.animate(self._name, speaker, clip.path, line_times(clip))
        marks, lower_lip = self._mouth.positions(coefficients)
        return Motion(_or_of(curves, marks), marks, lower_lip=lower_lip)


def face_motion(
    parts: RegionMotion,
    coefficients: NDArray[np.floating],
    curves: NDArray[np.floating] | None = None,
) -> Motion:
    """Motion of coefficients [T, P]; curves [T, 3] are the landmarks' own unless given."""
    marks, _, _, lower_lip = parts.positions(coefficients)
    _, lips, upper, _ = parts.offsets(coefficients)
    return Motion(_or_of(curves, marks), marks, lips, upper, lower_lip)


def _or_of(curves: NDArray[np.floating] | None, landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """The curves that a system predicts itself, or those of its landmarks."""
    return measures.landmark_curves(landmarks) if curves is None else curves


class Systems:
    """All that is measured side by side: the model, other models, and the project's baselines."""

    def __init__(
        self,
        project: Project | None,
        regions: FaceRegions,
        bundle: ModelBundle | None,
        others: Mapping[str, ModelBundle] | None = None,
        extra: Mapping[str, System] | None = None,
    ) -> None:
        """Prepare; fitting and graph loading wait until used.

        Args:
            project: Where the baselines learn and the capture lies; None leaves the baselines out.
            regions: Of the head that all of them move.
            bundle: The model that is judged, or None.
            others: Further models, by column name.
            extra: Further systems, by column name.
        """
        self.regions = regions
        self._project = project
        self._models = {} if bundle is None else {MODEL: ModelSystem(bundle, regions)}
        self._models |= {name: ModelSystem(other, regions) for name, other in (others or {}).items()}
        self._baselines = {} if project is None else self._fit(project)
        self._extra = dict(extra or {})

    def _fit(self, project: Project) -> dict[str, BaselineSystem]:
        self._on_head = self.regions.whole(project.basis)
        jaw = self.regions.shape_deltas[ARKIT_NAMES.index("jawOpen")].reshape(-1)
        direction = project.basis.reshape(len(project.basis), -1) @ jaw
        self._fitted = Baselines(project, self._head_curves, direction, AudioCache())
        return {name: BaselineSystem(name, self._fitted, self.regions, project.basis) for name in BASELINES}

    @property
    def models(self) -> dict[str, ModelSystem]:
        """The models by column name, the judged one first."""
        return dict(self._models)

    @property
    def baselines(self) -> dict[str, BaselineSystem]:
        """The baselines by name; none without a project."""
        return dict(self._baselines)

    @property
    def all(self) -> dict[str, System]:
        """Every system by name, in the order of the table's columns."""
        return {**self._models, **self._baselines, **self._extra}

    @property
    def names(self) -> tuple[str, ...]:
        """The systems in the order of the table's columns."""
        return tuple(self.all)

    def captured(self, take: Take) -> Motion:
        """The capture itself, on the head; its curves are the tracked ones."""
        return face_motion(self._on_head, take.coefficients, self._fitted.curves(take))

    def told(self, take: Take) -> Motion | None:
        """What a ridge regression makes of a take's phones without its sound; None where none can be told."""
        if not self._fitted.can_tell(take):
            return None
        return face_motion(self._on_head, *self._fitted.told(take))

    def animate(self, system: str, take: Take) -> Motion:
        """What a system makes of a take's sound, at the take's frame times."""
        return self.all[system].on_take(take)

    def _head_curves(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        return measures.landmark_curves(self._on_head.positions(coefficients)[0]).astype(np.float64)
