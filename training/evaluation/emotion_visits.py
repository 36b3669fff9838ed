"""What emotion does to a face: whether lips still close, whether it shows, and whether it is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.optimize import nnls

from inference.audio_file import SAMPLE_RATE, AudioClip, read_audio
from inference.emotion import emotion_vector
from inference.errors import LipwrightError
from inference.face_prediction import FacePredictor
from inference.measures import upper_face_dynamics_deviation
from training.evaluation.articulation import closure_figures
from training.evaluation.hearing_visits import visit_hearing
from training.evaluation.line_sets import REAL_SETS
from training.evaluation.results import Goal, Row, Section
from training.evaluation.systems import MODEL, THREADS, line_times
from training.performance.expressions import EMOTIONS
from training.teaching.careful_speech import CAREFUL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inference.model_bundle import ModelBundle
    from training.evaluation.stage import Stage
    from training.performance.perform import Performed

#: Names that a bundle gives to manners of speaking, which are not emotions.
MANNERS = ("speaker ", CAREFUL, "style ")
CLOSURES_KEPT = Goal(least=0.95)
RECOVERED = Goal(least=0.8)
#: A frame shows one emotion where its label is at least the first and all others add up to the second at
#: most; none where all add up to the third.
SHOWN, BESIDE, NONE = 0.5, 0.2, 0.05
#: Performances of each kept-out take, made with a seed that no training uses.
PER_TAKE, SEED = 6, 20260
#: Takes on which a model's errors at speech are measured, and the least of them over the largest (variances).
WEIGHED_ON, FLOOR = 12, 1e-3


def emotions_of(bundle: ModelBundle) -> tuple[str, ...]:
    """Return a bundle's emotions, without its manners of speaking."""
    return tuple(name for name in bundle.emotion_names if not name.startswith(MANNERS))


def visit_emotion(stage: Stage) -> list[Section]:
    """Return what emotion does to the judged model's face."""
    model = stage.systems.models.get(MODEL)
    if model is None:
        return [Section("emotion", "emotion", skipped="no model is evaluated")]
    if not emotions_of(model.bundle):
        return [Section("emotion", "emotion", skipped="the model names manners of speaking, no emotions")]
    return [_closures(stage), *_performances(stage), *visit_hearing(stage)]


def _closures(stage: Stage) -> Section:
    title = "emotion at 1, on real speech"
    model = stage.systems.models[MODEL]
    try:
        lines = stage.all_lines(REAL_SETS)
    except LipwrightError as error:
        return Section("emotion_closure", title, skipped=str(error))
    eye_distance = stage.systems.regions.eye_distance
    neutral = closure_figures(stage.spoken(MODEL, model, lines), eye_distance)
    rows = []
    for name in emotions_of(model.bundle):
        system = model.with_style(name)
        spoken = [(system.on_line(line.clip), line_times(line.clip), line.phones) for line in lines]
        felt = closure_figures(spoken, eye_distance)
        kept = felt["lip_closure"] / neutral["lip_closure"]
        rows += [
            Row(f"{name}.kept", f"{name}: p b m closed, of neutral's", 3, {MODEL: kept}, CLOSURES_KEPT),
            Row(f"{name}.false", "  open vowels falsely closed", 3, {MODEL: felt["false_closure"]}),
        ]
    about = "Every emotion's slider alone at 1, against the neutral face of the same lines."
    return Section("emotion_closure", title, tuple(rows), about, items=tuple(line.name for line in lines))


def _performances(stage: Stage) -> list[Section]:
    """Performances of kept-out takes: what of them is seen in the face."""
    from training.evaluation.kept_out_performances import kept_out_performances  # noqa: PLC0415 - loads torch

    bundle, title = stage.systems.models[MODEL].bundle, "performances of kept-out takes"
    takes = [] if stage.project is None else [t for t in stage.takes() if t.phones]
    if stage.project is None or not takes:
        return [Section("emotion_recovered", title, skipped="needs captured takes with phones")]
    performed = kept_out_performances(stage.project, stage.head, takes, PER_TAKE, SEED)
    rows = _seen(bundle, performed, stage)
    about = (
        "Of which emotions' changes of the face the performed one is the likeliest sum (non-negative least "
        "squares, weighed by how the model errs at neutral speech, averaged over half a second), at frames "
        "that show one emotion or none; chance is 1 in 11. "
        "The performances come from the same performance model as those trained on, with another seed and "
        "other takes."
    )
    return [Section("emotion_recovered", title, rows, about, items=tuple(t.name for t in takes))]


