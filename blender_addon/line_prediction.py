"""A line of dialogue to face motion, without Blender's data: safe to run in a thread.

The only module of the extension that loads the network's runtime. What does not depend on emotion is kept, so
that generating a line again with other sliders costs a fraction of the first time.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .emotion_frames import NEUTRAL, EmotionFrames
from .inference.audio_file import read_audio
from .inference.blendshape_solve import BlendshapeSolver
from .inference.emotion_hearing import HeardEmotion, hear_emotion
from .inference.errors import Cancelled, LipwrightError
from .inference.face_prediction import FacePredictor, SpeechAnalysis
from .inference.frame_timing import frame_count
from .inference.model_bundle import ModelBundle, load_bundle
from .inference.pipeline import model_solver

Progress = Callable[[float], None]
Cancel = Callable[[], bool]
_T = TypeVar("_T")
Face: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32] | None]
"""Coefficients [T, P] and ARKit weights [T, 52], None when exact."""
_KEPT_LINES = 8
_KEPT_MODELS = 2
_KEPT_SECONDS = 1800.0
"""Of analysed speech, some 60 kB a second: a film's lines must not fill the memory of a long session."""
_KEPT_FRAMES = 100_000.0
"""Of lines without emotion, which every refresh with other sliders needs again."""
_KEPT_MOMENTS = 64
_SOLVED_AT_ONCE = 480
"""Frames: a multiple of the solver's own blocks, and a few hundredths of a second."""


@dataclass(frozen=True)
class LineRequest:
    """What to animate, in plain values.

    Attributes:
        audio_path: the dialogue.
        model_path: the model bundle.
        frame_rate: the scene's frames per second.
        origin: scene frame at which the sound starts; may lie between two frames.
        first: first scene frame wanted; None for the sound's start.
        last: frame after the last one wanted; None for the sound's end.
        exact: coefficients of the model's own basis only, without the solve for ARKit weights.
        emotion: what the face feels.
        threads: processor threads of the network; None lets it choose.
    """

    audio_path: Path
    model_path: Path
    frame_rate: Fraction
    origin: float = 1.0
    first: int | None = None
    last: int | None = None
    exact: bool = False
    emotion: EmotionFrames = NEUTRAL
    threads: int | None = None


@dataclass(frozen=True)
class PredictedLine:
    """One line's face motion at the scene's frames.

    Attributes:
        model: the bundle that predicted it.
        frames: whole scene frames [T].
        coefficients: of the model's basis [T, P].
        weights: ARKit weights [T, 52] in 0..1, in the order of `model.arkit_names`; None when exact.
        neutral: coefficients and weights of the same line without emotion.
        duration: length of the sound in seconds.
        warnings: what an animator should know about the sound.
    """

    model: ModelBundle
    frames: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    weights: NDArray[np.float32] | None
    neutral: "Face"
    duration: float
    warnings: tuple[str, ...]


