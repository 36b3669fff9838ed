"""``capture.toml``: what a capture folder says about itself.

actor = "Anna"                   # speaker's name; the folder's name by default
frame_rate = 25                  # where the motion files do not know it
offset = 0.02                    # seconds added to every motion time
validation = ["take3"]           # takes by stem; the rest of the split is chosen by order
test = ["take4"]
[channels]                       # channel -> ARKit shape, or shapes with gains
jaw_drop = "jawOpen"
round_lips = { mouthFunnel = 0.5, mouthPucker = 0.5 }
[takes.take1]                    # per take
emotion = "joy"
offset = 0.0
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inference.errors import LipwrightError

from .raw_motion import HIGHEST_RATE, LOWEST_RATE

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 2**20
LARGEST_OFFSET_S = 3600.0
LARGEST_GAIN = 1000.0
KEYS = frozenset({"actor", "licence", "frame_rate", "offset", "validation", "test", "channels", "takes"})
TAKE_KEYS = frozenset({"emotion", "offset"})


@dataclass(frozen=True)
class CaptureSettings:
    """The settings of one capture folder.

    Attributes:
        actor: Speaker's name.
        frame_rate: Frames a second of motion files that do not know theirs, or None.
        offset_s: Seconds added to every motion time.
        splits: Split of the takes that the file names.
        channels: Channel -> {ARKit shape: gain}.
        emotions: Emotion label of the takes that have one.
        take_offsets_s: Offsets of single takes, instead of `offset_s`.
    """

    actor: str
    frame_rate: float | None = None
    offset_s: float = 0.0
    splits: dict[str, str] = field(default_factory=dict)
    channels: dict[str, dict[str, float]] = field(default_factory=dict)
    emotions: dict[str, str] = field(default_factory=dict)
    take_offsets_s: dict[str, float] = field(default_factory=dict)


def read_capture_toml(folder: Path) -> CaptureSettings:
    """Read ``capture.toml`` of a folder; defaults where there is none.

    Raises:
        LipwrightError: The file is no TOML, has unknown keys, or values of a wrong type.
    """
    path = folder / "capture.toml"
    if not path.exists():
        return CaptureSettings(actor=folder.resolve().name)
    document = _document(path)
    _refuse_unknown(path, document, KEYS)
    takes = _table(path, document, "takes")
    for name in takes:
        _refuse_unknown(path, _table(path, takes, name), TAKE_KEYS)
    rate = document.get("frame_rate")
    return CaptureSettings(
        actor=_text(path, "actor", document.get("actor", folder.resolve().name)),
        frame_rate=None if rate is None else _positive(path, rate),
        offset_s=_number(path, "offset", document.get("offset", 0.0), LARGEST_OFFSET_S),
        splits=_splits(path, document),
        channels={name: _gains(path, name, to) for name, to in _table(path, document, "channels").items()},
        emotions={name: _text(path, "emotion", r["emotion"]) for name, r in takes.items() if "emotion" in r},
        take_offsets_s={
            name: _number(path, "offset", record["offset"], LARGEST_OFFSET_S)
            for name, record in takes.items()
            if "offset" in record
        },
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LipwrightError(f"{path}: larger than {MAX_BYTES // 2**20} MiB; this is no capture.toml.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LipwrightError(f"{path}: cannot be read ({error}); correct the file.") from error


def _splits(path: Path, document: dict[str, Any]) -> dict[str, str]:
    """Split by take; a take that chooses the settings must not measure, so none may be in both lists."""
    splits: dict[str, str] = {}
    for split in ("validation", "test"):
        names = document.get(split, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise LipwrightError(f'{path}: {split} must be a list of takes, such as ["take3"].')
        for name in names:
            if splits.setdefault(name, split) != split:
                raise LipwrightError(f"{path}: the take '{name}' is both in validation and in test.")
    return splits


def _refuse_unknown(path: Path, table: dict[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise LipwrightError(
            f"{path}: '{unknown[0]}' means nothing here; known are {', '.join(sorted(known))}."
        )


def _table(path: Path, document: dict[str, Any], key: str) -> dict[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise LipwrightError(f"{path}: {key} must be a table, [{key}].")
    return table


def _gains(path: Path, channel: str, target: object) -> dict[str, float]:
    if isinstance(target, str):
        return {target: 1.0}
    if isinstance(target, dict):
        return {str(shape): _number(path, channel, gain, LARGEST_GAIN) for shape, gain in target.items()}
    raise LipwrightError(f"{path}: the channel {channel} must name an ARKit shape, or shapes with gains.")


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise LipwrightError(f'{path}: {key} must be text, such as {key} = "Anna".')
    return value


def _number(path: Path, key: str, value: object, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LipwrightError(f"{path}: {key} must be a number.")
    if not abs(value) <= largest:  # NaN too is not
        raise LipwrightError(f"{path}: {key} must lie in -{largest:g}..{largest:g}.")
    return float(value)


def _positive(path: Path, value: object) -> float:
    number = _number(path, "frame_rate", value, HIGHEST_RATE)
    if number < LOWEST_RATE:
        raise LipwrightError(f"{path}: frame_rate must lie in {LOWEST_RATE:g}..{HIGHEST_RATE:g}.")
    return number
