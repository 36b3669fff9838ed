# ruff: noqa: N801 - Blender demands class names such as CATEGORY_PT_name
"""The sidebar tab. Panels only draw: they change nothing in the file."""

import bpy

from . import background_job
from .choices import selected_face
from .face_target import arkit_shape_keys
from .inference.blendshape_names import ARKIT_NAMES

_CATEGORY = "Lipwright"


class LipwrightPanel:
    """What all panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = _CATEGORY


class LIPWRIGHT_PT_face(LipwrightPanel, bpy.types.Panel):
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


class LIPWRIGHT_PT_line(LipwrightPanel, bpy.types.Panel):
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
            layout.operator("lipwright.export_line", icon="EXPORT")
            return
        row = layout.row(align=True)
        row.scale_y = 1.5
        row.progress(factor=job.progress, type="BAR", text=f"{job.title}: {job.progress:.0%} (Esc to stop)")
        row.operator("lipwright.cancel", text="", icon="X")


_CLASSES = (LIPWRIGHT_PT_face, LIPWRIGHT_PT_line)


def register() -> None:
    """Register the tab."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove the tab."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
