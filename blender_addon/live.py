"""A moved slider changes the face of the current frame at once; the whole line follows when it rests."""

from dataclasses import replace

import bpy
import numpy as np

from . import emotion_layer, line_record
from .action_writer import id_curves, shape_key_path
from .face_emotion import emotion_now
from .face_problems import note_problem
from .face_target import FaceTarget, face_target
from .line_prediction import LineRequest, PredictedMoment, line_is_kept, predict_moment
from .reports import BAD_INPUT, sentence
from .shape_curves import shape_values


def _show(target: FaceTarget, moment: PredictedMoment, frame: float) -> None:
    """Add what the emotion adds to what the line's own curves say, with the animator's corrections."""
    names, felt = shape_values(target, moment.model, moment.felt)
    added = dict(zip(names, felt[0] - shape_values(target, moment.model, moment.neutral)[1][0], strict=True))
    blocks = target.key.key_blocks
    values, lowest, highest = (np.empty(len(blocks), np.float32) for _ in range(3))
    for array, attribute in ((values, "value"), (lowest, "slider_min"), (highest, "slider_max")):
        blocks.foreach_get(attribute, array)
    curves = id_curves(target.key)
    for place, name in enumerate(block.name for block in blocks):
        curve = curves.get(shape_key_path(name)) if name in added else None
        if curve is not None and not curve.mute:
            values[place] = curve.evaluate(frame) + added[name]
    blocks.foreach_set("value", np.clip(values, lowest, highest))
    target.key.update_tag()


def show_current_frame(scene: bpy.types.Scene, obj: bpy.types.Object, record: LineRequest) -> None:
    """Give the mesh the face that its sliders say at the current frame, unless its emotion is muted.

    Raises:
        LipwrightError: the sound or the model is gone, or the face cannot take it.
    """
    target = face_target(obj, exact=record.exact)
    if emotion_layer.is_muted(target.key):
        return
    first, last = target.key.animation_data.action.frame_range  # beyond it curves hold their ends
    frame = min(max(scene.frame_current_final, first), last)
    request = replace(record, emotion=emotion_now(obj, record.emotion.names))
    _show(target, predict_moment(request, frame), frame)


def slider_moved(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Answer a slider: the current frame now, the whole line when the slider rests.

    A line that is not in memory, as after opening a file, is heard in the background first where there is a
    window, so that the slider never sticks.
    """
    from . import refresh  # noqa: PLC0415 - imports this module

    record = line_record.face_record(obj)
    if record is None:
        return
    try:
        line_record.check_record(record)
        is_kept = line_is_kept(replace(record, emotion=emotion_now(obj, record.emotion.names)))
        if bpy.app.background or is_kept:
            show_current_frame(scene, obj, record)
    except BAD_INPUT as error:
        note_problem(obj, sentence(error))
        return
    note_problem(obj, None)
    refresh.refresh_soon(scene, obj, is_kept=is_kept)
