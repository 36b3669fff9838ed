# ruff: noqa: N801, RUF012 - Blender demands class names such as CATEGORY_OT_name and plain class attributes
"""Presets of emotions, and emotions copied from line to line: buttons and their menus."""

from typing import TYPE_CHECKING, Any

import bpy

from . import emotion_sliders
from .choices import feeling_face
from .emotion_operators import answer
from .inference.errors import LipwrightError
from .reports import BAD_INPUT, sentence

if TYPE_CHECKING:
    from .emotion_settings import EmotionSettings

_MAX_LINES = 60
"""What a menu can show."""


def _names(context: bpy.types.Context) -> tuple[str, ...]:
    return emotion_sliders.stored_names(context.scene.lipwright.emotion_names)


class _OnAFace:
    """What these operators share: a selected face, and a report in place of a traceback."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face whose sliders are there."""
        names = _names(context)
        if feeling_face(context) is None:
            cls.poll_message_set("Select a face")  # type: ignore[attr-defined] # comes from bpy.types.Operator
            return False
        if not names or not emotion_sliders.sliders_are_there(names):
            cls.poll_message_set("The chosen model's emotions are not read yet")  # type: ignore[attr-defined] # likewise
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the work, or say in one sentence why not."""
        try:
            self.work(context, feeling_face(context))
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))  # type: ignore[attr-defined] # comes from bpy.types.Operator
            return {"CANCELLED"}
        return {"FINISHED"}

    def work(self, context: bpy.types.Context, face: Any) -> None:  # noqa: ANN401 - Blender has no types
        """What the operator does."""
        raise NotImplementedError


def _give(operator: Any, context: bpy.types.Context, face: Any, settings: "EmotionSettings") -> None:  # noqa: ANN401 - Blender has no types
    from .line_settings import copy_to_face  # noqa: PLC0415 - loads what prediction needs

    unknown = copy_to_face(context.scene, face, settings, _names(context))
    if unknown:
        operator.report({"WARNING"}, f"This model does not know {', '.join(unknown)}: left out")
    answer(context, face)


class LIPWRIGHT_OT_save_preset(_OnAFace, bpy.types.Operator):
    """Keep the selected face's emotions under a name, for any file."""

    bl_idname = "lipwright.save_preset"
    bl_label = "Save Emotion Preset"
    bl_description = "Keep the selected face's emotions under a name, for any file"
    bl_options = {"REGISTER"}

    name: bpy.props.StringProperty(name="Name", description="Name of the preset")  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:  # noqa: ANN401 - a set of words
        """Ask for the name."""
        return context.window_manager.invoke_props_dialog(self)

    def work(self, context: bpy.types.Context, face: Any) -> None:  # noqa: ANN401 - Blender has no types
        """Save what the sliders say now."""
        from .emotion_presets import save_preset  # noqa: PLC0415 - few files need presets; every start of Blender waits for what is imported
        from .emotion_settings import EmotionSettings  # noqa: PLC0415 - likewise

        weights = emotion_sliders.weights(face, _names(context))
        latent = emotion_sliders.latent(face)
        settings = EmotionSettings(weights, face.lipwright.strength, latent=latent)
        name = save_preset(self.name, settings)
        self.report({"INFO"}, f"Saved the preset '{name}'")


class LIPWRIGHT_OT_load_preset(_OnAFace, bpy.types.Operator):
    """Give the selected face the emotions of a preset."""

    bl_idname = "lipwright.load_preset"
    bl_label = "Load Emotion Preset"
    bl_description = "Give the selected face the emotions of this preset, in place of its own and their keys"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Name", description="Name of the preset")  # type: ignore[valid-type]

    def work(self, context: bpy.types.Context, face: Any) -> None:  # noqa: ANN401 - Blender has no types
        """Set the sliders."""
        from .emotion_presets import load_preset  # noqa: PLC0415 - see LIPWRIGHT_OT_save_preset

        _give(self, context, face, load_preset(self.name))


