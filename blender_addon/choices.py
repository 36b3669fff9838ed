"""What the panel has selected and chosen, and why Generate cannot run; cheap enough for every redraw."""

import bpy

from . import mesh_data, properties
from .face_target import arkit_shape_keys, choose_object, face_target
from .inference.errors import LipwrightError


def selected_face(context: bpy.types.Context) -> bpy.types.Object | None:
    """The object that a generation would animate."""
    return choose_object(context.view_layer.objects.active, context.view_layer.objects.selected[:])


def feeling_face(context: bpy.types.Context) -> bpy.types.Object | None:
    """The selected face, where it is one: its emotions can be set before it speaks."""
    from .shape_curves import MEAN_KEY  # noqa: PLC0415 - not needed while Blender starts

    obj = selected_face(context)
    if obj is None:
        return None
    has_exact_keys = MEAN_KEY in mesh_data.shape_key_names(obj)
    return obj if has_exact_keys or arkit_shape_keys(obj) else None


def check_choices(context: bpy.types.Context) -> bpy.types.Object:
    """Check what is selected and chosen, and return the face; quick enough for every redraw.

    Raises:
        LipwrightError: why Generate cannot run now, and the remedy.
    """
    settings = context.scene.lipwright
    target = face_target(selected_face(context), exact=settings.mode == "EXACT")
    if settings.source == "FILE":
        if not settings.audio_path:
            raise LipwrightError("no line is chosen: choose a sound file")
    elif not settings.strip_name:
        raise LipwrightError("no line is chosen: choose a sound strip, or a sound file")
    properties.chosen_model_path(settings)
    return target.obj
