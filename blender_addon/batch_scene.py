"""A batch's line into a scene, and the scene into a file: what only a Blender can do of its work.

Every line begins with the same scene. That of the sample head, or of a character outside Blender, is built
once for each process and then opened like any other, which takes a tenth of the time.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Hashable
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

from . import batch_glb, emotion_layer, mesh_data
from .character_export import export_character
from .clip_export import write_clip
from .export_samples import LineClip, own_blocks, sample_line
from .face_target import face_target
from .generate import GenerateResult, SceneChanges, generate, scene_frame_rate
from .inference.atomic_file import cannot_write
from .inference.batch.character_files import different_rates
from .inference.batch.fingerprint import Stamp, hash_file, input_stamp
from .inference.batch.line import SceneChoice
from .inference.batch.work import (
    Made,
    Sounding,
    Task,
    as_asked,
    gather_motions,
    kept_character,
    line_motion,
    open_line,
)
from .inference.character import Character
from .inference.errors import LipwrightError
from .inference.pipeline import FaceMotion, model_geometry
from .sample_head import add_sample_head
from .scene_files import open_blend, open_empty_scene, open_scene, save_copy, set_frame_rate
from .shape_curves import shape_values

_folder: Path | None = None
"""Of this process's own scenes; made when it is first needed."""
_own_scenes: dict[tuple[Path | None, str], tuple[Path, str]] = {}
"""File and face of each, by character and its hash."""
_seen: dict[Path, tuple[str, Stamp]] = {}
"""Hash and stamp of the user's scenes."""
_exported: dict[Hashable, batch_glb.ExportedFace] = {}
"""Faces as glTF, by where they come from."""
_MOST_KEPT = 4


def make_scene(task: Task, line: Sounding) -> Made:
    """Animate a line in its scene.

    Raises:
        LipwrightError: the sound, the scene or a setting cannot be used.
    """
    obj = open_face(task)
    scene = bpy.context.scene
    result, origin = speak(scene, obj, task, line)
    motion = _motion(result, line, origin, scene_frame_rate(scene))

    def write(path: Path) -> None:
        if path.suffix == ".blend":
            _written(path, lambda: _save(path, task))
        else:
            _written(path, lambda: _export(path, task, obj, line_clip(scene, obj, task, result)))

    return Made(motion, result.warnings, write)


def open_face(task: Task) -> bpy.types.Object:
    """Open a task's scene at its frame rate and return the face.

    Raises:
        LipwrightError: it cannot be opened, or is not the one that the batch began with.
    """
    choice = task.scene or SceneChoice()
    obj = _own_face(task) if choice.blend is None else _users_face(choice.blend, choice.object, task)
    if task.frame_rate:
        set_frame_rate(bpy.context.scene, Fraction(task.frame_rate))
    return face_target(obj, exact=choice.exact).obj


def _users_face(blend: Path, name: str, task: Task) -> bpy.types.Object | None:
    _check_unchanged(blend, task.files.scene)
    obj = open_scene(blend, name or None)
    _check_unchanged(blend, task.files.scene)
    return obj


def _check_unchanged(blend: Path, digest: str) -> None:
    """Make sure that a scene is the one that the batch began with; its content is read only once."""
    try:
        stamp = input_stamp(blend.stat())
    except OSError:
        stamp = None  # reading it says what is wrong
    if stamp is not None and _seen.get(blend) == (digest, stamp):
        return
    found, stamp = hash_file(blend)
    if found != digest:
        raise LipwrightError(f"{blend}: changed while the batch ran; run it again to use the new one")
    _seen[blend] = digest, stamp


def _own_face(task: Task) -> bpy.types.Object:
    key = (task.character, task.files.character)
    if key not in _own_scenes:
        _own_scenes[key] = _build_scene(kept_character(task))
    path, name = _own_scenes[key]
    open_blend(path)
    return bpy.data.objects[name]


