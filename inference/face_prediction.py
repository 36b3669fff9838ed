"""From sound to face coefficients: what depends on emotion apart from what does not.

`analyse` hears a line once; `coefficients` then answers for any emotion and any times. They are computed in
aligned blocks of one fixed shape, so that a frame asked for alone is bit for bit that of the whole line.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .array_types import CancelCheck, DoubleArray, EmotionSampler, FloatArray, Progress
from .audio_features import feature_blocks, silence_features
from .audio_file import SpeechSource
from .errors import Cancelled
from .loudness import loudness_gain, measure_level
from .model_bundle import ModelBundle
from .onnx_session import GraphSession

_CODE_BLOCK = 256
"""Code frames per run of the speech graph: bounds the memory, and what fits a core's cache is done sooner."""
_OUTPUT_BLOCK = 160
"""Outputs per run of the face graph: some seconds; a frame alone costs one run, few milliseconds at most."""
_LINEAR_FROM_RATE = 50.0
"""Outputs per second from which a model is read linearly between them."""
_SUM_BLOCK = 4096
"""Frames interpolated at once: bounds the memory of long lines."""


@dataclass(frozen=True, eq=False)
class SpeechAnalysis:
    """What a line sounds like to the model, whatever the emotion.

    Attributes:
        code: [M, D] speech code, padded with silence to whole blocks.
        outputs: network outputs that cover the line.
        duration: seconds.
        warnings: sentences for the user.
    """

    code: FloatArray
    outputs: int
    duration: float
    warnings: tuple[str, ...]


