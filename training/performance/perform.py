"""Neutral motion and its sound performed in emotions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.performance.expressions import EMOTIONS, EXPRESSIONS
from training.performance.lip_keeping import contacts, frame_times, speech_kept
from training.performance.manners import manner_curve
from training.performance.retiming import retimed
from training.performance.rhythm import breath_curve, stress_beats, stress_curve, wandering
from training.performance.script import EmotionScript, phrases, speech_share
from training.performance.shape_layer import articulated, layered, weight_row, yielding
from training.performance.voice import emotional_voice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.dataset import Motion
    from training.performance.expressions import Expression
    from training.performance.shape_layer import PerformingFace

#: A performance's amounts differ by up to this share from shape to shape, and its sides by up to this.
AMOUNT_JITTER, SIDE_JITTER = 0.15, 0.06
#: A line's length is drawn this near (a factor's standard deviation) to what its emotions ask for.
TEMPO_JITTER = 0.02
#: However emotions mix, articulation stays within these factors, and its length within the last.
OPENINGS, WIDTHS, DURATIONS = (0.6, 1.5), (0.7, 1.4), (0.85, 1.2)
#: A number for every shape, the same for both sides.
_SHAPE = np.unique([n.removesuffix("Left").removesuffix("Right") for n in ARKIT_NAMES], return_inverse=True)[
    1
]


@dataclass(frozen=True)
class Performed:
    """A line performed.

    Attributes:
        motion: The performance: coefficients, sound, phones; speaker and group are the neutral line's.
        labels: [T, 10] float32 intensities of `EMOTIONS`, 0 to 1; no row of them is steeper than its onset.
        plain: The same line at the same tempo without feeling, in face and voice.
        source: Name of the neutral take.
    """

    motion: Motion
    labels: NDArray[np.float32]
    plain: Motion
    source: str


def perform(
    motion: Motion, script: EmotionScript, face: PerformingFace, rng: np.random.Generator
) -> Performed:
    """Return a line performed in emotions; a neutral script returns it as it is.

    Args:
        motion: Neutral motion in contact (`training.teaching.teacher.in_contact`).
        script: Which emotions when, in the neutral line's time.
        face: The speaker's (`training.performance.shape_layer.performing_face`).
        rng: Source of everything random; the same state gives the same performance.
    """
    times = frame_times(motion)
    if not script.labels(times).any():
        return Performed(motion, np.zeros((len(times), len(EMOTIONS)), np.float32), motion, motion.name)
    line, places = _at_tempo(motion, script, face, rng)
    course = _course(line, script, places, rng)
    moved = _face(line, course, face, rng)
    sound = line.samples
    if line.group != "rest":  # what is heard there is nobody's voice
        sound = emotional_voice(line.samples, frame_times(line), course.labels, course.breath, rng)
    return Performed(replace(moved, samples=sound), course.labels, line, motion.name)


@dataclass(frozen=True)
class _Course:
    """A performance over time, everything from 0 to 1.

    Attributes:
        windows: [T, K] how much of each cue is on the face.
        mixtures: [K, 10] intensities of each cue.
        labels: [T, 10] what the two make.
        speaking: [T] whether the face speaks.
        stress: [T] how stressed it does.
        breath: [T] its breaths in pauses.
    """

    windows: NDArray[np.float64]
    mixtures: NDArray[np.float64]
    labels: NDArray[np.float32]
    speaking: NDArray[np.float64]
    stress: NDArray[np.float64]
    breath: NDArray[np.float64]


def _course(
    line: Motion, script: EmotionScript, places: NDArray[np.float64], rng: np.random.Generator
) -> _Course:
    times, labels = frame_times(line), script.labels(places)
    speaking = speech_share(phrases(line), times)
    breath = breath_curve(_breath_rate(labels), 1 - speaking, times, rng)
    stress = stress_curve(stress_beats(line.samples), times, rng) * speaking
    return _Course(script.windows(places), script.mixtures(), labels, speaking, stress, breath)


def _at_tempo(
    motion: Motion, script: EmotionScript, face: PerformingFace, rng: np.random.Generator
) -> tuple[Motion, NDArray[np.float64]]:
    """Return the line at its emotions' tempo, and where in the neutral line each of its frames lies (s)."""
    if motion.group == "rest":
        return motion, frame_times(motion)
    labels = script.labels(frame_times(motion))
    factor = float(manner_curve("duration", labels).mean()) * (1 + TEMPO_JITTER * rng.standard_normal())
    line = retimed(motion, float(np.clip(factor, *DURATIONS)), face)
    return line, frame_times(line) * (len(motion.samples) / len(line.samples))


