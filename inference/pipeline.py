"""The whole way from a sound file to a face's motion, in one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np

from .array_types import CancelCheck, DoubleArray, EmotionSampler, FloatArray, FrameRate, IntArray, Progress
from .audio_file import AudioClip, AudioFile, SpeechSource
from .blendshape_solve import BlendshapeSolver
from .emotion import emotion_vector, emotion_weights, felt_emotion
from .emotion_hearing import HeardEmotion, check_hearing, hear_emotion
from .emotion_track import EmotionKeys
from .face_prediction import FacePredictor, SpeechAnalysis
from .frame_timing import exact_frame_rate, frame_times
from .lip_seal import LipSeal
from .model_bundle import ModelBundle

Emotion: TypeAlias = Mapping[str, float] | EmotionKeys | FloatArray | EmotionSampler | None
"""Weights by name, the same keyed over the line, one latent vector [E], vectors over time, or neutral."""

_LONG_LINE = 600.0
"""Seconds from which a line is streamed, without keeping its samples or its speech code."""
_PREDICTION_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class FaceGeometry:
    """What coefficients move.

    Attributes:
        template: [V, 3] the face at rest.
        faces: [F, 3 or 4] vertex numbers.
        landmarks68: [68] vertex numbers in iBUG order, or empty where unknown.
        mean_offset: [V, 3] displacement at zero coefficients.
        basis: [P, V, 3] displacement per unit of each coefficient.
    """

    template: FloatArray
    faces: IntArray
    landmarks68: IntArray
    mean_offset: FloatArray
    basis: FloatArray


@dataclass(frozen=True, eq=False)
class FaceMotion:
    """A face's motion over one line.

    Attributes:
        frame_rate: frames per second, exact.
        times: [T] seconds.
        coefficients: [T, P] of the geometry's basis.
        weights: [T, K] shape-key weights, 0..1.
        weight_names: the K names.
        geometry: template, topology and basis.
        duration: the line's length in seconds.
        emotion: [T, N] weights of the named emotions.
        emotion_names: the N names.
        emotion_latent: [T, E] the model's own emotion vectors.
        warnings: sentences for the user.
        analysis: hand it to the next call for the same line; None for streamed lines.
        start: seconds on the timeline at which the line begins; files count their times from there.
    """

    frame_rate: Fraction
    times: DoubleArray
    coefficients: FloatArray
    weights: FloatArray
    weight_names: tuple[str, ...]
    geometry: FaceGeometry
    duration: float
    emotion: FloatArray
    emotion_names: tuple[str, ...]
    emotion_latent: FloatArray
    warnings: tuple[str, ...] = ()
    analysis: SpeechAnalysis | None = field(default=None, repr=False)
    start: float = 0.0

    @property
    def head_rotation(self) -> FloatArray:
        """Pitch, yaw and roll in radians, [T, 3]; the head is still for now."""
        return np.zeros((len(self.times), 3), np.float32)

    def vertex_offsets(self, start: int = 0, stop: int | None = None) -> FloatArray:
        """Returns displacements from the template for frames start..stop-1, [n, V, 3]."""
        rows = self.coefficients[start:stop]
        flat = rows @ self.geometry.basis.reshape(len(self.geometry.basis), -1)
        result: FloatArray = flat.reshape(len(rows), -1, 3) + self.geometry.mean_offset
        return result


def model_geometry(bundle: ModelBundle) -> FaceGeometry:
    """Returns the head that a model was trained on."""
    return FaceGeometry(bundle.template, bundle.faces, bundle.landmarks68, bundle.mean_offset, bundle.basis)


def model_solver(bundle: ModelBundle) -> BlendshapeSolver:
    """Returns the solver from a model's coefficients to the 52 ARKit weights."""
    solver = BlendshapeSolver(bundle.arkit_deltas, bundle.basis, bundle.mean_offset)
    solver.keep_lips_apart(LipSeal(bundle))
    return solver


