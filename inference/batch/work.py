"""Animates one line: what a worker does, in this process, another one, or on another machine.

A worker writes its result under a temporary name in the batch's folder and reports; it never touches a
result that is in place. What is written is a matter of the format's maker, see `MAKERS`.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..atomic_file import flushed_by_caller
from ..audio_file import AudioFile, SpeechSource
from ..character import Character, apply_character, load_character
from ..emotion import clamp_weights, parse_emotion
from ..emotion_track import EmotionKeys, read_emotion_track
from ..errors import LipwrightError
from ..face_prediction import FacePredictor
from ..lip_seal import LipSeal
from ..model_bundle import load_bundle
from ..motion_files import WRITERS, write_csv, write_json, write_npz
from ..output_version import OUTPUT_VERSION
from ..pipeline import FaceMotion, animate_line, model_solver, open_speech
from .character_files import CHARACTER_WRITERS
from .fingerprint import FileHashes, Stamp, changed_meanwhile, hash_file, hash_sound, input_stamp, is_settled
from .formats import TABLE_FORMATS, table_name
from .line import SceneChoice
from .measures import measure_line
from .sound_measures import Clipping

_MOST_KEPT = 4
"""Models, characters or tracks that a worker holds at once; the oldest makes room."""
Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Task:
    """One line for a worker; plain values, so that it can travel.

    Attributes:
        version: the `OUTPUT_VERSION` that the worker must have, which on a cluster is another installation.
        output: the result's file name, which is also the task's name.
        sound: the sound file.
        model: the model bundle.
        files: the sha256 that the model, and what else is named here, must have.
        character: a face outside Blender, or None.
        emotion: as `--emotion` takes it.
        emotion_track: file of emotions keyed over the line, or None.
        start: seconds at which the line begins.
        format: one that has a maker.
        frame_rate: frames per second, as a fraction's text; "" for the scene's own.
        vertices: whether npz holds vertices.
        folder: where the result goes, under another name, until it is put in place.
        target: where it will lie, for messages.
        scene: whose face speaks it, where its format needs Blender.
        from_voice: share, 0..1, of the emotion heard in the voice.
        members: the lines of a character's file, which this then is; `sound` is the first one's.
        id: the line's, by which a character's file may call it.
    """

    version: int
    output: str
    sound: Path
    model: Path
    files: FileHashes
    character: Path | None
    emotion: str
    emotion_track: Path | None
    start: float
    format: str
    frame_rate: str
    vertices: bool
    folder: Path
    target: Path
    scene: SceneChoice | None = None
    from_voice: float = 0.0
    members: tuple["Task", ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Sounding:
    """A line that is about to be animated: its sound and its model, opened and checked.

    Attributes:
        speech: its sound at 16 kHz.
        clipping: what of it is clipped.
        face: the model.
        emotion: weights by name, or these keyed over the line; within 0..1.
        warnings: what had to be put right for that.
    """

    speech: SpeechSource
    clipping: Clipping
    face: "KeptFace"
    emotion: dict[str, float] | EmotionKeys
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """An animated line that is not written yet.

    Attributes:
        motion: the model's own, to be measured, before it is brought to a character.
        warnings: sentences for the report.
        write: writes the result to a path.
    """

    motion: FaceMotion
    warnings: tuple[str, ...]
    write: Callable[[Path], None]


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
        beside: what was written along with it, and is a result of its own: a table of its lines.
    """

    output: str
    error: str = ""
    part: Path | None = None
    digest: str = ""
    sound: str = ""
    sound_stamp: Stamp | None = None
    facts: dict[str, Any] | None = None
    beside: tuple["Result", ...] = ()


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
    if task.members:
        part = _write(GATHERERS[task.format](task), task)
        return Result(task.output, part=part, digest=hash_file(part)[0], beside=_beside(part, task))
    sound_hash, stamp = hash_sound(task.sound)
    line = open_line(task)
    made = MAKERS[task.format](task, line)
    measures = measure_line(line.clipping.share, line.speech, made.motion, line.face.seal)
    if input_stamp(task.sound.stat()) != stamp:
        raise changed_meanwhile(task.sound)
    part = _write(made.write, task)
    facts = measures.to_json()
    told = list(dict.fromkeys((*made.warnings, *line.warnings)))
    facts.update(seconds=round(time.perf_counter() - started, 4), told=told)
    return Result(
        task.output,
        part=part,
        digest=hash_file(part)[0],
        sound=sound_hash,
        sound_stamp=stamp if is_settled(stamp) else None,
        facts=facts,
    )


