"""Emotion keyed over a line by name, and the CSV file that holds it: `time,name,value`, seconds and 0..1."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .array_types import DoubleArray, EmotionSampler, FloatArray
from .emotion import clamp_weight, clamp_weights, emotion_weights, outside_warning
from .errors import LipwrightError
from .model_bundle import ModelBundle

HEADER = ("time", "name", "value")
_MAX_BYTES = 16 << 20
_BEYOND = 0.1
"""Seconds by which a key may lie behind the line's end: tracks are rounded up to frames."""


@dataclass(frozen=True, eq=False)
class EmotionKeys:
    """Keys of each named emotion, linear between them and constant before the first and after the last.

    Attributes:
        keys: by name, times [K] in seconds, rising, and values [K].
        label: what messages call the track, such as its file.
        warnings: what was put right while it was read.
    """

    keys: Mapping[str, tuple[DoubleArray, FloatArray]]
    label: str
    warnings: tuple[str, ...] = ()

    def with_constants(self, weights: Mapping[str, float]) -> "EmotionKeys":
        """Adds emotions that stay the same over the whole line.

        Raises:
            LipwrightError: for one that the track moves itself.
        """
        own = {name.lower() for name in self.keys}
        for name in weights:
            if name.lower() in own:
                raise LipwrightError(
                    f"{self.label}: moves the emotion '{name}', which is given a constant too; drop one"
                )
        weights, warnings = clamp_weights(weights)
        constants = {name: (np.zeros(1), np.full(1, value, np.float32)) for name, value in weights.items()}
        return replace(self, keys={**constants, **self.keys}, warnings=(*self.warnings, *warnings))

    def check(self, bundle: ModelBundle, duration: float | None = None) -> None:
        """Checks the track against a model and, where its length is known, a line.

        Raises:
            LipwrightError: for an emotion that the model does not know, or a key behind the line's end.
        """
        try:
            emotion_weights(bundle, dict.fromkeys(self.keys, 0.0))
        except LipwrightError as error:
            raise LipwrightError(f"{self.label}: {error}") from None
        last = max(float(times[-1]) for times, _ in self.keys.values())
        if duration is not None and last > duration + _BEYOND:
            raise LipwrightError(
                f"{self.label}: has a key at {last:g} s, but the line ends at {duration:.2f} s; "
                "cut the track or choose the line that it belongs to"
            )

    def weights(self, bundle: ModelBundle, times: DoubleArray) -> FloatArray:
        """Returns the weight of each of the model's emotions at times [T] in seconds, [T, N]."""
        result = np.zeros((len(times), len(bundle.emotion_names)), np.float32)
        columns = {name.lower(): column for column, name in enumerate(bundle.emotion_names)}
        for name, (key_times, values) in self.keys.items():
            result[:, columns[name.lower()]] = np.interp(times, key_times, values)
        return result

    def sampler(self, bundle: ModelBundle) -> EmotionSampler:
        """Returns the function from times to the model's latent vectors."""

        def sample(times: DoubleArray) -> FloatArray:
            vectors: FloatArray = self.weights(bundle, times) @ bundle.emotion_vectors
            return vectors

        return sample


def read_emotion_track(path: str | Path) -> EmotionKeys:
    """Reads a track; values outside 0..1 are clamped, with a warning.

    Raises:
        LipwrightError: one sentence that names the file, the line in it, and the remedy.
    """
    path = Path(path)
    rows: dict[str, list[tuple[float, float]]] = {}
    latest, outside = 0.0, 0
    for number, cells in _rows(path):
        time, name, value = _parsed(cells, f"{path}: line {number}")
        if time < latest:
            raise LipwrightError(
                f"{path}: line {number} goes back from {latest:g} to {time:g} s; sort the track by time"
            )
        latest = time
        keys = rows.setdefault(name, [])
        if keys and keys[-1][0] == time:
            raise LipwrightError(
                f"{path}: line {number} sets '{name}' a second time at {time:g} s; drop one of them"
            )
        clamped = clamp_weight(value)
        outside += clamped != value
        keys.append((time, clamped))
    if not rows:
        raise LipwrightError(f"{path}: holds no keys; write lines such as 0.5,joy,0.6 below the header")
    arrays = {name: _arrays(keys) for name, keys in rows.items()}
    return EmotionKeys(arrays, str(path), outside_warning(outside, f"{path}: "))


def _arrays(keys: list[tuple[float, float]]) -> tuple[DoubleArray, FloatArray]:
    times, values = zip(*keys, strict=True)
    return np.asarray(times, np.float64), np.asarray(values, np.float32)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LipwrightError(f"{path}: is too large for an emotion track; choose another file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LipwrightError(f"{path}: is no text in UTF-8; save the track as CSV in UTF-8") from None
    except FileNotFoundError:
        raise LipwrightError(f"{path}: there is no such emotion track; check the path") from None
    except OSError as error:
        raise LipwrightError(f"{path}: cannot be read ({error.strerror}); choose another file") from None


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields the file's line numbers and cells below the header, without empty lines."""
    import csv  # noqa: PLC0415 - few runs read a track, and every one waits for what is imported

    reader = csv.reader(_text(path).splitlines())
    try:
        header = tuple(cell.strip().lower() for cell in next(reader, []))
        if header != HEADER:
            raise LipwrightError(
                f"{path}: does not begin with the header {','.join(HEADER)}; add it as the first line"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise LipwrightError(f"{path}: line {reader.line_num} is no CSV ({error}); write it anew") from None


def _parsed(cells: list[str], where: str) -> tuple[float, str, float]:
    if len(cells) != len(HEADER) or not cells[1]:
        raise LipwrightError(f"{where} is not {','.join(HEADER)}; write for example 0.5,joy,0.6")
    time, value = (_number(cells[column]) for column in (0, 2))
    if not (math.isfinite(time) and math.isfinite(value)):
        raise LipwrightError(f"{where} has a time or value that is no number; write for example 0.5,joy,0.6")
    if time < 0.0:
        raise LipwrightError(f"{where} lies {-time:g} s before the line begins; start the track at 0")
    return time, cells[1].lower(), value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
