"""Finds the takes of a capture folder: a sound file and its motion with the same stem."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from inference.errors import LipwrightError

from .csv_table import read_table
from .facegood_rig import ARKIT_SUFFIX, RIG_SUFFIX, read_facegood
from .live_link_csv import is_live_link, read_live_link_csv
from .named_channels_csv import read_named_channels_csv
from .vertex_sequence import read_vertex_sequence

if TYPE_CHECKING:
    from pathlib import Path

    from .capture_toml import CaptureSettings
    from .raw_motion import RawMotion

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
VERTEX_SUFFIXES = (".vertices.npy", ".vertices.npz", ".npy", ".npz", ".pc2", ".mdd")


EDGE_FRAMES = 2
"""Two exports of one take may differ by so many frames at their ends."""


@dataclass(frozen=True)
class TakeFiles:
    """One take's files.

    Attributes:
        stem: Name that the files share.
        sound: The sound file.
        csv: Weights or channels, or None.
        vertices: Vertex sequence, or None.
        rig: FACEGOOD rig controls beside `csv`, or None.
    """

    stem: str
    sound: Path
    csv: Path | None
    vertices: Path | None
    rig: Path | None = None


def find_takes(folder: Path) -> list[TakeFiles]:
    """All takes of a capture folder, sorted by stem.

    Args:
        folder: A capture project (its ``takes/`` is searched) or a plain folder of takes.

    Raises:
        LipwrightError: No such folder, no sound file, two sounds for one take, or a sound without motion.
    """
    if not folder.is_dir():
        raise LipwrightError(f"{folder}: no such folder; give the folder that holds the takes.")
    place = folder / "takes" if (folder / "takes").is_dir() else folder
    try:
        sounds = sorted(file for file in place.iterdir() if _is_sound(file))
    except OSError as error:
        raise LipwrightError(f"{place}: cannot be read ({error.strerror}); check its permissions.") from error
    if not sounds:
        raise LipwrightError(
            f"{place}: holds no sound file; a take is a sound file and its motion with the same name."
        )
    takes = [_take(sound) for sound in sounds]
    for first, second in pairwise(takes):
        if first.stem == second.stem:
            raise LipwrightError(f"{second.sound}: {first.sound.name} has the same name; keep one of them.")
    return takes


def _is_sound(file: Path) -> bool:
    """Whether a file is a take's sound; macOS leaves hidden ``._NAME.wav`` files on foreign disks."""
    return file.suffix.lower() in SOUND_SUFFIXES and not file.name.startswith(".") and file.is_file()


def _take(sound: Path) -> TakeFiles:
    stem = sound.stem
    arkit, rig = sound.with_name(stem + ARKIT_SUFFIX), sound.with_name(stem + RIG_SUFFIX)
    plain = sound.with_suffix(".csv")
    vertices = next((f for f in (sound.with_name(stem + s) for s in VERTEX_SUFFIXES) if f.exists()), None)
    csv = arkit if arkit.exists() else plain if plain.exists() else None
    if csv is None and vertices is None:
        raise LipwrightError(
            f"{sound}: has no motion beside it; expected {plain.name} or {stem}.vertices.npy."
        )
    return TakeFiles(stem, sound, csv, vertices, rig if rig.exists() and csv == arkit else None)


@dataclass(frozen=True)
class TakeMotion:
    """The motion of a take as read: weights, vertices, or both."""

    weights: RawMotion | None
    vertices: RawMotion | None


def read_take_motion(take: TakeFiles, settings: CaptureSettings, head_vertices: int) -> TakeMotion:
    """Read a take's motion files.

    Raises:
        LipwrightError: See the readers.
    """
    weights = None if take.csv is None else _read_csv(take, take.csv, settings)
    if take.vertices is None:
        return TakeMotion(weights, None)
    rate = settings.frame_rate or (weights.frame_rate if weights else None)
    vertices = read_vertex_sequence(take.vertices, head_vertices, rate)
    if weights is not None and abs(weights.frames - vertices.frames) > EDGE_FRAMES:
        raise LipwrightError(
            f"{take.vertices}: {vertices.frames} frames, but {weights.frames} in its CSV; export both again."
        )
    return TakeMotion(weights, vertices)


def _read_csv(take: TakeFiles, csv: Path, settings: CaptureSettings) -> RawMotion:
    if csv.name.endswith(ARKIT_SUFFIX):
        return read_facegood(csv, take.rig)
    header, _ = read_table(csv)
    if is_live_link(header):
        return read_live_link_csv(csv, settings.frame_rate)
    return read_named_channels_csv(csv, settings.channels, settings.frame_rate)