def animate_line(
    model: ModelBundle | FacePredictor,
    source: str | Path | SpeechSource,
    frame_rate: FrameRate = 30.0,
    emotion: Emotion = None,
    *,
    from_voice: float = 0.0,
    analysis: SpeechAnalysis | None = None,
    solver: BlendshapeSolver | None = None,
    progress: Progress | None = None,
    cancelled: CancelCheck | None = None,
) -> FaceMotion:
    """Animates one line of dialogue.

    Args:
        model: a bundle, or a `FacePredictor` that is kept between lines.
        source: a sound file's path, an `AudioClip` or an `AudioFile`.
        frame_rate: frames per second; 29.97 means 30000/1001.
        emotion: see `Emotion`.
        from_voice: share, 0..1, by which the emotion heard in the voice takes the place of that; above 0 the
            model must hear emotion.
        analysis: that of an earlier motion of the same line; the sound is then read again for `from_voice`
            alone, and only what depends on emotion is computed.
        solver: from `model_solver`, kept between lines; made anew when None.
        progress: told the share done, 0..1.
        cancelled: asked several times a second; true ends the work.

    Raises:
        LipwrightError: for a sound or a model that cannot be used.
        Cancelled: when `cancelled` answered true.
    """
    bundle = model if isinstance(model, ModelBundle) else model.bundle
    predictor = FacePredictor(model) if isinstance(model, ModelBundle) else model
    rate = exact_frame_rate(frame_rate)
    if from_voice:
        check_hearing(bundle)
    opened = _opened(source) if from_voice or analysis is None else None
    known = analysis or opened
    assert known is not None  # noqa: S101 - it is opened where there is no analysis
    times = frame_times(known.duration, rate)
    sampler, named = _resolve_emotion(bundle, emotion, known.duration, times)
    if from_voice and opened is not None:
        heard = hear_emotion(bundle, opened, cancelled)
        named = (1 - from_voice) * named + from_voice * heard.weights_at(times)
        sampler = _joined(bundle, sampler, heard, from_voice)
    coefficients, warnings, kept = _predict(
        predictor, known, times, sampler, progress=progress, cancelled=cancelled
    )
    weights = (solver or model_solver(bundle)).solve(coefficients)
    _tell(progress, 1.0)
    return FaceMotion(
        frame_rate=rate,
        times=times,
        coefficients=coefficients,
        weights=weights,
        weight_names=bundle.arkit_names,
        geometry=model_geometry(bundle),
        duration=known.duration,
        emotion=np.broadcast_to(named, (len(times), named.shape[-1])),
        emotion_names=bundle.emotion_names,
        emotion_latent=_latent_over(sampler, times, bundle.emotion_size),
        warnings=warnings,
        analysis=kept,
    )


def _opened(source: str | Path | SpeechSource) -> SpeechSource:
    """Opens paths; what is sound already stays what it is."""
    return open_speech(AudioFile(source)) if isinstance(source, str | Path) else source


def open_speech(
    sound: AudioFile, listen: Callable[[FloatArray], None] | None = None
) -> AudioClip | AudioFile:
    """Returns a line to walk through: a short one in memory, as loudness and features take a walk each.

    Args:
        sound: the file; a long one is returned as it is.
        listen: told every block [n] of a short one at the file's own rate.

    Raises:
        LipwrightError: for a sound that cannot be used.
    """
    if sound.duration > _LONG_LINE:
        return sound
    return AudioClip(np.concatenate(list(sound.blocks(listen))), sound.duration, sound.path)


def _resolve_emotion(
    bundle: ModelBundle, emotion: Emotion, duration: float, times: DoubleArray
) -> tuple[FloatArray | EmotionSampler | None, FloatArray]:
    """Returns what the predictor takes, and named weights, [N] or [T, N], zero for vectors."""
    unnamed = np.zeros(len(bundle.emotion_names), np.float32)
    if isinstance(emotion, EmotionKeys):
        emotion.check(bundle, duration)
        return emotion.sampler(bundle), emotion.weights(bundle, times)
    if isinstance(emotion, Mapping):
        return emotion_vector(bundle, emotion), emotion_weights(bundle, emotion)
    return emotion, unnamed


def _joined(
    bundle: ModelBundle, chosen: FloatArray | EmotionSampler | None, heard: HeardEmotion, from_voice: float
) -> EmotionSampler:
    """Returns the sampler of what was chosen and what is heard, together."""

    def sample(times: DoubleArray) -> FloatArray:
        told = _latent_over(chosen, times, bundle.emotion_size)
        everything = np.ones(len(times), np.float32)
        return felt_emotion(told, everything, heard.vectors_at(bundle, times), from_voice)

    return sample


def _latent_over(emotion: FloatArray | EmotionSampler | None, times: DoubleArray, size: int) -> FloatArray:
    if emotion is None:
        return np.broadcast_to(np.zeros(size, np.float32), (len(times), size))
    if callable(emotion):
        return emotion(times)
    return np.broadcast_to(np.asarray(emotion, np.float32), (len(times), size))


def _predict(
    predictor: FacePredictor,
    known: SpeechSource | SpeechAnalysis,
    times: DoubleArray,
    emotion: FloatArray | EmotionSampler | None,
    *,
    progress: Progress | None,
    cancelled: CancelCheck | None,
) -> tuple[FloatArray, tuple[str, ...], SpeechAnalysis | None]:
    """Returns coefficients [T, P], warnings, and the analysis if there is one to keep."""
    if not isinstance(known, SpeechAnalysis) and known.duration > _LONG_LINE:
        whole = _part_of(progress, 0.0, _PREDICTION_SHARE)
        coefficients, warnings = predictor.stream_coefficients(known, times, emotion, whole, cancelled)
        return coefficients, warnings, None
    half = _PREDICTION_SHARE / 2
    analysis = (
        known
        if isinstance(known, SpeechAnalysis)
        else predictor.analyse(known, _part_of(progress, 0.0, half), cancelled)
    )
    second = _part_of(progress, half, _PREDICTION_SHARE)
    return predictor.coefficients(analysis, times, emotion, second, cancelled), analysis.warnings, analysis


def _part_of(progress: Progress | None, start: float, stop: float) -> Progress | None:
    """Returns a callback whose 0..1 fills start..stop of the caller's."""
    if progress is None:
        return None
    return lambda share: progress(start + (stop - start) * share)


def _tell(progress: Progress | None, share: float) -> None:
    if progress is not None:
        progress(share)
