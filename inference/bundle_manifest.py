"""Reads and checks `model.json`, the page of a model bundle that says what the rest must look like."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .array_types import FloatArray
from .audio_features import FeatureSettings
from .audio_file import SAMPLE_RATE
from .errors import LipwrightError
from .frame_timing import NetworkTiming
from .prosody import MEASURES

FORMAT_VERSION = 1
_MAX_VERTICES = 200_000
_MAX_CHANNELS = 4096
_MAX_EMOTION = 256
_MAX_NAMES = 256
_MAX_RECEPTIVE_FIELD = 4096
_MAX_STRIDE = 64


@dataclass(frozen=True)
class GraphInfo:
    """One ONNX graph: an unpadded convolution along time with batch 1.

    Attributes:
        file: member of the bundle.
        inputs: names of its inputs, in order.
        output: name of its output.
        receptive_field: input frames that one output frame sees.
        stride: input frames from one output frame to the next.
        channels: values per output frame.
    """

    file: str
    inputs: tuple[str, ...]
    output: str
    receptive_field: int
    stride: int
    channels: int


@dataclass(frozen=True)
class HearingInfo:
    """What hears emotion from the voice, in `hearing.npz`.

    Attributes:
        names: the emotions that it tells.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Manifest:
    """The checked content of `model.json`; the fields are described at `model_bundle.ModelBundle`."""

    name: str
    licence: str
    credits: str
    network: str
    target_db: float
    features: FeatureSettings
    speech: GraphInfo
    face: GraphInfo
    timing: NetworkTiming
    emotion_names: tuple[str, ...]
    emotion_vectors: FloatArray
    hearing: HearingInfo | None
    head_id: str
    head_hash: str
    vertices: int
    training: dict[str, Any]


def parse_manifest(data: bytes, label: str) -> Manifest:
    """Reads `model.json`.

    Args:
        data: the file's bytes.
        label: how messages name the bundle.

    Raises:
        LipwrightError: naming the entry that is missing or impossible.
    """
    try:
        values = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise LipwrightError(
            f"{label}: its model.json is not JSON ({error}); export the model again"
        ) from error
    return _manifest(_Entries(values, label, ""), label)


def _manifest(root: "_Entries", label: str) -> Manifest:
    version = root.integer("format_version", 0, 1 << 31)
    if version != FORMAT_VERSION:
        raise LipwrightError(f"{label}: has format version {version}, not {FORMAT_VERSION}; update Lipwright")
    sample_rate = root.integer("sample_rate", SAMPLE_RATE, SAMPLE_RATE)
    loudness = root.child("loudness")
    if loudness.text("kind") != "rms":
        raise loudness.error("kind", "is not 'rms'")
    try:
        features = FeatureSettings.from_json(root.child("features").values, sample_rate)
    except LipwrightError as error:
        raise LipwrightError(f"{label}: {error}") from error
    speech = _graph(root.child("speech"), [root.child("speech").text("input")])
    face = _graph(root.child("face"), root.child("face").texts("inputs"))
    if len(face.inputs) != 2:  # noqa: PLR2004 - code and emotion
        raise root.error("face", "must have two inputs, code and emotion")
    timing = NetworkTiming(
        sample_rate,
        features.hop_length,
        speech.receptive_field,
        speech.stride,
        face.receptive_field,
        face.stride,
    )
    if not math.isclose(root.number("frame_rate", 0, 1000), timing.frame_rate, rel_tol=1e-6):
        raise root.error("frame_rate", f"does not follow from hop and strides ({timing.frame_rate:g})")
    names, vectors = _emotion(root.child("emotion"))
    head = root.child("head")
    return Manifest(
        name=root.text("name"),
        licence=root.text("licence"),
        credits=root.text("credits"),
        network=root.text("network"),
        target_db=loudness.number("target_db", -80, 0),
        features=features,
        speech=speech,
        face=face,
        timing=timing,
        emotion_names=names,
        emotion_vectors=vectors,
        hearing=_hearing(root.child("hearing"), names) if "hearing" in root.values else None,
        head_id=head.text("id"),
        head_hash=head.text("hash"),
        vertices=head.integer("vertices", 1, _MAX_VERTICES),
        training=root.child("training").values if "training" in root.values else {},
    )


def _graph(entries: "_Entries", inputs: Sequence[str]) -> GraphInfo:
    return GraphInfo(
        file=entries.text("file"),
        inputs=tuple(inputs),
        output=entries.text("output"),
        receptive_field=entries.integer("receptive_field", 1, _MAX_RECEPTIVE_FIELD),
        stride=entries.integer("stride", 1, _MAX_STRIDE),
        channels=entries.integer("channels", 1, _MAX_CHANNELS),
    )


def _emotion(entries: "_Entries") -> tuple[tuple[str, ...], FloatArray]:
    size = entries.integer("size", 1, _MAX_EMOTION)
    names = entries.texts("names")
    rows = entries.values.get("vectors")
    if len(names) > _MAX_NAMES or len(set(names)) != len(names):
        raise entries.error("names", f"must be at most {_MAX_NAMES} different names")
    try:
        vectors = np.asarray(rows, dtype=np.float32).reshape(-1, size)
    except (TypeError, ValueError, OverflowError):
        raise entries.error("vectors", f"must hold {size} numbers per name") from None
    if vectors.shape[0] != len(names) or not np.isfinite(vectors).all():
        raise entries.error("vectors", f"must hold {size} finite numbers for each of the {len(names)} names")
    return tuple(names), vectors


def _hearing(entries: "_Entries", known: Sequence[str]) -> HearingInfo:
    names = tuple(entries.texts("names"))
    if not names or len(set(names)) != len(names) or not set(names) <= set(known):
        raise entries.error("names", "must be different ones of the model's emotions")
    if entries.integer("measures", 1, _MAX_CHANNELS) != len(MEASURES):
        raise entries.error("measures", f"must be {len(MEASURES)} with this version of Lipwright")
    return HearingInfo(names)


class _Entries:
    """A JSON object whose entries are fetched with a check each."""

    def __init__(self, values: object, label: str, where: str) -> None:
        self._label, self._where = label, where
        if not isinstance(values, dict):
            raise LipwrightError(f"{label}: {where or 'model.json'} is not an object; export the model again")
        self.values: dict[str, Any] = values

    def error(self, name: str, problem: str) -> LipwrightError:
        """Returns the sentence for an impossible entry."""
        return LipwrightError(
            f"{self._label}: '{self._where}{name}' in model.json {problem}; export the model again"
        )

    def child(self, name: str) -> "_Entries":
        """Returns an object inside this one."""
        return _Entries(self._get(name), self._label, f"{self._where}{name}.")

    def text(self, name: str) -> str:
        """Returns a string."""
        value = self._get(name)
        if not isinstance(value, str):
            raise self.error(name, "is not text")
        return value

    def texts(self, name: str) -> list[str]:
        """Returns a list of strings."""
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(name, "is not a list of names")
        return value

    def integer(self, name: str, lowest: int, highest: int) -> int:
        """Returns a whole number within bounds."""
        value = self._get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise self.error(name, f"must be a whole number from {lowest} to {highest}")
        return value

    def number(self, name: str, lowest: float, highest: float) -> float:
        """Returns a number within bounds."""
        value = self._get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not lowest <= value <= highest:
            raise self.error(name, f"must be a number from {lowest:g} to {highest:g}")
        return float(value)

    def _get(self, name: str) -> object:
        if name not in self.values:
            raise self.error(name, "is missing")
        return self.values[name]
