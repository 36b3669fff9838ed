"""Animates one line: what a worker does, in this process, another one, or on another machine.

A worker writes its result under a temporary name in the batch's folder and reports; it never touches a
result that is in place.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..audio_file import AudioFile
from ..character import apply_character, load_character
from ..emotion import clamp_weights, parse_emotion
from ..errors import LipwrightError
from ..face_prediction import FacePredictor
from ..lip_seal import LipSeal
from ..model_bundle import load_bundle
from ..motion_files import write_csv, write_json, write_npz
from ..output_version import OUTPUT_VERSION
from ..pipeline import FaceMotion, animate_line, model_solver, open_speech
from .fingerprint import Stamp, changed_meanwhile, hash_file, hash_sound, input_stamp, is_settled
from .measures import measure_line

_MOST_KEPT = 4
"""Models, and characters, that a worker holds at once; the oldest makes room."""
Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Task:
    """One line for a worker; plain values, so that it can travel.

    Attributes:
        version: the `OUTPUT_VERSION` that the worker must have, which on a cluster is another installation.
        output: the result's file name, which is also the task's name.
        sound: the sound file.
        model: the model bundle.
        model_hash: the sha256 that it must have.
        character: a face outside Blender, or None.
        character_hash: the sha256 that it must have, or "".
        emotion: as `--emotion` takes it.
        start: seconds at which the line begins.
        format: "csv", "npz" or "json".
        frame_rate: frames per second, as a fraction's text.
        vertices: whether npz holds vertices.
        folder: where the result goes, under another name, until it is put in place.
        target: where it will lie, for messages.
    """

    version: int
    output: str
    sound: Path
    model: Path
    model_hash: str
    character: Path | None
    character_hash: str
    emotion: str
    start: float
    format: str
    frame_rate: str
    vertices: bool
    folder: Path
    target: Path


@dataclass(frozen=True)
class Result:
    """What a worker says of a task.

    Attributes:
        output: the task's name.
        error: one sentence when it failed, else "".
        part: the finished file under its temporary name, or None.
        digest: its sha256.
        sound: the sound's sha256.
        sound_stamp: the sound's stamp, or None where it cannot be relied on.
        facts: `LineMeasures` and more, as JSON has it.
    """

    output: str
    error: str = ""
    part: Path | None = None
    digest: str = ""
    sound: str = ""
    sound_stamp: Stamp | None = None
    facts: dict[str, Any] | None = None


def animate(task: Task) -> Result:
    """Animates a line; never raises, as one line's trouble is no other's."""
    try:
        return _animated(task)
    except LipwrightError as error:
        return Result(task.output, error=str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours in one line must not end the night's work
        words = f"{type(error).__name__}: {error}"
        return Result(task.output, error=f"{task.sound}: could not be animated ({words}); please report this")


def _animated(task: Task) -> Result:
    started = time.perf_counter()
    if task.version != OUTPUT_VERSION:
        raise LipwrightError(
            f"{task.sound}: its worker has another version of Lipwright; install the same one"
        )
    face = _MODELS.faces.get(task.model, task.model_hash)
    character = (
        _MODELS.characters.get(task.character, task.character_hash) if task.character is not None else None
    )
    sound_hash, stamp = hash_sound(task.sound)
    file = AudioFile(task.sound)
    speech = open_speech(file)
    emotion, clamped = clamp_weights(parse_emotion(task.emotion))
    motion = animate_line(face.predictor, speech, Fraction(task.frame_rate), emotion, solver=face.solver)
    measures = measure_line(file, speech, motion, face.seal)
    if input_stamp(task.sound.stat()) != stamp:
        raise changed_meanwhile(task.sound)
    final = replace(apply_character(motion, character) if character else motion, start=task.start)
    part = task.folder / f"{uuid.uuid4().hex}.{task.format}"
    digest = _write(final, part, task)
    facts = measures.to_json()
    facts.update(seconds=round(time.perf_counter() - started, 4), told=[*final.warnings, *clamped])
    return Result(
        task.output,
        part=part,
        digest=digest,
        sound=sound_hash,
        sound_stamp=stamp if is_settled(stamp) else None,
        facts=facts,
    )


def _write(motion: FaceMotion, part: Path, task: Task) -> str:
    """Writes the result under its temporary name and returns its sha256."""
    try:
        if task.format == "npz":
            write_npz(motion, part, vertices=task.vertices)
        elif task.format == "json":
            write_json(motion, part)
        else:
            write_csv(motion, part)
    except LipwrightError as error:
        raise LipwrightError(str(error).replace(str(part), str(task.target))) from error
    return hash_file(part)[0]


class _Face:
    """A model, ready to animate and to be measured."""

    def __init__(self, path: Path) -> None:
        bundle = load_bundle(path)
        self.predictor = FacePredictor(bundle, threads=1)
        self.solver = model_solver(bundle)
        self.seal = LipSeal(bundle)


class _Kept(Generic[Loaded]):
    """Files as loaded, by path and hash; of a bad one the reason, so that it is not read for every line."""

    def __init__(self, load: Callable[[Path], Loaded]) -> None:
        self._load = load
        self._kept: dict[tuple[Path, str], Loaded | LipwrightError] = {}

    def get(self, path: Path, digest: str) -> Loaded:
        key = (path, digest)
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = self._loaded(path, digest)
        found = self._kept[key]
        if isinstance(found, LipwrightError):
            raise LipwrightError(str(found))
        return found

    def _loaded(self, path: Path, digest: str) -> Loaded | LipwrightError:
        """Loads a file and makes sure that it is the one that the batch began with."""
        try:
            before = hash_file(path)[0]
            loaded = self._load(path)
            same = before == hash_file(path)[0] == digest
        except LipwrightError as error:
            return error
        if not same:
            return LipwrightError(f"{path}: changed while the batch ran; run it again to use the new one")
        return loaded


class _Models(threading.local):
    """What a worker keeps between lines; each thread its own, as predictors are for one at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.faces = _Kept(_Face)
        self.characters = _Kept(load_character)


_MODELS = _Models()
