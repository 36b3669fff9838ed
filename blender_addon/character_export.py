"""Several lines of one face in one file for an engine.

glTF has an animation and FBX a take for each line, called after it, whose time counts from the line's first
frame. USD and Alembic know one timeline: there the lines follow one another with a frame of rest between, and
`NAME.lines.csv` beside `NAME.usdc` says which frames are whose. Only shape keys move in such a file.
"""

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import bpy
import numpy as np

from . import emotion_layer
from .action_writer import LINE_PROPERTY, TARGET_PROPERTY, ShapeKeyCurve, plain_action, shape_values_at
from .clip_export import check_face, check_suffix, write_clip, write_whole
from .export_formats import write_fbx_strips, write_gltf_tracks
from .export_samples import LineClip, sample_frames
from .export_stage import stage_clips
from .inference.atomic_file import atomic_path
from .inference.errors import LipwrightError
from .line_record import face_action

_COLUMNS = ("line", "first_frame", "last_frame", "frames_per_second")


def export_character(
    scene: bpy.types.Scene, face: bpy.types.Object, clips: Sequence[LineClip], path: Path
) -> None:
    """Write lines of one face to a file, whole or not at all; the scene is left as it was found.

    Args:
        scene: gives the frame rate, and the first frame of the one timeline of USD and Alembic.
        face: the face that all of them were sampled from.
        clips: the lines, from `sample_line` or `action_clip`.
        path: where to; ends in .glb, .fbx, .usdc or .abc.

    Raises:
        LipwrightError: there are no lines, two have one name, or the file cannot be written.
    """
    check_suffix(path)
    check_face(scene, face)
    _check_clips(face, clips)
    suffix = path.suffix.lower()
    if suffix == ".glb":
        _export_gltf(scene, face, clips, path)
        return
    row, spans = _in_a_row(clips, path.stem, scene.frame_start)
    if suffix == ".fbx":
        with stage_clips(scene, face, path.stem, [row]) as stage, _takes(stage, face, spans):
            write_whole(path, lambda part: write_fbx_strips(stage, part))
        return
    write_clip(scene, face, row, path)
    _write_spans(path.with_suffix(".lines.csv"), spans, scene.render.fps / scene.render.fps_base)


def action_clip(
    scene: bpy.types.Scene, face: bpy.types.Object, action: bpy.types.Action, name: str | None = None
) -> LineClip:
    """One of a face's lines, whether the face plays it now or not, from its first key to its last.

    The emotion of a line that is not playing is the one that it was shown with last, as long as its Action is
    in the file.

    Args:
        scene: the face's; it is left as it was found.
        face: the face.
        action: the line's Action.
        name: of the clip; None for the Action's.
    """
    first, last = (round(frame) for frame in action.frame_range)
    if action == face_action(face):
        return sample_frames(scene, face, name or action.name, first, last)
    with _playing(face.data.shape_keys, action, first, last):
        return sample_frames(scene, face, name or action.name, first, last)


def line_actions(face: bpy.types.Object) -> list[bpy.types.Action]:
    """The Actions of all lines that Lipwright generated for a face, by name."""
    key = face.data.shape_keys if face.type == "MESH" else None
    return [
        action
        for action in bpy.data.actions
        if key is not None
        and action.get(TARGET_PROPERTY) == key.name
        and LINE_PROPERTY in action
        and emotion_layer.EMOTION_PROPERTY not in action
    ]


def _check_clips(face: bpy.types.Object, clips: Sequence[LineClip]) -> None:
    if not clips:
        raise LipwrightError(f"'{face.name}' speaks no line yet: press Generate Lip Animation")
    names = [clip.name for clip in clips]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LipwrightError(f"two lines are called '{twice}': rename one of them")
    other = next((clip.name for clip in clips if clip.shapes != clips[0].shapes), None)
    if other is not None:
        raise LipwrightError(f"'{other}' moves other shape keys than '{names[0]}': export it on its own")


def _export_gltf(
    scene: bpy.types.Scene, face: bpy.types.Object, clips: Sequence[LineClip], path: Path
) -> None:
    if len(clips) == 1:
        write_clip(scene, face, clips[0], path)
        return
    with stage_clips(scene, face, path.stem, clips) as stage:
        write_whole(path, lambda part: write_gltf_tracks(stage, part))