def _emotion(task: Task) -> tuple[dict[str, float] | EmotionKeys, tuple[str, ...]]:
    """Returns what the face is to feel, and what had to be put right."""
    weights = parse_emotion(task.emotion)
    if task.emotion_track is None:
        return clamp_weights(weights)
    track = _KEPT.tracks.get(task.emotion_track, task.files.track).with_constants(weights)
    return track, track.warnings


def open_line(task: Task) -> Sounding:
    """Opens a task's sound and what else it needs.

    Raises:
        LipwrightError: when one of them cannot be used, or is not the one that the batch began with.
    """
    face = _KEPT.faces.get(task.model, task.files.model)
    kept_character(task)  # a bad one is told of before its line is animated
    emotion, warnings = _emotion(task)
    clipping = Clipping()
    speech = open_speech(AudioFile(task.sound), clipping.hear)
    if isinstance(speech, AudioFile):  # too long to be kept in memory, and not read yet
        for block in speech.native_blocks():
            clipping.hear(block)
    return Sounding(speech, clipping, face, emotion, warnings)


def _write(write: Callable[[Path], None], task: Task) -> Path:
    """Writes a result and returns its temporary name; messages name the one that it will have.

    Whoever puts it in place flushes it to the disk, which goes on beside the next line's work.
    """
    part = task.folder / f"{uuid.uuid4().hex}{Path(task.output).suffix}"
    try:
        with flushed_by_caller():
            write(part)
    except LipwrightError as error:
        part.unlink(missing_ok=True)
        raise LipwrightError(str(error).replace(str(part), str(task.target))) from error
    return part


def _beside(part: Path, task: Task) -> tuple[Result, ...]:
    """Returns the table that was written beside a character's file."""
    if task.format not in TABLE_FORMATS:
        return ()
    table = part.with_name(table_name(part.name))
    return (Result(table_name(task.output), part=table, digest=hash_file(table)[0]),)


def kept_character(task: Task) -> Character | None:
    """Returns a task's face outside Blender, read once for many lines; None where it names none.

    Raises:
        LipwrightError: when it cannot be used, or is not the one that the batch began with.
    """
    if task.character is None:
        return None
    return _KEPT.characters.get(task.character, task.files.character)


def _make_motion_file(task: Task, line: Sounding) -> Made:
    motion = _model_motion(task, line)
    final = as_asked(motion, task)

    def write(path: Path) -> None:
        if task.format == "npz":
            write_npz(final, path, vertices=task.vertices)
        elif task.format == "json":
            write_json(final, path)
        else:
            write_csv(final, path)

    return Made(motion, final.warnings, write)


def _model_motion(task: Task, line: Sounding) -> FaceMotion:
    return animate_line(
        line.face.predictor,
        line.speech,
        Fraction(task.frame_rate),
        line.emotion,
        from_voice=task.from_voice,
        solver=line.face.solver,
    )


def as_asked(motion: FaceMotion, task: Task) -> FaceMotion:
    """Returns a model's motion brought to the task's character, if it names one, and to its start.

    Raises:
        LipwrightError: when the character cannot be used.
    """
    character = kept_character(task)
    return replace(apply_character(motion, character) if character else motion, start=task.start)


def line_motion(task: Task) -> FaceMotion:
    """Animates a line that needs no scene.

    Raises:
        LipwrightError: when what the task names cannot be used.
    """
    return as_asked(_model_motion(task, open_line(task)), task)


def gather_motions(
    task: Task, motion_of: Callable[[Task], FaceMotion] = line_motion
) -> Callable[[Path], None]:
    """Returns what animates all members of a task and writes them to one file, one after another.

    Args:
        task: whose members they are.
        motion_of: animates one of them.
    """

    def write(path: Path) -> None:
        lines = ((member.id, motion_of(member)) for member in task.members)
        CHARACTER_WRITERS[task.format](Path(task.output).stem, lines, path)

    return write


Maker = Callable[[Task, Sounding], Made]
MAKERS: dict[str, Maker] = dict.fromkeys(WRITERS, _make_motion_file)
"""Who animates a line, by format; Blender's workers add theirs."""
Gatherer = Callable[[Task], Callable[[Path], None]]
GATHERERS: dict[str, Gatherer] = dict.fromkeys(CHARACTER_WRITERS, gather_motions)
"""Who animates all members of a task, by format, and returns what writes them to one file; Blender's workers
add theirs."""


class KeptFace:
    """A model, ready to animate and to be measured."""

    def __init__(self, path: Path) -> None:
        """Loads the model; its graphs are opened when they are first used."""
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
        self.faces = _Kept(KeptFace)
        self.characters = _Kept(load_character)
        self.tracks = _Kept(read_emotion_track)


_KEPT = _Models()
