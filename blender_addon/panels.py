# ruff: noqa: N801 - Blender demands class names such as CATEGORY_PT_name
"""The sidebar tab. Panels only draw: they change nothing in the file."""

import bpy

from . import background_job, properties
from .choices import selected_face
from .face_target import arkit_shape_keys
from .inference.blendshape_names import ARKIT_NAMES
from .inference.errors import LipwrightError
from .reports import BAD_INPUT, sentence

_CATEGORY = "Lipwright"
_unreadable_models: dict[str, str] = {}
"""Models whose emotions could not be read, with the reason: asked once, not at every redraw."""


def _load_emotions_soon() -> None:
    """Read the emotions outside of drawing, where Blender lets properties change."""
    scene = bpy.context.scene
    if scene is None or properties.emotions_are_loaded(scene.lipwright):
        return
    try:
        path = str(properties.chosen_model_path(scene.lipwright))
    except LipwrightError:
        return
    try:
        properties.load_emotions(scene.lipwright)
    except BAD_INPUT as error:
        _unreadable_models[path] = sentence(error)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            area.tag_redraw()


class _LipwrightPanel:
    """What all panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = _CATEGORY


class LIPWRIGHT_PT_face(_LipwrightPanel, bpy.types.Panel):
    """Which face speaks."""

    bl_idname = "LIPWRIGHT_PT_face"
    bl_label = "Face"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the selected face, or offer the sample head."""
        layout = self.layout
        obj = selected_face(context)
        found = len(arkit_shape_keys(obj)) if obj is not None else 0
        if obj is not None and found:
            layout.label(text=obj.name, icon="OUTLINER_OB_MESH")
            layout.label(text=f"{found} of {len(ARKIT_NAMES)} ARKit shape keys", icon="SHAPEKEY_DATA")
        else:
            layout.label(text="Select a face with ARKit shape keys", icon="INFO")
        layout.operator("lipwright.add_sample_head", icon="ADD")


class LIPWRIGHT_PT_line(_LipwrightPanel, bpy.types.Panel):
    """Which line, which model, and the button."""

    bl_idname = "LIPWRIGHT_PT_line"
    bl_label = "Line"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the line's choices and Generate, or the running job."""
        settings = context.scene.lipwright
        layout = self.layout
        layout.row().prop(settings, "source", expand=True)
        if settings.source == "FILE":
            layout.prop(settings, "audio_path", text="")
        else:
            layout.prop(settings, "strip_name", text="", icon="SOUND")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        if settings.source == "FILE":
            column.prop(settings, "start_at")
        column.prop(settings, "model_source")
        if settings.model_source == "FILE":
            column.prop(settings, "model_path", text="")
        column.prop(settings, "mode")
        if settings.source == "FILE":
            column.prop(settings, "add_sound")
        column.prop(settings, "set_range")
        self._draw_action(layout)

    @staticmethod
    def _draw_action(layout: bpy.types.UILayout) -> None:
        job = background_job.running_job()
        if job is None:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("lipwright.generate", icon="PLAY")
            return
        row = layout.row(align=True)
        row.scale_y = 1.5
        row.progress(factor=job.progress, type="BAR", text=f"{job.title}: {job.progress:.0%} (Esc to stop)")
        row.operator("lipwright.cancel", text="", icon="X")


class LIPWRIGHT_PT_emotion(_LipwrightPanel, bpy.types.Panel):
    """How the line is felt."""

    bl_idname = "LIPWRIGHT_PT_emotion"
    bl_label = "Emotion"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the chosen model's sliders."""
        settings = context.scene.lipwright
        layout = self.layout
        if not properties.emotions_are_loaded(settings):
            self._draw_unloaded(settings)
            return
        if not settings.emotions:
            layout.label(text="This model knows no emotions", icon="INFO")
            return
        column = layout.column(align=True)
        for emotion in settings.emotions:
            column.prop(emotion, "value", text=emotion.name.title(), slider=True)
        row = layout.row(align=True)
        row.prop(settings, "strength", slider=True)
        row.operator("lipwright.reset_emotions", text="", icon="LOOP_BACK")
        layout.label(text="Used by the next generation", icon="INFO")

    def _draw_unloaded(self, settings: properties.LipwrightSettings) -> None:
        try:
            reason = _unreadable_models.get(str(properties.chosen_model_path(settings)))
        except LipwrightError as error:
            reason = str(error)
        if reason is None:
            self.layout.label(text="Reading the model...", icon="TIME")
            if not bpy.app.timers.is_registered(_load_emotions_soon):
                bpy.app.timers.register(_load_emotions_soon, first_interval=0.0)
            return
        self.layout.label(text=reason, icon="ERROR")
        self.layout.operator("lipwright.load_emotions", icon="FILE_REFRESH")


_CLASSES = (LIPWRIGHT_PT_face, LIPWRIGHT_PT_line, LIPWRIGHT_PT_emotion)


def register() -> None:
    """Register the tab."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove the tab."""
    if bpy.app.timers.is_registered(_load_emotions_soon):
        bpy.app.timers.unregister(_load_emotions_soon)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
