"""The whole line again with the face's present emotion, in the background, when its sliders rest."""

import time
from dataclasses import replace
from typing import Any

import bpy

from . import emotion_layer, line_record, live
from .background_job import BackgroundJob
from .face_emotion import sampled_emotion
from .face_problems import note_problem
from .inference.errors import Cancelled, LipwrightError
from .line_prediction import LineRequest, PredictedLine, predict_line
from .reports import BAD_INPUT, sentence

_REST = 0.15
"""Seconds without a change after which a slider counts as released: Blender does not tell."""
_TICK = 0.02

_waiting: dict[tuple[str, str], float] = {}
"""Scene and object by name, as an undo replaces Blender's objects -> when to refresh."""
_running: tuple[tuple[str, str], LineRequest, BackgroundJob[PredictedLine]] | None = None


def refresh_request(scene: bpy.types.Scene, obj: bpy.types.Object) -> LineRequest:
    """The face's line with the emotion that its sliders, and their curves, say now.

    Raises:
        LipwrightError: the face speaks no line of ours, or its sound or model is gone.
    """
    record = line_record.face_record(obj)
    if record is None:
        raise LipwrightError(f"'{obj.name}' speaks no line yet: press Generate Lip Animation")
    line_record.check_record(record)
    emotion_layer.check_free(obj.data.shape_keys)
    emotion = sampled_emotion(obj, record.emotion.names, scene.frame_start, scene.frame_end)
    return replace(record, emotion=emotion)


def is_stale(scene: bpy.types.Scene, obj: bpy.types.Object) -> bool:
    """Whether the face's curves show another emotion than its sliders say."""
    try:
        request = refresh_request(scene, obj)
    except LipwrightError:
        return False
    return request.emotion.mark != emotion_layer.layer_mark(obj.data.shape_keys)


def apply_refresh(obj: bpy.types.Object, request: LineRequest, line: PredictedLine) -> None:
    """Write the emotion of a predicted line; the line's own Action is left as it is.

    Raises:
        LipwrightError: the face can take it no more.
    """
    from .generate import show_emotion  # noqa: PLC0415 - imports what a refresh of nothing does not need

    show_emotion(obj, line_record.face_action(obj), request, line)


def refresh_line(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Refresh a face's line at once.

    Raises:
        LipwrightError: see `refresh_request`.
    """
    request = refresh_request(scene, obj)
    apply_refresh(obj, request, predict_line(request))


def refresh_soon(scene: bpy.types.Scene, obj: bpy.types.Object, *, is_kept: bool = True) -> None:
    """Refresh a face's line when nothing has changed for a moment; without a window there are no timers.

    Args:
        scene: the face's.
        obj: the face.
        is_kept: False where the line must be heard first, which begins at once and is not given up.
    """
    if bpy.app.background:
        return
    key = (scene.name, obj.name)
    _waiting[key] = time.monotonic() + (_REST if is_kept else 0.0)
    if is_kept and _running is not None and _running[0] == key:
        _running[2].cancel()
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_TICK)


def _tick() -> float | None:
    """Timer: hand over what is done, start what is due; None when nothing is left to do."""
    if bpy.app.is_job_running("RENDER"):  # which reads the same data in a thread of its own
        return _REST
    if _running is not None:
        if not _running[2].is_done:
            return _TICK
        _finish()
    due = [key for key, when in _waiting.items() if when <= time.monotonic()]
    if due:
        del _waiting[due[0]]
        _start(due[0])
    return _TICK if _waiting or _running is not None else None


def _found(key: tuple[str, str]) -> tuple[Any, Any]:
    return bpy.data.scenes.get(key[0]), bpy.data.objects.get(key[1])


def _start(key: tuple[str, str]) -> None:
    global _running  # noqa: PLW0603 - the timer can reach nothing else
    scene, obj = _found(key)
    if scene is None or obj is None:
        return
    try:
        request = refresh_request(scene, obj)
    except BAD_INPUT as error:
        note_problem(obj, sentence(error))
        return
    if request.emotion.mark == emotion_layer.layer_mark(obj.data.shape_keys):
        return
    job = BackgroundJob(
        request.audio_path.name, lambda progress, cancelled: predict_line(request, progress, cancelled)
    )
    _running = (key, request, job)
    job.start()


def _finish() -> None:
    global _running  # noqa: PLW0603 - see `_start`
    if _running is None:
        return
    key, request, job = _running
    _running = None
    scene, obj = _found(key)
    if scene is None or obj is None:
        return
    record = line_record.face_record(obj)
    if record is None or replace(record, emotion=request.emotion) != request:
        return  # undone, or another line meanwhile
    try:
        line = job.result()
        if key not in _waiting:  # else the sliders have moved on, and the next line is on its way
            apply_refresh(obj, request, line)
        live.show_current_frame(scene, obj, record)
    except Cancelled:
        return
    except BAD_INPUT as error:
        note_problem(obj, sentence(error))
    redraw()


def redraw() -> None:
    """Let every editor that may show the face or its curves draw anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "DOPESHEET_EDITOR", "GRAPH_EDITOR", "NLA_EDITOR"}:
                area.tag_redraw()


def refresh_stale_lines(scene: bpy.types.Scene) -> None:
    """Refresh the lines whose curves show another emotion than the sliders say."""
    for obj in scene.objects:
        if line_record.face_record(obj) is not None and is_stale(scene, obj):
            refresh_soon(scene, obj)


def refresh_faces_of(scene: bpy.types.Scene, edited: set[bpy.types.ID]) -> None:
    """Refresh the lines that edited Actions or shape keys concern.

    An Action may key a face's sliders; a face may have got another line's Action, or a curve more.
    """
    for obj in scene.objects:
        action = line_record.face_action(obj)
        if action is None or line_record.face_record(obj) is None:
            continue
        key = obj.data.shape_keys
        sliders = obj.animation_data.action if obj.animation_data is not None else None
        is_unfit = (
            not edited.isdisjoint({key, action}) and emotion_layer.layer_mark(key) == emotion_layer.UNFIT
        )
        if is_unfit or sliders in edited:
            refresh_soon(scene, obj)


def stop() -> None:
    """Give up what waits and what runs."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _waiting.clear()
    if _running is not None:
        _running[2].cancel()