def _build_scene(character: Character | None) -> tuple[Path, str]:
    """Save a scene with one face in it; returns the file and the face's name."""
    scene = open_empty_scene()
    if character is None:
        obj = add_sample_head(scene.collection)
    else:
        obj = _character_object(character)
        scene.collection.objects.link(obj)
    obj.select_set(state=True)
    bpy.context.view_layer.objects.active = obj
    path = _own_folder() / f"{len(_own_scenes)}.blend"
    try:
        save_copy(path, compress=False)
    except RuntimeError as error:
        raise LipwrightError(
            f"{path}: cannot be written ({' '.join(str(error).split())}); free space"
        ) from None
    return path, obj.name


def _character_object(character: Character) -> bpy.types.Object:
    """A face outside Blender as a mesh with its own shape keys."""
    name = character.path.stem
    mesh = bpy.data.meshes.new(name)
    corners = [[vertex for vertex in face if vertex >= 0] for face in character.faces.tolist()]
    mesh.from_pydata(character.neutral.tolist(), [], corners)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(corners), dtype=bool))
    obj = bpy.data.objects.new(name, mesh)
    mesh_data.add_shape_keys(obj, character.names, character.deltas)
    return obj


def _own_folder() -> Path:
    global _folder  # noqa: PLW0603 - one for the process's whole life
    if _folder is None:
        _folder = Path(tempfile.mkdtemp(prefix="lipwright-batch-"))
        atexit.register(forget_scenes)
    return _folder


def forget_scenes() -> None:
    """Remove this process's own scenes."""
    global _folder  # noqa: PLW0603 - see `_own_folder`
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
    _folder = None
    _own_scenes.clear()


def speak(
    scene: bpy.types.Scene, obj: bpy.types.Object, task: Task, line: Sounding
) -> tuple[GenerateResult, int]:
    """Animate a face and call its Actions after the line; returns that, and the frame at which it starts.

    A start between two frames goes to the nearest one, as sound strips lie on whole frames.

    Raises:
        LipwrightError: the face cannot take the line.
    """
    choice = task.scene or SceneChoice()
    first = scene.frame_start
    origin = first + round(task.start * float(scene_frame_rate(scene)))
    result = generate(
        scene,
        obj,
        task.sound.resolve(),
        model_path=task.model,
        exact=choice.exact,
        emotion=line.emotion or None,
        strength=choice.strength,
        from_voice=task.from_voice or None,
        start_frame=origin,
        threads=1,
        changes=SceneChanges(add_sound=task.format == "blend"),  # no other format has a place for it
    )
    scene.frame_start = first  # the timeline begins there, whenever the line does
    name = Path(task.output).stem
    result.action.name = name
    layer = emotion_layer.layer_action(obj.data.shape_keys)
    if layer is not None:
        layer.name = f"{name} Emotion"
    return result, origin


def _motion(result: GenerateResult, line: Sounding, origin: int, rate: Fraction) -> FaceMotion:
    """What the face does, as the report measures it."""
    predicted = result.line
    model = predicted.model
    times = (predicted.frames.astype(np.float64) - origin) / float(rate)
    weights = predicted.weights
    if weights is None:  # Exact has none of ARKit's
        weights = line.face.solver.solve(predicted.coefficients)
    nothing = np.zeros((len(times), 0), np.float32)
    return FaceMotion(
        frame_rate=rate,
        times=times,
        coefficients=predicted.coefficients,
        weights=weights,
        weight_names=model.arkit_names,
        geometry=model_geometry(model),
        duration=predicted.duration,
        emotion=nothing,
        emotion_names=(),
        emotion_latent=nothing,
        warnings=result.warnings,
    )


def line_clip(scene: bpy.types.Scene, obj: bpy.types.Object, task: Task, result: GenerateResult) -> LineClip:
    """What a face does over the scene's frames.

    Nothing but our line moves the face of a scene of our own, so that there it is known; in the user's,
    Blender is asked frame by frame.
    """
    choice = task.scene or SceneChoice()
    if choice.blend is not None or choice.exact:
        return sample_line(scene, obj)
    shapes = [block.name for block in own_blocks(obj)]
    target = face_target(obj, exact=False)
    line = result.line
    names, felt = shape_values(target, line.model, (line.coefficients, line.weights))
    values = np.zeros((scene.frame_end - scene.frame_start + 1, len(shapes)), np.float32)
    before = int(line.frames[0]) - scene.frame_start
    columns = [shapes.index(name) for name in names]
    values[before:, columns] = felt
    values[:before, columns] = felt[0]
    return LineClip(result.action.name, scene.frame_start, {obj.name: shapes}, {obj.name: values})


