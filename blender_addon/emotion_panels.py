# ruff: noqa: N801 - Blender demands class names such as CATEGORY_PT_name
"""The Emotion part of the sidebar tab. Panels only draw: they change nothing in the file."""

import bpy

from . import emotion_layer, emotion_sliders, properties
from .choices import feeling_face
from .face_problems import problem
from .inference.errors import LipwrightError
from .panels import LipwrightPanel
from .reports import BAD_INPUT, sentence

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


def _line_problem(face: bpy.types.Object, settings: properties.LipwrightSettings) -> str | None:
    """Why the face's line cannot follow its sliders."""
    from . import line_record  # noqa: PLC0415 - loads what prediction needs, once a face is looked at

    record = line_record.face_record(face)
    if record is None:
        return None
    try:
        line_record.check_record(record)
        if record.model_path.resolve() != properties.chosen_model_path(settings).resolve():
            return "this line speaks with another model: Generate it to use the chosen one's sliders"
    except LipwrightError as error:
        return str(error)
    return problem(face)


class LIPWRIGHT_PT_emotion(LipwrightPanel, bpy.types.Panel):
    """How the line is felt."""

    bl_idname = "LIPWRIGHT_PT_emotion"
    bl_label = "Emotion"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the selected face's sliders, one for each emotion of the chosen model."""
        settings, layout, face = context.scene.lipwright, self.layout, feeling_face(context)
        if not properties.emotions_are_loaded(settings):
            self._draw_unloaded(settings)
            return
        names = emotion_sliders.stored_names(settings.emotion_names)
        if not names:
            layout.label(text="This model knows no emotions, so there are no sliders", icon="INFO")
            return
        if face is None:
            layout.label(text="Select a face to set its emotions", icon="INFO")
            return
        self._draw_sliders(face, names, hears=settings.hears_emotion)
        reason = _line_problem(face, settings)
        if reason is not None:
            layout.label(text=reason[:1].upper() + reason[1:], icon="ERROR")

    def _draw_sliders(self, face: bpy.types.Object, names: tuple[str, ...], *, hears: bool) -> None:
        layout = self.layout
        column = layout.column(align=True)
        column.use_property_split = True
        for name in names:
            column.prop(face.lipwright, emotion_sliders.slider_id(name), slider=True)
        column.separator()
        if hears:
            column.prop(face.lipwright, "from_voice", slider=True)
        else:
            column.label(text="This model hears no emotion in the voice")
        column.prop(face.lipwright, "strength", slider=True)
        row = layout.row(align=True)
        row.menu("LIPWRIGHT_MT_presets")
        row.operator("lipwright.save_preset", text="", icon="ADD")
        row.menu("LIPWRIGHT_MT_lines", text="Copy From")
        row = layout.row(align=True)
        row.operator("lipwright.reset_emotions", icon="LOOP_BACK")
        track = emotion_layer.find_layer(face.data.shape_keys if face.type == "MESH" else None)
        if track is not None:
            row.prop(track, "mute", text="Mute", toggle=True)

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


class LIPWRIGHT_UL_points(bpy.types.UIList):
    """Learned points by what they feel like; a click shows one on the face."""

    bl_idname = "LIPWRIGHT_UL_points"

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: bpy.types.AnyType,
        item: bpy.types.PropertyGroup,
        _icon: int,
        _active_data: bpy.types.AnyType,
        _active_property: str,
        _index: int = 0,
        _flags: int = 0,
    ) -> None:
        """Show a point's title and number."""
        row = layout.row()
        row.label(text=item.name)
        if item.number:
            row.label(text=str(item.number))


class LIPWRIGHT_PT_latent(LipwrightPanel, bpy.types.Panel):
    """The model's own axes, for those who want more than its named emotions."""

    bl_idname = "LIPWRIGHT_PT_latent"
    bl_label = "Advanced"
    bl_parent_id = "LIPWRIGHT_PT_emotion"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender demands plain class attributes

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only below sliders."""
        settings = context.scene.lipwright
        names = emotion_sliders.stored_names(settings.emotion_names)
        return bool(names) and feeling_face(context) is not None and properties.emotions_are_loaded(settings)

    def draw(self, context: bpy.types.Context) -> None:
        """Show the learned points and the axes."""
        settings, face = context.scene.lipwright, feeling_face(context)
        if face is None:
            return
        column = self.layout.column(align=True)
        column.use_property_split = True
        if settings.learned_points:
            column.label(text=f"The most different of {settings.learned_points} learned points:")
            lists = settings, "point_list", settings, "point_row"
            column.template_list("LIPWRIGHT_UL_points", "", *lists, rows=4)
            column.prop(face.lipwright, "learned_point")
        for axis in range(min(settings.latent_size, emotion_sliders.LATENT_AXES)):
            column.prop(face.lipwright, emotion_sliders.latent_id(axis), slider=True)
        if settings.latent_size > emotion_sliders.LATENT_AXES:
            column.label(
                text=f"The other {settings.latent_size - emotion_sliders.LATENT_AXES} have no sliders"
            )


_CLASSES = (LIPWRIGHT_UL_points, LIPWRIGHT_PT_emotion, LIPWRIGHT_PT_latent)


def register() -> None:
    """Register the panels."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Remove the panels."""
    if bpy.app.timers.is_registered(_load_emotions_soon):
        bpy.app.timers.unregister(_load_emotions_soon)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
