# ruff: noqa: N801, RUF012 - Blender demands class names such as CATEGORY_OT_name and plain class attributes
"""The buttons of the Emotion panel: each checks, calls and reports; the work is in the modules they call."""

from typing import Any

import bpy

from . import emotion_sliders
from .choices import feeling_face
from .reports import BAD_INPUT, sentence


def _names(context: bpy.types.Context) -> tuple[str, ...]:
    return emotion_sliders.stored_names(context.scene.lipwright.emotion_names)


def answer(context: bpy.types.Context, face: bpy.types.Object) -> None:
    """Let the face follow sliders that were set together."""
    from .live import slider_moved  # noqa: PLC0415 - loads what prediction needs when it is first needed

    slider_moved(context.scene, face)


class LIPWRIGHT_OT_load_emotions(bpy.types.Operator):
    """Read the chosen model's emotions into the sliders."""

    bl_idname = "lipwright.load_emotions"
    bl_label = "Read Emotions"
    bl_description = "Read the chosen model's emotions into the sliders"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the sliders from the model."""
        from .properties import load_emotions  # noqa: PLC0415 - named here beside its only use

        try:
            load_emotions(context.scene.lipwright)
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class LIPWRIGHT_OT_reset_emotions(bpy.types.Operator):
    """Set every emotion slider of the selected face to neutral."""

    bl_idname = "lipwright.reset_emotions"
    bl_label = "Neutral"
    bl_description = "Set every emotion slider of the selected face to neutral"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where a slider is up."""
        face = feeling_face(context)
        if face is None:
            cls.poll_message_set("Select a face")
            return False
        if emotion_sliders.has_moved(face, _names(context)):
            return True
        cls.poll_message_set("All emotions are at neutral")
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Zero the sliders."""
        face: Any = feeling_face(context)  # poll has seen it
        emotion_sliders.set_weights(face, dict.fromkeys(_names(context), 0.0), face.lipwright.strength)
        answer(context, face)
        if emotion_sliders.is_keyed(face):
            self.report({"WARNING"}, "Keyed sliders come back with the next frame unless you key them here")
        return {"FINISHED"}


class LIPWRIGHT_OT_refresh_line(bpy.types.Operator):
    """Bring the selected face's line up to date with its sliders, for scripts: the window does it itself."""

    bl_idname = "lipwright.refresh_line"
    bl_label = "Refresh Line"
    bl_description = "Bring the selected face's line up to date with its emotion sliders and their keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face that speaks a line."""
        from .line_record import face_record  # noqa: PLC0415 - loads what prediction needs

        face = feeling_face(context)
        if face is not None and face_record(face) is not None:
            return True
        cls.poll_message_set("Select a face that speaks a generated line")
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Predict the line again and write its emotion."""
        from .refresh import refresh_line  # noqa: PLC0415 - loads what prediction needs

        try:
            refresh_line(context.scene, feeling_face(context))
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        return {"FINISHED"}


_CLASSES = (LIPWRIGHT_OT_load_emotions, LIPWRIGHT_OT_reset_emotions, LIPWRIGHT_OT_refresh_line)


def register() -> None:
    """Register the operators."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove them."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