def _export(path: Path, task: Task, obj: bpy.types.Object, clip: LineClip) -> None:
    """Export a line; of a face that was exported before, a glTF gets no more than another animation."""
    key = (task.scene, task.files.scene, task.character, task.files.character)
    known = _exported.get(key) if path.suffix == ".glb" else None
    if known is not None:
        batch_glb.write_line(known, clip, float(scene_frame_rate(bpy.context.scene)), path)
        return
    _export_anew(path, task, obj, clip)
    if path.suffix == ".glb":
        face = batch_glb.exported_face(path, clip)
        if face is not None:
            while len(_exported) >= _MOST_KEPT:
                del _exported[next(iter(_exported))]
            _exported[key] = face


def _export_anew(path: Path, task: Task, obj: bpy.types.Object, clip: LineClip) -> None:
    _written_beside(path, task, lambda to: write_clip(bpy.context.scene, obj, clip, to))


def _written_beside(path: Path, task: Task, write: Callable[[Path], None]) -> None:
    """Write a file under its later name into a folder of its own; what comes with it goes to its later place.

    Such are the pictures of materials, and the list of lines in a USD or Alembic file.
    """
    folder = path.with_suffix(".export")
    folder.mkdir()
    try:
        exported = folder / task.target.name
        write(exported)
        exported.replace(path)
        for extra in [file for file in folder.rglob("*") if file.is_file()]:
            target = task.target.parent / extra.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            extra.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def gather(task: Task) -> Callable[[Path], None]:
    """Animate all lines of one character, and return what writes them to one file.

    Every clip begins with its line: the members' starts are of their own files.

    Raises:
        LipwrightError: a line cannot be animated, or lines have different frame rates.
    """
    clips = []
    rates = set()
    for member in task.members:
        obj = open_face(member)
        scene = bpy.context.scene
        rates.add(scene_frame_rate(scene))
        if len(rates) > 1:
            raise different_rates(task.target, rates)
        result, origin = speak(scene, obj, member, open_line(member))
        clip = line_clip(scene, obj, member, result)
        values = {mesh: rows[origin - clip.first :] for mesh, rows in clip.values.items()}
        clips.append(LineClip(Path(member.output).stem, origin, clip.shapes, values))

    def write(path: Path) -> None:
        scene = bpy.context.scene
        _written(
            path, lambda: _written_beside(path, task, lambda to: export_character(scene, obj, clips, to))
        )

    return write


def gather_weights(task: Task) -> Callable[[Path], None]:
    """Return what animates all lines of one character, in scenes or without, and writes their weights.

    Raises:
        LipwrightError: a line cannot be animated, or lines have different frame rates.
    """
    return gather_motions(task, _member_motion)


def _member_motion(member: Task) -> FaceMotion:
    if member.scene is None:
        return line_motion(member)
    obj = open_face(member)
    scene = bpy.context.scene
    line = open_line(member)
    result, origin = speak(scene, obj, member, line)
    return as_asked(_motion(result, line, origin, scene_frame_rate(scene)), member)


def _save(path: Path, task: Task) -> None:
    """Save the scene; its paths become absolute, as the file does not stay where it is written."""
    if task.scene is not None and task.scene.blend is not None:
        bpy.ops.file.make_paths_absolute()
    # an eighth of the size in the same time: there is less to write and to hash
    save_copy(path, relative_remap=False, compress=True)


def _written(path: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise cannot_write(path, error) from None
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise LipwrightError(
            f"{path}: cannot be written ({reason}); free space or choose another folder"
        ) from None