def _in_a_row(
    clips: Sequence[LineClip], name: str, first: int
) -> tuple[LineClip, list[tuple[str, int, int]]]:
    """All lines as one clip, a frame of rest after each but the last, and which frames are whose."""
    spans, at = [], first
    for clip in clips:
        spans.append((clip.name, at, at + clip.last - clip.first))
        at = spans[-1][2] + 2
    values = {}
    for mesh, shapes in clips[0].shapes.items():
        rest = np.zeros((1, len(shapes)), np.float32)
        values[mesh] = np.concatenate([block for clip in clips for block in (clip.values[mesh], rest)])[:-1]
    return LineClip(name, first, clips[0].shapes, values), spans


@contextlib.contextmanager
def _takes(
    stage: bpy.types.Scene, face: bpy.types.Object, spans: Sequence[tuple[str, int, int]]
) -> Iterator[None]:
    """Give the face object an NLA strip for each line, and none of the others: each becomes a take."""
    with contextlib.ExitStack() as undo:
        for obj in stage.objects:
            if obj.animation_data is not None:
                _rest_animation(undo, obj.animation_data)
        if face.animation_data is None:
            face.animation_data_create()
            undo.callback(face.animation_data_clear)
        nothing = bpy.data.actions.new("Lipwright take")  # a strip must play something
        undo.callback(bpy.data.actions.remove, nothing)
        tracks = face.animation_data.nla_tracks
        track = tracks.new()
        undo.callback(tracks.remove, track)
        for name, first, last in spans:
            strip = track.strips.new(name, first, nothing)
            strip.name = name  # Blender 4.3 names it after the Action
            strip.action_frame_start, strip.action_frame_end = 0.0, float(max(last - first, 1))
        yield


def _rest_animation(undo: contextlib.ExitStack, animation: bpy.types.AnimData) -> None:
    """Mute an object's own NLA tracks, and give it its Action back that the exporter takes and returns."""
    if animation.action is not None:
        if hasattr(animation, "action_slot"):
            undo.callback(setattr, animation, "action_slot", animation.action_slot)
        undo.callback(setattr, animation, "action", animation.action)
    for track in animation.nla_tracks:
        undo.callback(setattr, track, "mute", track.mute)
        track.mute = True


def _emotion_action(key: bpy.types.Key, action: bpy.types.Action) -> bpy.types.Action | None:
    """What the emotion adds to a line, unless the animator has muted it."""
    line = action.get(LINE_PROPERTY)
    if line is None or emotion_layer.is_muted(key):
        return None
    of_face = (other for other in bpy.data.actions if other.get(TARGET_PROPERTY) == key.name)
    felt = (other for other in of_face if emotion_layer.EMOTION_PROPERTY in other)
    return next((other for other in felt if str(other.get(LINE_PROPERTY)).startswith(f"{line}|")), None)


@contextlib.contextmanager
def _playing(key: bpy.types.Key, action: bpy.types.Action, first: int, last: int) -> Iterator[None]:
    """Let shape keys play a line and its emotion in place of what they play."""
    frames = np.arange(first, last + 1, dtype=np.float32)
    names = [block.name for block in key.key_blocks if block != key.reference_key]
    values = shape_values_at(action, names, frames)
    emotion = _emotion_action(key, action)
    if emotion is not None:
        values += shape_values_at(emotion, names, frames)
    curves = [ShapeKeyCurve(name, "Face", frames, column) for name, column in zip(names, values, strict=True)]
    animation = key.animation_data or key.animation_data_create()
    before, slot, uses_nla = animation.action, getattr(animation, "action_slot", None), animation.use_nla
    is_kept = before is not None and before.use_fake_user
    played = plain_action(key, action.name, curves)
    animation.use_nla = False
    try:
        yield
    finally:
        animation.use_nla = uses_nla
        animation.action = before
        if before is not None:
            before.use_fake_user = is_kept
            if slot is not None:
                animation.action_slot = slot
        bpy.data.actions.remove(played)


def _write_spans(path: Path, spans: Sequence[tuple[str, int, int]], rate: float) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows([name, first, last, f"{rate:.6g}"] for name, first, last in spans)
    with atomic_path(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