class LIPWRIGHT_OT_remove_preset(_OnAFace, bpy.types.Operator):
    """Delete a preset."""

    bl_idname = "lipwright.remove_preset"
    bl_label = "Delete Emotion Preset"
    bl_description = "Delete this preset; faces keep their emotions"
    bl_options = {"REGISTER"}

    name: bpy.props.StringProperty(name="Name", description="Name of the preset")  # type: ignore[valid-type]

    def work(self, _context: bpy.types.Context, _face: Any) -> None:  # noqa: ANN401 - Blender has no types
        """Drop it from the file."""
        from .emotion_presets import remove_preset  # noqa: PLC0415 - see LIPWRIGHT_OT_save_preset

        remove_preset(self.name)
        self.report({"INFO"}, f"Deleted the preset '{self.name}'")


class LIPWRIGHT_OT_copy_emotions(_OnAFace, bpy.types.Operator):
    """Give the selected face the emotions that another line was shown with."""

    bl_idname = "lipwright.copy_emotions"
    bl_label = "Copy Emotions From Line"
    bl_description = (
        "Give the selected face this line's emotions and their keys, counted from the line's start"
    )
    bl_options = {"REGISTER", "UNDO"}

    line: bpy.props.StringProperty(name="Line", description="The Action of the other line")  # type: ignore[valid-type]

    def work(self, context: bpy.types.Context, face: Any) -> None:  # noqa: ANN401 - Blender has no types
        """Set the sliders and their keys."""
        from .line_settings import noted_settings  # noqa: PLC0415 - loads what prediction needs

        action = bpy.data.actions.get(self.line)
        if action is None:
            raise LipwrightError(f"there is no line '{self.line}': choose another")
        _give(self, context, face, noted_settings(action))


def _preset_entries(layout: bpy.types.UILayout, operator: str, icon: str) -> None:
    from .emotion_presets import read_presets  # noqa: PLC0415 - see LIPWRIGHT_OT_save_preset

    try:
        names = list(read_presets())
    except LipwrightError as error:
        layout.label(text=str(error), icon="ERROR")
        return
    if not names:
        layout.label(text="No presets yet: press + to save these emotions")
    for name in names:
        layout.operator(operator, text=name, icon=icon).name = name


class LIPWRIGHT_MT_presets(bpy.types.Menu):
    """Presets to load."""

    bl_idname = "LIPWRIGHT_MT_presets"
    bl_label = "Presets"

    def draw(self, _context: bpy.types.Context) -> None:
        """List them, and below them the way to delete one."""
        _preset_entries(self.layout, "lipwright.load_preset", "NONE")
        self.layout.separator()
        self.layout.menu("LIPWRIGHT_MT_remove_presets", icon="TRASH")


class LIPWRIGHT_MT_remove_presets(bpy.types.Menu):
    """Presets to delete."""

    bl_idname = "LIPWRIGHT_MT_remove_presets"
    bl_label = "Delete"

    def draw(self, _context: bpy.types.Context) -> None:
        """List them."""
        _preset_entries(self.layout, "lipwright.remove_preset", "TRASH")


class LIPWRIGHT_MT_lines(bpy.types.Menu):
    """Lines to copy emotions from."""

    bl_idname = "LIPWRIGHT_MT_lines"
    bl_label = "Copy From"

    def draw(self, _context: bpy.types.Context) -> None:
        """List the generated lines of this file."""
        from .line_settings import noted_lines  # noqa: PLC0415 - loads what prediction needs

        lines = noted_lines()
        if not lines:
            self.layout.label(text="No line is generated yet")
        for action in lines[:_MAX_LINES]:
            target = action.get("lipwright_target", "")
            text = f"{action.name} ({target})" if target else action.name
            self.layout.operator("lipwright.copy_emotions", text=text, icon="ACTION").line = action.name


_CLASSES = (
    LIPWRIGHT_OT_save_preset,
    LIPWRIGHT_OT_load_preset,
    LIPWRIGHT_OT_remove_preset,
    LIPWRIGHT_OT_copy_emotions,
    LIPWRIGHT_MT_remove_presets,
    LIPWRIGHT_MT_presets,
    LIPWRIGHT_MT_lines,
)


def register() -> None:
    """Register the operators and menus."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove them."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
