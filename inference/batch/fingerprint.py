"""Tells by content whether a file or a line's settings are those of an earlier run."""

import hashlib
import json
import os
import stat
import time
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from ..audio_checks import check_sound_file
from ..emotion import parse_emotion
from ..errors import LipwrightError
from ..output_version import OUTPUT_VERSION
from .line import BatchLine
from .measures import MEASURES_VERSION

_BLOCK = 1 << 20
_SETTLED_NS = 2_000_000_000
"""The coarsest clock of a file system (FAT); within that time a file can change and keep its date."""
_COARSE_NS = 10_000_000
"""Dates that are multiples of this come from such a clock."""


class Stamp(NamedTuple):
    """What tells without reading that a file is still the same: any change alters at least one of these.

    Attributes:
        size: bytes.
        mtime_ns: date of the content, nanoseconds.
        ctime_ns: date of the last change of any kind; 0 where it is of no use.
        inode: the file's number on its disk.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def input_stamp(status: os.stat_result) -> Stamp:
    """Returns the stamp of a file that only others write."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def output_stamp(status: os.stat_result) -> Stamp:
    """Returns the stamp of a result: renaming it into place changes its ctime on some systems."""
    return Stamp(status.st_size, status.st_mtime_ns, 0, status.st_ino)


def is_settled(stamp: Stamp) -> bool:
    """Tells whether a change from now on would show in the stamp, however coarse the disk's clock.

    A file dated about now, or in the future, could change again without getting another date.
    """
    return max(stamp.mtime_ns, stamp.ctime_ns) < time.time_ns() - _SETTLED_NS


def is_fine(stamp: Stamp) -> bool:
    """Tells whether the date comes from a clock too fine for two changes by hand to fall together."""
    return stamp.mtime_ns % _COARSE_NS != 0


def hash_sound(path: Path) -> tuple[str, Stamp]:
    """Returns the sha256 of a sound file and its stamp.

    Raises:
        LipwrightError: for what is no readable file, or changes meanwhile.
    """
    check_sound_file(path)
    return hash_file(path)


def hash_file(path: Path) -> tuple[str, Stamp]:
    """Returns the sha256 of an ordinary file and its stamp.

    Raises:
        LipwrightError: for what is no readable file, or changes meanwhile.
    """
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise LipwrightError(f"{path}: is not an ordinary file; check the path")
        with path.open("rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            while block := stream.read(_BLOCK):
                digest.update(block)
            after = os.fstat(stream.fileno())
    except FileNotFoundError:
        raise LipwrightError(f"{path}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise LipwrightError(f"{path}: cannot be read ({error}); check the path") from error
    if input_stamp(before) != input_stamp(after):
        raise changed_meanwhile(path)
    return digest.hexdigest(), input_stamp(after)


def changed_meanwhile(path: Path) -> LipwrightError:
    """Returns the error for an input that is being written while it is used."""
    return LipwrightError(f"{path}: changed while it was read; wait until it is complete and run again")


class FileHashes(NamedTuple):
    """Hashes of the files that a line's result depends on beside its sound; "" for those that it has not.

    Attributes:
        model: the model bundle's.
        character: the face's outside Blender.
        track: the emotion track's.
        scene: the scene's, or the bundled head's where that speaks.
    """

    model: str
    character: str = ""
    track: str = ""
    scene: str = ""


NO_FILES = FileHashes("")


def settings_hash(line: BatchLine, files: FileHashes, *, vertices: bool) -> str:
    """Returns the sha256 of all that decides on a line's result except its sound.

    Args:
        line: the line.
        files: hashes of what it names.
        vertices: whether npz holds vertices.

    Raises:
        LipwrightError: where its emotion makes no sense.
    """
    settings: dict[str, object] = {
        "versions": [OUTPUT_VERSION, MEASURES_VERSION],
        "model": files.model,
        "character": files.character,
        "emotion": sorted(parse_emotion(line.emotion).items()),
        "start": line.start,
        "seed": line.seed,
        "format": line.format,
        "frame_rate": str(line.frame_rate),
        "vertices": vertices and line.format == "npz",
    }
    if files.track:
        settings["emotion_track"] = files.track
    if line.from_voice:
        settings["from_voice"] = line.from_voice
    if line.scene is not None:
        settings["scene"] = {**asdict(line.scene), "blend": files.scene}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
