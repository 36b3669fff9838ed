"""From a line of dialogue to an Action on a face, as plain functions: no operator, no window needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import bpy

from . import emotion_layer, emotion_sliders, line_prediction, line_record, shape_curves, sound_strip
from .action_writer import LINE_PROPERTY, keyed_shapes, write_line_action
from .chosen_emotion import ChosenEmotion, chosen_emotion
from .face_emotion import sampled_emotion
from .face_problems import note_problem
from .face_target import FaceTarget, face_target
from .inference.bundled import default_model_path
from .inference.emotion_track import EmotionKeys
from .inference.errors import LipwrightError
from .inference.frame_timing import exact_frame_rate
from .line_prediction import LineRequest, PredictedLine
from .line_settings import note_settings
from .sample_head import HEAD_HASH_PROPERTY


@dataclass(frozen=True)
class SceneChanges:
    """What a generation changes beside the face's Action.

    Attributes:
        add_sound: put the line's sound into the sequencer.
        set_range: set the scene's frame range to the line.
        extend_range: widen the scene's range to hold the line instead of setting it.
    """

    add_sound: bool = True
    set_range: bool = True
    extend_range: bool = False


@dataclass(frozen=True)
class GenerateResult:
    """What a generation made.

    Attributes:
        action: the line's Action, now the face's active one.
        is_new: False when the line's earlier, untouched Action was written anew.
        first_frame: first keyed frame.
        last_frame: last keyed frame.
        warnings: one sentence each.
        line: what was predicted.
    """

    action: bpy.types.Action
    is_new: bool
    first_frame: int
    last_frame: int
    warnings: tuple[str, ...]
    line: PredictedLine


def scene_frame_rate(scene: bpy.types.Scene) -> Fraction:
    """The scene's exact frame rate: 30 over a base of 1.001 is 30000/1001."""
    return exact_frame_rate(scene.render.fps / scene.render.fps_base)


def check_files(request: LineRequest) -> None:
    """Fail early on files that are not there.

    Raises:
        LipwrightError: the sound or the model is missing.
    """
    if not request.audio_path.is_file():
        raise LipwrightError(f"{request.audio_path}: there is no such sound file; choose another")
    if not request.model_path.is_file():
        raise LipwrightError(f"{request.model_path}: there is no such model file; choose another")


def _driven_warning(target: FaceTarget) -> list[str]:
    animation = target.key.animation_data
    if animation is None or not len(animation.drivers):
        return []
    return [f"shape keys of '{target.obj.name}' have drivers, which win over the new curves"]


def _missing_warning(target: FaceTarget, line: PredictedLine, *, exact: bool) -> list[str]:
    missing = [name for name in line.model.arkit_names if name not in target.arkit_keys]
    if exact or not missing:
        return []
    return [f"'{target.obj.name}' lacks {len(missing)} of the ARKit shapes, such as '{missing[0]}'"]


def _head_warning(target: FaceTarget, line: PredictedLine, *, exact: bool) -> list[str]:
    """Exact offsets belong to one rest shape; ARKit weights fit any face."""
    known = target.obj.get(HEAD_HASH_PROPERTY)
    if not exact or known is None or known == line.model.manifest.head_hash:
        return []
    return [f"the model '{line.model.name}' was trained on another version of the head '{target.obj.name}'"]


def _set_range(scene: bpy.types.Scene, first: int, last: int, changes: SceneChanges) -> None:
    if not changes.set_range:
        return
    if changes.extend_range:
        first, last = min(first, scene.frame_start), max(last, scene.frame_end)
    if first > scene.frame_end:  # Blender keeps start <= end at every step
        scene.frame_end = last
    scene.frame_start = first
    scene.frame_end = last


def _line_mark(request: LineRequest) -> str:
    """What makes two generations the same line: the sound file, and which of the two kinds of curves."""
    return f"{request.audio_path.resolve()}|{'exact' if request.exact else 'arkit'}"


def _add_sound(scene: bpy.types.Scene, request: LineRequest, line: PredictedLine) -> list[str]:
    start = round(request.origin)
    warning = sound_strip.add_sound_strip(scene, request.audio_path, start, len(line.frames))
    if scene.sync_mode == "NONE" and warning is None:
        scene.sync_mode = "AUDIO_SYNC"
    return [warning] if warning else []