def _breath_rate(labels: NDArray[np.float32]) -> float:
    strongest = EMOTIONS[int(labels.sum(0).argmax())]
    return EXPRESSIONS[strongest].breath_rate


def _face(line: Motion, course: _Course, face: PerformingFace, rng: np.random.Generator) -> Motion:
    expression, pressed = _expression(frame_times(line), course, rng)
    lips, teeth = contacts(line, face, course.speaking)
    touching = np.maximum(lips, pressed), teeth
    opening = np.clip(manner_curve("opening", course.labels), *OPENINGS)
    width = np.clip(manner_curve("width", course.labels), *WIDTHS)
    grown = articulated(face, line.coefficients, opening, width) * (1 - lips)[:, None]
    shapes = layered(expression, line.coefficients @ face.weights, course.speaking)
    added = grown + yielding(shapes, *touching) @ face.moves
    return speech_kept(line, added, face, touching, course.speaking)


def _expression(
    times: NDArray[np.float64], course: _Course, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what all cues ask for, as weights [T, 52], and how much lips are pressed in pauses [T]."""
    expression, pressed = np.zeros((len(times), len(ARKIT_NAMES))), np.zeros(len(times))
    for window, row in zip(course.windows.T, course.mixtures, strict=True):
        for name, intensity in zip(EMOTIONS, row, strict=True):
            if intensity > 0:
                look = _look(EXPRESSIONS[name], rng)
                acted = _acted(EXPRESSIONS[name], look, course, rng)
                pressed += look.closed * intensity / row.sum() * window * (1 - course.speaking)
                expression += intensity * (window * wandering(times, rng))[:, None] * acted
    return expression, pressed


@dataclass(frozen=True)
class _Apex:
    """A look, or something between two: weights [52] as in `Look`, and from 0 to 1 how closed it is."""

    always: NDArray[np.float64]
    silent: NDArray[np.float64]
    spoken: NDArray[np.float64]
    closed: float


def _acted(
    expression: Expression, look: _Apex, course: _Course, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return one performance of an expression at its apex, as weights [T, 52]."""
    speaking, stress, breath = (c[:, None] for c in (course.speaking, course.stress, course.breath))
    jitter = 1 + rng.uniform(-AMOUNT_JITTER, AMOUNT_JITTER, len(look.always))[_SHAPE]
    jitter += rng.uniform(-SIDE_JITTER, SIDE_JITTER, len(look.always))
    shapes = look.always + (1 - speaking) * look.silent + speaking * look.spoken
    moving = stress * weight_row(expression.stress) + breath * weight_row(expression.breath)
    return np.asarray(jitter * shapes + moving, np.float64)


def _look(expression: Expression, rng: np.random.Generator) -> _Apex:
    """Return a look at random, half of the time something between two."""
    looks = [expression.looks[i] for i in rng.integers(len(expression.looks), size=2)]
    share, mirrored = rng.random() * (rng.random() < 0.5), bool(rng.random() < 0.5)  # noqa: PLR2004 - half

    def between(name: str) -> NDArray[np.float64]:
        one, other = (weight_row(getattr(k, name), mirrored=mirrored and k.mirrored) for k in looks)
        return np.asarray((1 - share) * one + share * other, np.float64)

    closed = (1 - share) * looks[0].closed + share * looks[1].closed
    return _Apex(between("always"), between("silent"), between("spoken"), closed)