def _seen(bundle: ModelBundle, performed: Sequence[Performed], stage: Stage) -> tuple[Row, ...]:
    assert stage.project is not None  # noqa: S101 - the caller looked
    names = emotions_of(bundle)
    rows = stage.project.basis.reshape(len(stage.project.basis), -1)
    change = bundle.flat_basis @ rows.T
    upper = np.arange(len(stage.systems.regions.upper))
    upper_basis = stage.project.basis[:, stage.systems.regions.upper].reshape(len(rows), -1)
    predictor, right, deviation = FacePredictor(bundle, THREADS), [], []
    telling = _telling(predictor, change, stage)
    for one in performed:
        motion = one.motion
        times = motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate
        clip = AudioClip.from_samples(motion.samples, SAMPLE_RATE, motion.name)
        analysis = predictor.analyse(clip)
        neutral = predictor.coefficients(analysis, times) @ change
        faces = [
            predictor.coefficients(analysis, times, emotion_vector(bundle, {name: 1.0})) @ change - neutral
            for name in names
        ]
        seen = np.stack([face @ telling for face in faces], 2), (motion.coefficients - neutral) @ telling
        amounts = felt_amounts(*seen, motion.frame_rate)
        guess = np.where(amounts.sum(1) >= SHOWN / 2, amounts.argmax(1) + 1, 0)
        own = one.labels[:, [EMOTIONS.index(n) for n in names]]
        truth = _classes(own, one.labels)
        right.append((guess == truth)[truth >= 0])
        ours = _follow(predictor, analysis, times, own @ bundle.emotion_vectors[: len(names)]) @ change
        shown = [(c @ upper_basis).reshape(len(c), -1, 3) for c in (ours, motion.coefficients)]
        deviation.append(upper_face_dynamics_deviation(shown[0], shown[1], upper))
    share = float(np.concatenate(right).mean())
    return (
        Row("recovered", "emotion recovered from the face (frames)", 3, {MODEL: share}, RECOVERED),
        Row(
            "upper_fdd", "upper-face FDD against the performance (mm)", 3, {MODEL: float(np.mean(deviation))}
        ),
    )


def _telling(predictor: FacePredictor, change: NDArray[np.float32], stage: Stage) -> NDArray[np.float64]:
    """Return how to weigh a face's coefficients [R, R]: little where speech alone makes the model err.

    Measured on neutral train takes of the first captured speaker.
    """
    assert stage.project is not None  # noqa: S101 - the caller looked
    takes = [t for t in stage.project.split("train") if t.speaker == stage.takes()[0].speaker][:WEIGHED_ON]
    errors = []
    for take in takes:
        ours = predictor.coefficients(predictor.analyse(read_audio(take.audio_path)), take.times) @ change
        errors.append((take.coefficients - ours)[take.valid])
    error = np.concatenate(errors).astype(np.float64)
    values, vectors = np.linalg.eigh(error.T @ error / len(error))
    return np.asarray(vectors / np.sqrt(values + FLOOR * values[-1]) @ vectors.T, np.float64)


def felt_amounts(
    changes: NDArray[np.floating], change: NDArray[np.floating], frame_rate: float
) -> NDArray[np.float64]:
    """Return how much of each emotion a face shows [T, K], averaged over half a second.

    Args:
        changes: [T, R, K] what each emotion at 1 does to the face.
        change: [T, R] what was done to it.
        frame_rate: Frames per second.
    """
    amounts = np.stack([nnls(table, row)[0] for table, row in zip(changes, change, strict=True)])
    return np.asarray(uniform_filter1d(amounts, max(1, round(frame_rate / 2)), axis=0, mode="nearest"))


def _follow(
    predictor: FacePredictor, analysis: object, times: NDArray[np.float64], track: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the face that follows an emotion track [T, E] keyed at `times`."""

    def at(moments: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.stack([np.interp(moments, times, column) for column in track.T], 1).astype(np.float32)

    return predictor.coefficients(analysis, times, at)  # type: ignore[arg-type]


def _classes(labels: NDArray[np.float32], every: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return 0 for neutral, k + 1 for emotion k, -1 where frames show neither clearly, [T]."""
    total, strongest = every.sum(1), labels.max(1)
    clear = (strongest >= SHOWN) & (total - strongest <= BESIDE)
    found = np.where(clear, labels.argmax(1) + 1, -1)
    return np.asarray(np.where(total <= NONE, 0, found), np.int64)
