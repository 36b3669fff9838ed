"""What the animator chooses, stored in the scene as `scene.lipwright`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import emotion_sliders, sound_strip
from .inference.bundled import default_model_path
from .inference.errors import LipwrightError

if TYPE_CHECKING:
    from .inference.model_bundle import ModelBundle

_LISTED_POINTS = 24


def _strip_names(_settings: bpy.types.PropertyGroup, context: bpy.types.Context, typed: str) -> list[str]:
    """Names that the strip field offers."""
    names = [strip.name for strip in sound_strip.sound_strips(context.scene)]
    return [name for name in names if typed.lower() in name.lower()]


def _model_changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    settings.emotion_source = ""  # the panel, or the next generation, reads the other model's names


def _point_clicked(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Show the point of the list that was clicked on the selected face."""
    from .choices import feeling_face  # noqa: PLC0415 - it imports this module

    face = feeling_face(context)
    if face is not None and settings.point_row < len(settings.point_list):
        face.lipwright.learned_point = settings.point_list[settings.point_row].number


class ListedPoint(bpy.types.PropertyGroup):
    """A learned point to try out; its name says what it feels like."""

    number: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Number", description="Which of the learned points, from 1; 0 for none", options={"HIDDEN"}
    )


class LipwrightSettings(bpy.types.PropertyGroup):
    """The panel's choices for one scene."""

    source: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Line From",
        description="Where the line of dialogue comes from",
        items=[
            ("FILE", "File", "A sound file on disk"),
            (
                "STRIP",
                "Sound Strip",
                "A sound strip of this scene's sequencer, where it lies and as it is trimmed",
            ),
        ],
        default="FILE",
    )
    audio_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Sound File",
        description="The line of dialogue: WAV, FLAC, OGG or MP3",
        subtype="FILE_PATH",
    )
    strip_name: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Sound Strip",
        description="The strip whose sound is the line",
        search=_strip_names,
    )
    start_at: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Start",
        description="Frame at which the line starts",
        items=[
            ("SCENE", "Scene Start", "The first frame of the scene's range; the range is set to the line"),
            ("CURRENT", "Current Frame", "The current frame; the scene's range grows to hold the line"),
        ],
        default="SCENE",
    )
    model_source: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Model",
        description="Who speaks: the trained model that moves the face",
        items=[
            ("BUNDLED", "Bundled", "The model that comes with Lipwright"),
            ("FILE", "File", "A .lipmodel file, such as one trained on your own actor"),
        ],
        default="BUNDLED",
        update=_model_changed,
    )
    model_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model File",
        description="A trained model (.lipmodel)",
        subtype="FILE_PATH",
        update=_model_changed,
    )
    mode: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Curves",
        description="Which shape keys get the animation",
        items=[
            ("ARKIT", "ARKit 52", "The face's ARKit shape keys, which have names and are easy to edit"),
            (
                "EXACT",
                "Exact",
                "The model's own basis as shape keys, without the fit to ARKit; sample head only",
            ),
        ],
        default="ARKIT",
    )
    emotion_names: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Emotions",
        description="Names of the chosen model's emotions, as a list in JSON",
        options={"HIDDEN"},
    )
    emotion_source: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model of the Sliders",
        description="The version of the model file whose emotions the sliders are",
        options={"HIDDEN"},
    )
    latent_size: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Axes", description="Axes of the chosen model's latent", options={"HIDDEN"}
    )
    learned_points: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Learned Points", description="How many points the chosen model learned", options={"HIDDEN"}
    )
    point_list: bpy.props.CollectionProperty(type=ListedPoint)  # type: ignore[valid-type]
    point_row: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Learned Point",
        description="Click to move the selected face's axes there",
        options={"HIDDEN", "SKIP_SAVE"},
        update=_point_clicked,
    )
    hears_emotion: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Hears Emotion", description="Whether the chosen model hears emotion", options={"HIDDEN"}
    )
    add_sound: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Add Sound",
        description="Put the line's sound into the sequencer, unless it is there already",
        default=True,
    )
    set_range: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Set Frame Range",
        description="Fit the scene's frame range to the line",
        default=True,
    )


def chosen_model_path(settings: LipwrightSettings) -> Path:
    """The model that the settings name.

    Raises:
        LipwrightError: a file is wanted and none is chosen.
    """
    if settings.model_source == "BUNDLED":
        return default_model_path()
    if not settings.model_path:
        raise LipwrightError("no model file is chosen: choose a .lipmodel file, or the bundled model")
    return Path(bpy.path.abspath(settings.model_path))


def _file_version(path: Path) -> str:
    """What changes when the model file is replaced; empty where there is none."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{path}|{status.st_mtime_ns}|{status.st_size}"


def emotions_are_loaded(settings: LipwrightSettings) -> bool:
    """Whether the sliders are those of the chosen model."""
    try:
        version = _file_version(chosen_model_path(settings))
    except LipwrightError:
        return False
    if not version or settings.emotion_source != version:
        return False
    return emotion_sliders.sliders_are_there(emotion_sliders.stored_names(settings.emotion_names))


def load_emotions(settings: LipwrightSettings) -> None:
    """Make the sliders those of the chosen model; sliders of the same name keep their value.

    Raises:
        LipwrightError: the model cannot be read.
    """
    from .line_prediction import load_model  # noqa: PLC0415 - the network's runtime is loaded when first used

    path = chosen_model_path(settings)
    model = load_model(path)
    emotion_sliders.ensure_sliders(model.emotion_names)
    settings.emotion_names = json.dumps(list(model.emotion_names))
    settings.latent_size, settings.learned_points = model.emotion_size, len(model.emotion_database)
    _list_points(settings, model)
    settings.hears_emotion = model.hearing is not None
    settings.emotion_source = _file_version(path)


def _list_points(settings: LipwrightSettings, model: "ModelBundle") -> None:
    """Fill the list of learned points with those that differ most."""
    from .inference.learned_points import telling_points  # noqa: PLC0415 - loads numpy when first used

    settings.point_list.clear()
    points = telling_points(
        model.emotion_names, model.emotion_vectors, model.emotion_database, _LISTED_POINTS
    )
    for number, title in ((0, "None"), *((point.row + 1, point.title) for point in points)):
        item = settings.point_list.add()
        item.name, item.number = title, number


_CLASSES = (ListedPoint, LipwrightSettings)


def register() -> None:
    """Register the settings on every scene."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.lipwright = bpy.props.PointerProperty(type=LipwrightSettings)


def unregister() -> None:
    """Remove the settings."""
    del bpy.types.Scene.lipwright
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