def show_emotion(
    obj: bpy.types.Object, action: bpy.types.Action, request: LineRequest, line: PredictedLine
) -> None:
    """Write what the emotion adds to a face's line beside the line's own Action.

    Raises:
        LipwrightError: the face cannot take it.
    """
    target = face_target(obj, exact=request.exact)
    emotion_layer.check_free(target.key)
    curves = shape_curves.emotion_curves(target, line, keyed_shapes(target.key, action))
    if curves:
        emotion_layer.write_layer(
            target.key, action.name, str(action[LINE_PROPERTY]), curves, request.emotion.mark
        )
    else:
        emotion_layer.remove_layer(target.key)
    note_settings(target.obj, action)
    note_problem(target.obj, None)


def apply_line(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    request: LineRequest,
    line: PredictedLine,
    changes: SceneChanges,
) -> GenerateResult:
    """Write a predicted line onto a face. Checks everything before it changes anything.

    Raises:
        LipwrightError: the face cannot take the line.
    """
    target = face_target(obj, exact=request.exact)
    emotion_layer.check_free(target.key)
    if request.exact:
        shape_curves.check_exact(target, line.model)
        curves = shape_curves.exact_curves(target, line)
        shape_curves.ensure_exact_keys(target, line.model)
    else:
        curves = shape_curves.arkit_curves(target, line)
    name = request.audio_path.stem + (" Exact" if request.exact else "")
    action, is_new = write_line_action(target.key, name, _line_mark(request), curves)
    line_record.write_record(action, request, line.model.emotion_names)
    show_emotion(target.obj, action, request, line)
    warnings = [
        *line.warnings,
        *_missing_warning(target, line, exact=request.exact),
        *_head_warning(target, line, exact=request.exact),
        *_driven_warning(target),
    ]
    if changes.add_sound:
        warnings += _add_sound(scene, request, line)
    first, last = int(line.frames[0]), int(line.frames[-1])
    _set_range(scene, first, last, changes)
    return GenerateResult(action, is_new, first, last, tuple(warnings), line)


def generate(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    audio_path: str | Path,
    *,
    model_path: str | Path | None = None,
    exact: bool = False,
    emotion: Mapping[str, float] | EmotionKeys | None = None,
    strength: float = 1.0,
    from_voice: float | None = None,
    start_frame: float | None = None,
    threads: int | None = None,
    changes: SceneChanges | None = None,
    progress: Callable[[float], None] = lambda _done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> GenerateResult:
    """Animate a face from a line of dialogue.

    Args:
        scene: gives the frame rate, takes the sound strip and the frame range.
        obj: a mesh with ARKit shape keys (or, for Exact, the model's own head).
        audio_path: the dialogue; WAV, FLAC, OGG or MP3.
        model_path: a `.lipmodel`; None for the bundled one.
        exact: key the model's own basis instead of the ARKit shapes.
        emotion: weights by the model's emotion names, or their keys over the line, which become the face's
            sliders; None for what its sliders say.
        strength: scales a given emotion, 0..1.
        from_voice: by how much what is heard in the voice takes the place of a given emotion, or of neutral
            where none is given, 0..1; None for what the sliders say, or not at all beside a given emotion.
        start_frame: frame at which the sound starts; None for the scene's first.
        threads: processor threads of the network; None lets it choose.
        changes: what else to set in the scene; None for sound and frame range.
        progress: called with the share done, 0..1.
        cancelled: asked often; when true nothing is changed.

    Raises:
        LipwrightError: bad input, in one sentence; nothing has been changed.
        Cancelled: `cancelled` said so; nothing has been changed.
    """
    face = face_target(obj, exact=exact).obj
    request = LineRequest(
        audio_path=Path(audio_path),
        model_path=Path(model_path) if model_path is not None else default_model_path(),
        frame_rate=scene_frame_rate(scene),
        origin=float(scene.frame_start if start_frame is None else start_frame),
        exact=exact,
        threads=threads,
    )
    check_files(request)
    model = line_prediction.load_model(request.model_path, threads)
    chosen: ChosenEmotion | None = None
    if emotion is None and from_voice is None:
        names = model.emotion_names
        emotion_sliders.ensure_sliders(names)
        frames = sampled_emotion(face, names, scene.frame_start, scene.frame_end)
    else:
        chosen = chosen_emotion(face, model, emotion or {}, strength, from_voice or 0.0)
        frames = chosen.frames(request.origin, request.frame_rate)
    request = replace(request, emotion=frames)
    line = line_prediction.predict_line(request, progress, cancelled)
    if chosen is not None:
        chosen.check_duration(line.duration)
    result = apply_line(scene, obj, request, line, changes or SceneChanges())
    if chosen is None:
        return result
    chosen.set_sliders(face, request.origin, request.frame_rate)
    note_settings(face, result.action)
    return replace(result, warnings=(*chosen.warnings, *result.warnings))
