"""The panel's choices, read from Blender into one plain value, checked."""

from dataclasses import dataclass
from pathlib import Path

import bpy

from . import generate, properties, sound_strip
from .choices import check_choices, selected_face
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


def _strip_request(scene: bpy.types.Scene, name: str) -> sound_strip.StripPlacement:
    strip = sound_strip.find_strip(scene, name)
    if strip is None:
        raise LipwrightError(f"the sequencer has no sound strip named '{name}': choose another")
    if strip.sound.packed_file is not None and not sound_strip.placement(strip).path.is_file():
        raise LipwrightError(f"the sound of strip '{name}' is packed: unpack it (File > External Data) first")
    return sound_strip.placement(strip)


def _place(context: bpy.types.Context) -> sound_strip.StripPlacement | tuple[Path, float]:
    """Where the line plays: a strip with its trimming, or a file and the frame it starts at."""
    scene, settings = context.scene, context.scene.lipwright
    if settings.source == "STRIP":
        return _strip_request(scene, settings.strip_name)
    start = scene.frame_start if settings.start_at == "SCENE" else scene.frame_current
    return Path(bpy.path.abspath(settings.audio_path)), float(start)


def line_job(context: bpy.types.Context) -> LineJob:
    """Read and check the panel's choices.

    Raises:
        LipwrightError: a choice cannot be used.
    """
    check_choices(context)
    scene, settings = context.scene, context.scene.lipwright
    if not properties.emotions_are_loaded(settings):
        properties.load_emotions(settings)
    from_strip = settings.source == "STRIP"
    place = _place(context)
    trimmed = isinstance(place, sound_strip.StripPlacement)
    request = LineRequest(
        audio_path=place.path if trimmed else place[0],
        model_path=properties.chosen_model_path(settings),
        frame_rate=generate.scene_frame_rate(scene),
        origin=place.origin if trimmed else place[1],
        first=place.first if trimmed else None,
        last=place.last if trimmed else None,
        exact=settings.mode == "EXACT",
        emotion={emotion.name: emotion.value for emotion in settings.emotions if emotion.value},
        strength=settings.strength,
        threads=thread_count(),
    )
    generate.check_files(request)
    changes = SceneChanges(
        add_sound=settings.add_sound and not from_strip,
        set_range=settings.set_range,
        extend_range=from_strip or settings.start_at == "CURRENT",
    )
    return LineJob(request, scene.name, selected_face(context).name, changes)
