"""The panel's choices, read from Blender into one plain value, checked."""

from dataclasses import dataclass
from pathlib import Path

import bpy

from . import emotion_layer, emotion_sliders, generate, properties, sound_strip
from .choices import check_choices
from .face_emotion import sampled_emotion
from .generate import SceneChanges
from .inference.errors import LipwrightError
from .line_prediction import LineRequest
from .preferences import thread_count


@dataclass(frozen=True)
class LineJob:
    """Everything that one press of Generate needs.

    Attributes:
        request: the line, in plain values for the thread.
        scene_name: the scene it lands in; by name, as an undo meanwhile replaces Blender's objects.
        object_name: the face it lands on.
        changes: what else to set in the scene.
    """

    request: LineRequest
    scene_name: str
    object_name: str
    changes: SceneChanges


def _strip_placement(scene: bpy.types.Scene, name: str) -> sound_strip.StripPlacement:
    strip = sound_strip.find_strip(scene, name)
    if strip is None:
        raise LipwrightError(f"the sequencer has no sound strip named '{name}': choose another")
    if sound_strip.is_retimed(strip):
        raise LipwrightError(
            f"strip '{name}' is retimed: reset that (Strip > Retiming) or change the sound file"
        )
    if sound_strip.placement(strip).first >= sound_strip.placement(strip).last:
        raise LipwrightError(f"nothing of strip '{name}' is heard: its meta strip cuts all of it off")
    if strip.sound.packed_file is not None and not sound_strip.placement(strip).path.is_file():
        raise LipwrightError(f"the sound of strip '{name}' is packed: unpack it (File > External Data) first")
    return sound_strip.placement(strip)


@dataclass(frozen=True)
class _Place:
    """Which sound plays where; `first` and `last` (exclusive) where a strip trims it."""

    path: Path
    origin: float
    first: int | None = None
    last: int | None = None


def _place(context: bpy.types.Context) -> _Place:
    scene, settings = context.scene, context.scene.lipwright
    if settings.source == "STRIP":
        strip = _strip_placement(scene, settings.strip_name)
        return _Place(strip.path, strip.origin, strip.first, strip.last)
    start = scene.frame_start if settings.start_at == "SCENE" else scene.frame_current
    return _Place(Path(bpy.path.abspath(settings.audio_path)), float(start))


def line_job(context: bpy.types.Context) -> LineJob:
    """Read and check the panel's choices.

    Raises:
        LipwrightError: a choice cannot be used.
    """
    obj = check_choices(context)
    scene, settings = context.scene, context.scene.lipwright
    if not properties.emotions_are_loaded(settings):
        properties.load_emotions(settings)
    emotion_layer.check_free(obj.data.shape_keys)
    from_strip = settings.source == "STRIP"
    place = _place(context)
    request = LineRequest(
        audio_path=place.path,
        model_path=properties.chosen_model_path(settings),
        frame_rate=generate.scene_frame_rate(scene),
        origin=place.origin,
        first=place.first,
        last=place.last,
        exact=settings.mode == "EXACT",
        emotion=sampled_emotion(
            obj, emotion_sliders.stored_names(settings.emotion_names), scene.frame_start, scene.frame_end
        ),
        threads=thread_count(),
    )
    generate.check_files(request)
    changes = SceneChanges(
        add_sound=settings.add_sound and not from_strip,
        set_range=settings.set_range,
        extend_range=from_strip or settings.start_at == "CURRENT",
    )
    return LineJob(request, scene.name, obj.name, changes)
