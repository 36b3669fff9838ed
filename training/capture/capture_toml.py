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

if TYPE_CHECKING:
    from pathlib import Path

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
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LipwrightError(f"{path}: cannot be read ({error}); correct the file.") from error
    _refuse_unknown(path, document, KEYS)
    takes = _table(path, document, "takes")
    for record in takes.values():
        _refuse_unknown(path, record if isinstance(record, dict) else {"": 0}, TAKE_KEYS)
    rate = document.get("frame_rate")
    return CaptureSettings(
        actor=str(document.get("actor", folder.resolve().name)),
        frame_rate=None if rate is None else _positive(path, rate),
        offset_s=_number(path, "offset", document.get("offset", 0.0)),
        splits={str(t): split for split in ("validation", "test") for t in document.get(split, [])},
        channels={name: _gains(path, name, to) for name, to in _table(path, document, "channels").items()},
        emotions={name: str(r["emotion"]) for name, r in takes.items() if "emotion" in r},
        take_offsets_s={n: _number(path, "offset", r["offset"]) for n, r in takes.items() if "offset" in r},
    )


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
        return {str(shape): _number(path, channel, gain) for shape, gain in target.items()}
    raise LipwrightError(f"{path}: the channel {channel} must name an ARKit shape, or shapes with gains.")


def _number(path: Path, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LipwrightError(f"{path}: {key} must be a number.")
    return float(value)


def _positive(path: Path, value: object) -> float:
    number = _number(path, "frame_rate", value)
    if not 1.0 <= number <= 1000.0:  # noqa: PLR2004 - no camera is slower or faster
        raise LipwrightError(f"{path}: frame_rate must lie in 1..1000.")
    return number