class RecentValues(Generic[_T]):
    """Keeps the most recently used values of one kind: so many, and together within a budget."""

    def __init__(
        self, size: int, cost: Callable[[_T], float] = lambda _value: 0.0, budget: float = 0.0
    ) -> None:
        """Bound what is kept.

        Args:
            size: how many values at most.
            cost: what one value counts against the budget.
            budget: what all values together may cost; the newest is kept in any case.
        """
        self._size = size
        self._cost = cost
        self._budget = budget
        self._values: OrderedDict[Hashable, _T] = OrderedDict()
        self._lock = threading.Lock()

    def peek(self, key: Hashable) -> _T | None:
        """The value kept under a key, or None; nothing is made."""
        return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value kept under a key, or made now; a job that was given up may be making it too."""
        value = self._values.get(key)
        if value is None:
            value = make()
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size or (len(self._values) > 1 and self._total() > self._budget):
                self._values.popitem(last=False)
        return value

    def _total(self) -> float:
        return sum(self._cost(value) for value in list(self._values.values()))

    def clear(self) -> None:
        """Forget them all."""
        self._values.clear()


_predictors: RecentValues[FacePredictor] = RecentValues(_KEPT_MODELS)
_live_predictors: RecentValues[FacePredictor] = RecentValues(_KEPT_MODELS)
"""For the frame on screen: a predictor is for one thread at a time, and a line may be on its way."""
_one_line = threading.Lock()
"""Held while a line is predicted, for the same reason."""
_solvers: RecentValues[BlendshapeSolver] = RecentValues(_KEPT_MODELS)
_analyses: RecentValues[tuple[SpeechAnalysis, tuple[str, ...]]] = RecentValues(
    _KEPT_LINES, cost=lambda kept: kept[0].duration, budget=_KEPT_SECONDS
)
_heard_lines: RecentValues[HeardEmotion] = RecentValues(
    _KEPT_LINES, cost=lambda heard: float(heard.times[-1]), budget=_KEPT_SECONDS
)
_neutral_faces: RecentValues[Face] = RecentValues(
    _KEPT_LINES, cost=lambda face: float(len(face[0])), budget=_KEPT_FRAMES
)
_neutral_moments: RecentValues[Face] = RecentValues(_KEPT_MOMENTS)


def forget_lines() -> None:
    """Drop what is kept of analysed lines; models stay loaded."""
    for kept in (_analyses, _heard_lines, _neutral_faces, _neutral_moments):
        kept.clear()


def forget_models() -> None:
    """Drop loaded models and all that was made with them."""
    for kept in (_predictors, _live_predictors, _solvers):
        kept.clear()
    forget_lines()


def _file_version(path: Path) -> tuple[str, int, int]:
    """A key that changes with the file."""
    try:
        status = path.stat()
    except OSError as error:
        raise LipwrightError(f"{path}: cannot be read ({error.strerror}); choose another file") from None
    return str(path), status.st_mtime_ns, status.st_size


def _predictor(model_path: Path, threads: int | None) -> FacePredictor:
    key = (*_file_version(model_path), threads)
    return _predictors.get(key, lambda: FacePredictor(load_bundle(model_path), threads=threads))


def load_model(model_path: Path, threads: int | None = None) -> ModelBundle:
    """Read a model bundle, or hand back the one already read.

    Raises:
        LipwrightError: the file is missing or no sound bundle.
    """
    return _predictor(model_path, threads).bundle


def _solver(model_path: Path, model: ModelBundle) -> BlendshapeSolver:
    key = _file_version(model_path)
    return _solvers.get(key, lambda: model_solver(model))


def _line_key(request: LineRequest) -> Hashable:
    return (_file_version(request.audio_path), _file_version(request.model_path))


def _analysis(
    request: LineRequest, predictor: FacePredictor, progress: Progress, cancelled: Cancel
) -> tuple[SpeechAnalysis, tuple[str, ...]]:
    def analyse() -> tuple[SpeechAnalysis, tuple[str, ...]]:
        clip = read_audio(request.audio_path)
        progress(0.1)
        analysis = predictor.analyse(clip, lambda done: progress(0.1 + 0.4 * done), cancelled)
        return analysis, tuple(clip.warnings)

    return _analyses.get(_line_key(request), analyse)


def _listens(request: LineRequest, model: ModelBundle) -> bool:
    """Whether the line's emotion is heard; a model that hears none leaves the sliders alone."""
    return request.emotion.listens and model.hearing is not None


def _heard_emotion(request: LineRequest, model: ModelBundle, cancelled: Cancel) -> HeardEmotion | None:
    if not _listens(request, model):
        return None
    return _heard_lines.get(
        _line_key(request), lambda: hear_emotion(model, read_audio(request.audio_path), cancelled)
    )


def _wanted_frames(request: LineRequest, duration: float) -> NDArray[np.float32]:
    start = math.ceil(request.origin - 1e-6)
    frames = np.arange(start, start + frame_count(duration, request.frame_rate))
    first = start if request.first is None else request.first
    last = frames[-1] + 1 if request.last is None else request.last
    kept = frames[(frames >= first) & (frames < last)]
    if not len(kept):
        raise LipwrightError(f"{request.audio_path}: the strip shows no frame of the sound; extend the strip")
    return kept.astype(np.float32)


def _solve(
    request: LineRequest,
    model: ModelBundle,
    coefficients: NDArray[np.float32],
    progress: Progress,
    cancelled: Cancel,
) -> NDArray[np.float32]:
    """ARKit weights [T, 52], in pieces, so that an hour of speech can be stopped while it is solved."""
    solver = _solver(request.model_path, model)
    weights = np.empty((len(coefficients), len(model.arkit_names)), np.float32)
    for start in range(0, len(coefficients), _SOLVED_AT_ONCE):
        if cancelled():
            raise Cancelled
        progress(0.7 + 0.3 * start / len(coefficients))
        stop = start + _SOLVED_AT_ONCE
        weights[start:stop] = solver.solve(coefficients[start:stop])
    return weights


def _times(request: LineRequest, frames: NDArray[np.floating]) -> NDArray[np.float64]:
    """Seconds of the line at scene frames."""
    return (frames.astype(np.float64) - request.origin) / float(request.frame_rate)


