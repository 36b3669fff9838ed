"""The emotion sliders of a face: animatable properties of its object, `object.lipwright`.

Each emotion has a property whose path is made from its name (`lipwright.emotion_joy`), so that curves keep
their meaning when the file is opened again and when another model brings other emotions or another order.
They are registered as soon as a model or a file names them. A collection's items would be animated by place.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import bpy

from . import action_writer
from .inference.emotion import clamp_weight

_MAX_NAMES = 256
_MAX_NAME = 200
_MAX_SLUG = 40
_registered: set[str] = set()
_paused = 0


def _moved(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Blender calls this for every change that the animator or a script makes, but not in playback."""
    if _paused or context.scene is None:
        return
    from .live import slider_moved  # noqa: PLC0415 - loads what prediction needs when a slider first moves

    slider_moved(context.scene, group.id_data)


def _point_chosen(group: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    if _paused or context.scene is None:
        return
    from .learned_points import show_point  # noqa: PLC0415 - loads what prediction needs when it is first used

    show_point(context.scene, group.id_data)


@contextlib.contextmanager
def moving_together() -> Iterator[None]:
    """Sets several sliders without an answer of the face to each; the caller answers once, afterwards."""
    global _paused  # noqa: PLW0603 - Blender's callbacks can reach nothing else
    _paused += 1
    try:
        yield
    finally:
        _paused -= 1


class LipwrightFace(bpy.types.PropertyGroup):
    """What one face feels; the emotions' own properties are added when a model names them."""

    strength: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="Scales all emotions of this face",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_moved,
    )
    from_voice: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="From Voice",
        description="By how much the emotion heard in the voice takes the place of the sliders above",
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_moved,
    )
    learned_point: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Learned Point",
        description="One of the moments that the model learned from, as a point of its latent; 0 for none",
        default=0,
        min=0,
        max=4096,
        options=set(),
        update=_point_chosen,
    )


LATENT_AXES = 32
"""Axes of a model's latent that have sliders; the bundled model's has fewer."""
LATENT_LIMIT = 3.0
"""Beyond what any learned emotion or its mix reaches along one axis."""


def latent_id(axis: int) -> str:
    """The property of one axis of the latent."""
    return f"latent_{axis:02d}"


def latent_path(axis: int) -> str:
    """Data path of one axis's slider from the object."""
    return f"lipwright.{latent_id(axis)}"


def latent(obj: bpy.types.Object) -> tuple[float, ...]:
    """What the sliders of the latent's axes say, [LATENT_AXES]."""
    return tuple(getattr(obj.lipwright, latent_id(axis)) for axis in range(LATENT_AXES))


def set_latent(obj: bpy.types.Object, values: Sequence[float]) -> None:
    """Set the latent's axes; those without a value go to 0."""
    with moving_together():
        for axis in range(LATENT_AXES):
            setattr(obj.lipwright, latent_id(axis), values[axis] if axis < len(values) else 0.0)


def slider_id(name: str) -> str:
    """The property of an emotion: "careful speech" becomes `emotion_careful_speech`.

    A name with other signs than letters, digits and single spaces gets a part of its hash, so that no two
    emotions share a slider.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if slug.replace("_", " ") == name.lower() and len(slug) <= _MAX_SLUG:
        return f"emotion_{slug}"
    mark = hashlib.sha256(name.lower().encode()).hexdigest()[:8]
    return f"emotion_{slug[:_MAX_SLUG]}_{mark}" if slug else f"emotion_{mark}"


def slider_path(name: str) -> str:
    """Data path of an emotion's slider from the object."""
    return f"lipwright.{slider_id(name)}"


STRENGTH_PATH = "lipwright.strength"
FROM_VOICE_PATH = "lipwright.from_voice"


def ensure_sliders(names: Iterable[str]) -> None:
    """Register the sliders of these emotions, unless they are there."""
    for name in names:
        identifier = slider_id(name)
        if identifier in _registered:
            continue
        slider = bpy.props.FloatProperty(
            name=name.title(),
            description=f"How much of '{name}' the face shows",
            default=0.0,
            min=0.0,
            max=1.0,
            subtype="FACTOR",
            update=_moved,
        )
        setattr(LipwrightFace, identifier, slider)
        _registered.add(identifier)


def sliders_are_there(names: Iterable[str]) -> bool:
    """Whether all these emotions have their sliders."""
    return all(slider_id(name) in _registered for name in names)


def stored_names(text: str) -> tuple[str, ...]:
    """Emotion names that a file remembers; empty where that is damaged."""
    try:
        names = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return ()
    return checked_names(names)


def checked_names(names: object) -> tuple[str, ...]:
    """The usable emotion names among what a file holds."""
    if not isinstance(names, list) or len(names) > _MAX_NAMES:
        return ()
    return tuple(name for name in names if isinstance(name, str) and 0 < len(name) <= _MAX_NAME)


def weights(obj: bpy.types.Object, names: Iterable[str]) -> dict[str, float]:
    """The sliders' present values by emotion."""
    return {name: float(getattr(obj.lipwright, slider_id(name), 0.0)) for name in names}


def set_weights(
    obj: bpy.types.Object,
    values: Mapping[str, float],
    strength: float,
    latent_values: Sequence[float] = (),
    from_voice: float = 0.0,
) -> None:
    """Set all of a face's sliders before it answers; every name must have its slider.

    Args:
        obj: the face.
        values: by emotion; sliders of others stay.
        strength: scales them, 0..1.
        latent_values: along the latent's axes; those without a value go to 0.
        from_voice: by how much what is heard takes their place, 0..1.
    """
    with moving_together():
        obj.lipwright.learned_point = 0
        set_latent(obj, latent_values)
        for name, value in values.items():
            setattr(obj.lipwright, slider_id(name), clamp_weight(value))
        obj.lipwright.strength = strength
        obj.lipwright.from_voice = from_voice


def has_moved(obj: bpy.types.Object, names: Iterable[str]) -> bool:
    """Whether any slider is up."""
    return any(weights(obj, names).values()) or any(latent(obj)) or obj.lipwright.from_voice > 0


def is_keyed(obj: bpy.types.Object) -> bool:
    """Whether any slider of a face is animated."""
    return any(path.startswith("lipwright.") for path in action_writer.id_curves(obj))


def register() -> None:
    """Give every object its sliders."""
    bpy.utils.register_class(LipwrightFace)
    for axis in range(LATENT_AXES):
        slider = bpy.props.FloatProperty(
            name=f"Axis {axis + 1}",
            description="Adds to the emotions along one axis of the model's own latent",
            default=0.0,
            min=-LATENT_LIMIT,
            max=LATENT_LIMIT,
            soft_min=-1.0,
            soft_max=1.0,
            update=_moved,
        )
        setattr(LipwrightFace, latent_id(axis), slider)
    bpy.types.Object.lipwright = bpy.props.PointerProperty(type=LipwrightFace)


def unregister() -> None:
    """Take them away; their values and curves stay in the file."""
    del bpy.types.Object.lipwright
    bpy.utils.unregister_class(LipwrightFace)
    _registered.clear()