class FacePredictor:
    """A model, ready to animate. May be used from any one thread at a time."""

    def __init__(self, bundle: ModelBundle, threads: int | None = None) -> None:
        """Takes a model; its graphs are loaded when they are first needed.

        Args:
            bundle: from `load_bundle`.
            threads: cores to use; None leaves the number to onnxruntime.
        """
        self.bundle = bundle
        self._timing = bundle.timing
        self._threads = threads or 0
        self._sessions: dict[str, GraphSession] = {}
        self._opening: threading.Thread | None = None

    def open_early(self) -> None:
        """Begins to load the graphs beside what the caller does next, which takes a tenth off a short run.

        What is wrong with them is told by the first call that needs them.
        """
        self._opening = threading.Thread(target=self._open_quietly)
        self._opening.start()

    def _open_quietly(self) -> None:
        with contextlib.suppress(Exception):
            self._sessions["speech.onnx"] = self._session("speech.onnx")
            self._sessions["face.onnx"] = self._session("face.onnx")

    def analyse(
        self, source: SpeechSource, progress: Progress | None = None, cancelled: CancelCheck | None = None
    ) -> SpeechAnalysis:
        """Computes everything about a line that does not depend on emotion.

        Args:
            source: an `AudioClip` or an `AudioFile`.
            progress: told the share done, 0..1.
            cancelled: asked once per block.

        Raises:
            LipwrightError: when the sound or the model's graph is damaged.
            Cancelled: when `cancelled` answered true.
        """
        outputs = self._timing.output_count(source.duration)
        code = np.empty((self._blocked_code_count(outputs), self.bundle.speech.channels), np.float32)
        level = measure_level(_until_cancelled(source.blocks(), cancelled))
        filled = 0
        for block in self._code_blocks(source, level, outputs):
            code[filled : filled + len(block)] = block
            filled += len(block)
            _tell(progress, cancelled, filled / len(code))
        code[filled:] = self._silence_code
        warnings = _level_warnings(source.path, level, self.bundle.target_db)
        return SpeechAnalysis(code, outputs, source.duration, warnings)

    def coefficients(
        self,
        analysis: SpeechAnalysis,
        times: DoubleArray,
        emotion: FloatArray | EmotionSampler | None = None,
        progress: Progress | None = None,
        cancelled: CancelCheck | None = None,
    ) -> FloatArray:
        """Computes the face at any times of an analysed line.

        Args:
            analysis: from `analyse`.
            times: [T] seconds; beyond the line's ends the face of the end is returned.
            emotion: a latent vector [E], a function from times [N] to vectors [N, E], or None for neutral.
            progress: told the share done, 0..1.
            cancelled: asked once per block.

        Returns:
            Coefficients of the model's basis, [T, P]; the same bits however the times are grouped.
        """
        first, weights = _tap_weights(np.asarray(times, np.float64), self._timing.frame_rate)
        taps = np.clip(first[:, None] + np.arange(4), 0, analysis.outputs - 1)
        blocks = np.flatnonzero(np.bincount((taps // _OUTPUT_BLOCK).reshape(-1)))
        computed = np.empty((len(blocks) * _OUTPUT_BLOCK, self.bundle.face.channels), np.float32)
        for place, block in enumerate(blocks):
            start = int(block) * _OUTPUT_BLOCK * self.bundle.face.stride
            code = analysis.code[start : start + self._block_length]
            computed[place * _OUTPUT_BLOCK :][:_OUTPUT_BLOCK] = self._face_block(code, start, emotion)
            _tell(progress, cancelled, (place + 1) / len(blocks))
        rows = np.searchsorted(blocks, taps // _OUTPUT_BLOCK) * _OUTPUT_BLOCK + taps % _OUTPUT_BLOCK
        return _weighted_sum(computed, rows, weights)

    def stream_coefficients(
        self,
        source: SpeechSource,
        times: DoubleArray,
        emotion: FloatArray | EmotionSampler | None = None,
        progress: Progress | None = None,
        cancelled: CancelCheck | None = None,
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Does `analyse` and `coefficients` in one walk that keeps no speech code, for very long lines.

        Returns:
            The same coefficients [T, P] as the two calls, and the warnings.
        """
        outputs = self._timing.output_count(source.duration)
        level = measure_level(_until_cancelled(source.blocks(), cancelled))
        computed = np.empty(
            (-(-outputs // _OUTPUT_BLOCK) * _OUTPUT_BLOCK, self.bundle.face.channels), np.float32
        )
        step = _OUTPUT_BLOCK * self.bundle.face.stride
        buffer = np.empty((0, self.bundle.speech.channels), np.float32)
        done = 0
        for code in self._padded_code_blocks(source, level, outputs):
            buffer = np.concatenate((buffer, code))
            while len(buffer) >= self._block_length and done < len(computed):
                start = done * self.bundle.face.stride
                computed[done : done + _OUTPUT_BLOCK] = self._face_block(
                    buffer[: self._block_length], start, emotion
                )
                buffer = buffer[step:]
                done += _OUTPUT_BLOCK
            _tell(progress, cancelled, done / len(computed))
        first, weights = _tap_weights(np.asarray(times, np.float64), self._timing.frame_rate)
        taps = np.clip(first[:, None] + np.arange(4), 0, outputs - 1)
        return _weighted_sum(computed, taps, weights), _level_warnings(
            source.path, level, self.bundle.target_db
        )

    @property
    def _speech(self) -> GraphSession:
        return self._opened("speech.onnx")

    @property
    def _face(self) -> GraphSession:
        return self._opened("face.onnx")

    def _opened(self, name: str) -> GraphSession:
        if self._opening:
            self._opening.join()
            self._opening = None
        if name not in self._sessions:
            self._sessions[name] = self._session(name)
        return self._sessions[name]

    def _session(self, name: str) -> GraphSession:
        bundle, sizes = self.bundle, self._input_sizes(name)
        info = bundle.speech if name == "speech.onnx" else bundle.face
        return GraphSession(bundle.graphs[name], info, sizes, str(bundle.path), self._threads)

    def _input_sizes(self, name: str) -> tuple[int, ...]:
        if name == "speech.onnx":
            return (self.bundle.manifest.features.width,)
        return (self.bundle.speech.channels, self.bundle.emotion_size)

    @cached_property
    def _silence(self) -> FloatArray:
        return silence_features(self.bundle.manifest.features)

    @cached_property
    def _silence_code(self) -> FloatArray:
        code: FloatArray = self._speech.run(np.tile(self._silence, (self.bundle.speech.receptive_field, 1)))[
            0
        ]
        return code

    @property
    def _block_length(self) -> int:
        return self._timing.code_count(_OUTPUT_BLOCK)

    def _blocked_code_count(self, outputs: int) -> int:
        return self._timing.code_count(-(-outputs // _OUTPUT_BLOCK) * _OUTPUT_BLOCK)

    def _face_block(
        self, code: FloatArray, start: int, emotion: FloatArray | EmotionSampler | None
    ) -> FloatArray:
        """Runs the face graph on one block of code frames that begins at code frame `start`."""
        size = self.bundle.emotion_size
        if emotion is None:
            vectors = np.zeros((len(code), size), np.float32)
        elif callable(emotion):
            vectors = np.asarray(emotion(self._timing.code_times(start, len(code))), np.float32)
        else:
            vectors = np.tile(np.asarray(emotion, np.float32), (len(code), 1))
        return self._face.run(np.ascontiguousarray(code), vectors)

    def _padded_code_blocks(self, source: SpeechSource, level: float, outputs: int) -> Iterator[FloatArray]:
        """Yields the code of a line and then of silence, up to whole output blocks."""
        missing = self._blocked_code_count(outputs)
        for block in self._code_blocks(source, level, outputs):
            missing -= len(block)
            yield block
        yield np.tile(self._silence_code, (missing, 1))

    def _code_blocks(self, source: SpeechSource, level: float, outputs: int) -> Iterator[FloatArray]:
        """Yields the speech code of the whole line, block by block."""
        field, stride = self.bundle.speech.receptive_field, self.bundle.speech.stride
        window = (_CODE_BLOCK - 1) * stride + field
        buffer = np.empty((0, self.bundle.manifest.features.width), np.float32)
        for features in self._padded_features(source, level, outputs):
            buffer = np.concatenate((buffer, features))
            while len(buffer) >= window:
                yield self._speech.run(np.ascontiguousarray(buffer[:window]))
                buffer = buffer[_CODE_BLOCK * stride :]
        if len(buffer) >= field:
            yield self._speech.run(np.ascontiguousarray(buffer))

    def _padded_features(self, source: SpeechSource, level: float, outputs: int) -> Iterator[FloatArray]:
        """Yields the line's features with silence before and after, as many as `outputs` outputs need."""
        missing = self._timing.padded_feature_count(outputs) - self._timing.left_padding
        gain, last = loudness_gain(level, self.bundle.target_db), None
        for features in feature_blocks(source.blocks(), self.bundle.manifest.features, gain):
            if last is None:
                yield self._silence_beside(features[0], self._timing.left_padding)
            yield features[:missing]
            missing -= min(missing, len(features))
            last = features[-1]
        yield self._silence_beside(self._silence if last is None else last, missing)

    def _silence_beside(self, frame: FloatArray, count: int) -> FloatArray:
        """Returns frames of silence [count, C] in a recording of the colour that a frame [C] has."""
        silence = np.tile(self._silence, (count, 1))
        silence[:, self.bundle.manifest.features.channels :] = frame[self.bundle.manifest.features.channels :]
        return silence


def _tap_weights(
    times: DoubleArray, frame_rate: float
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], FloatArray]:
    """Returns the first of four neighbours [T] and their weights [T, 4] at `times` [T] in seconds.

    Fast models are read linearly: a cubic swings below zero beside a closure, which presses lips through each
    other. Slow ones need the cubic to keep their peaks.
    """
    if frame_rate < _LINEAR_FROM_RATE:
        return _cubic_weights(times * frame_rate)
    position = times * frame_rate
    base = np.floor(position)
    share = (position - base).astype(np.float32)
    zero = np.zeros_like(share)
    return base.astype(np.int64) - 1, np.stack((zero, 1 - share, share, zero), axis=1)


def _cubic_weights(
    position: DoubleArray,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], FloatArray]:
    """Returns the first of four neighbours [T] and Catmull-Rom weights [T, 4] at fractional positions [T]."""
    base = np.floor(position)
    x = position - base
    weights = np.stack(
        (
            ((2.0 - x) * x - 1.0) * x * 0.5,
            ((3.0 * x - 5.0) * x * x + 2.0) * 0.5,
            ((4.0 - 3.0 * x) * x + 1.0) * x * 0.5,
            (x - 1.0) * x * x * 0.5,
        ),
        axis=1,
    )
    return base.astype(np.int64) - 1, weights.astype(np.float32)


def _weighted_sum(
    values: FloatArray, rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]], weights: FloatArray
) -> FloatArray:
    """Sums four rows of `values` per frame, in one fixed order so that grouping cannot change a bit."""
    result = np.zeros((len(rows), values.shape[1]), np.float32)
    for start in range(0, len(rows), _SUM_BLOCK):
        part = slice(start, start + _SUM_BLOCK)
        for tap in range(4):
            result[part] += values[rows[part, tap]] * weights[part, tap : tap + 1]
    return result


def _level_warnings(path: Path, level: float, target_db: float) -> tuple[str, ...]:
    if loudness_gain(level, target_db) == 0.0:
        return (f"{path}: is silent, so the face stays at rest; check the recording if it should speak",)
    return ()


def _until_cancelled(blocks: Iterator[FloatArray], cancelled: CancelCheck | None) -> Iterator[FloatArray]:
    for block in blocks:
        _tell(None, cancelled, 0.0)
        yield block


def _tell(progress: Progress | None, cancelled: CancelCheck | None, share: float) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled
    if progress is not None:
        progress(min(1.0, share))