def _frames_at(request: LineRequest, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scene frames at seconds of the line."""
    return times * float(request.frame_rate) + request.origin


def _quiet(_done: float) -> None:
    """Progress that nobody watches."""


def _never() -> bool:
    """A job that nobody stops."""
    return False


def _felt_face(
    request: LineRequest,
    predictor: FacePredictor,
    analysis: SpeechAnalysis,
    times: NDArray[np.float64],
    *,
    progress: Progress = _quiet,
    cancelled: Cancel = _never,
) -> Face:
    """The face with the request's emotion at times [T]."""
    model = predictor.bundle
    heard = _heard_emotion(request, model, cancelled)

    def emotion(moments: NDArray[np.float64]) -> NDArray[np.float32]:
        told = heard.vectors_at(model, moments) if heard is not None else None
        return request.emotion.vectors(model, _frames_at(request, moments), told)

    coefficients = predictor.coefficients(
        analysis, times, emotion, progress=lambda done: progress(0.5 + 0.2 * done), cancelled=cancelled
    )
    weights = None if request.exact else _solve(request, model, coefficients, progress, cancelled)
    return coefficients, weights


def predict_line(
    request: LineRequest,
    progress: Progress = _quiet,
    cancelled: Cancel = _never,
) -> PredictedLine:
    """Predict a line's face motion.

    Args:
        request: what to animate.
        progress: called with the share done, 0..1.
        cancelled: asked often; when true the prediction stops.

    Raises:
        LipwrightError: the sound, the model or a setting is unusable; the sentence says which and why.
        Cancelled: `cancelled` said so.
    """
    with _one_line:
        return _predict_line(request, progress, cancelled)


def _predict_line(request: LineRequest, progress: Progress, cancelled: Cancel) -> PredictedLine:
    progress(0.0)
    predictor = _predictor(request.model_path, request.threads)
    analysis, warnings = _analysis(request, predictor, progress, cancelled)
    frames = _wanted_frames(request, analysis.duration)
    times = _times(request, frames)
    told = progress if request.emotion.is_neutral else _quiet
    key = (_line_key(request), request.exact, times.tobytes())
    neutral = _neutral_faces.get(
        key,
        lambda: _felt_face(
            replace(request, emotion=NEUTRAL), predictor, analysis, times, progress=told, cancelled=cancelled
        ),
    )
    felt = neutral
    if not request.emotion.is_neutral:
        felt = _felt_face(request, predictor, analysis, times, progress=progress, cancelled=cancelled)
    progress(1.0)
    return PredictedLine(predictor.bundle, frames, *felt, neutral, analysis.duration, warnings)


@dataclass(frozen=True)
class PredictedMoment:
    """A face at one moment of a line, with and without emotion; see `PredictedLine`.

    Attributes:
        model: the bundle that predicted it.
        felt: coefficients [1, P] and weights [1, 52] with emotion.
        neutral: the same without.
    """

    model: ModelBundle
    felt: Face
    neutral: Face


def line_is_kept(request: LineRequest) -> bool:
    """Whether a moment of the line can be shown at once, without hearing the line again.

    Raises:
        LipwrightError: the sound or the model is gone.
    """
    key = _line_key(request)
    model = _predictors.peek((*_file_version(request.model_path), request.threads))
    unheard = model is not None and _listens(request, model.bundle) and _heard_lines.peek(key) is None
    return _analyses.peek(key) is not None and not unheard


def predict_moment(request: LineRequest, frame: float) -> PredictedMoment:
    """The face at one scene frame; before and after the line the face of its ends.

    It runs on one processor thread, as more do not answer sooner for so little work. A line that is not kept
    is heard first.

    Raises:
        LipwrightError: the sound, the model or a setting is unusable.
    """
    version = _file_version(request.model_path)
    bundle = _predictor(request.model_path, request.threads).bundle
    predictor = _live_predictors.get(version, lambda: FacePredictor(bundle, threads=1))
    analysis, _ = _analysis(request, predictor, _quiet, _never)
    times = _times(request, np.array([frame]))
    neutral = _neutral_moments.get(
        (_line_key(request), request.exact, times.tobytes()),
        lambda: _felt_face(replace(request, emotion=NEUTRAL), predictor, analysis, times),
    )
    felt = neutral
    if not request.emotion.is_neutral:
        felt = _felt_face(request, predictor, analysis, times)
    return PredictedMoment(bundle, felt, neutral)
