# ruff: noqa: N801, RUF012 - Blender demands class names such as CATEGORY_OT_name and plain class attributes
"""The button that writes a face's line, or all its lines, to a file for an engine."""

from pathlib import Path
from typing import Any

import bpy

from . import background_job
from .choices import feeling_face
from .inference.errors import LipwrightError
from .reports import BAD_INPUT, sentence

_FORMATS = (
    (".glb", "glTF", "Binary glTF: shape keys and their animation, for Godot, Unity and Unreal"),
    (".fbx", "FBX", "Binary FBX: shape keys and their animation, for Unity and Unreal"),
    (".usdc", "USD", "OpenUSD: blend shapes and their animation, for Unreal and film tools"),
    (".abc", "Alembic", "Alembic: the moved vertices of every frame, without shape keys"),
)
_LINES = (
    ("THIS", "This Line", "What the scene shows from its first frame to its last"),
    ("ALL", "All Lines", "Every line that was generated for this face, each as a clip of its own"),
)


def _action(face: Any) -> Any:  # noqa: ANN401 - Blender has no types to check None against
    """The Action that a face plays; small, as every redraw asks."""
    key = face.data.shape_keys
    return key.animation_data.action if key is not None and key.animation_data is not None else None


def _face(context: bpy.types.Context) -> bpy.types.Object:
    """The face to export.

    Raises:
        LipwrightError: why there is none.
    """
    face = feeling_face(context)
    if face is None:
        raise LipwrightError("select a face with ARKit shape keys")
    if context.mode != "OBJECT":
        raise LipwrightError("leave the current mode: a line can be exported in Object Mode")
    if background_job.running_job() is not None:
        raise LipwrightError("a line is being generated: wait, or press Esc")
    if _action(face) is None:
        raise LipwrightError(f"'{face.name}' speaks no line yet: press Generate Lip Animation")
    return face


class LIPWRIGHT_OT_export_line(bpy.types.Operator):
    """Write the line that the selected face speaks to a file for a game engine."""

    bl_idname = "lipwright.export_line"
    bl_label = "Export Line..."
    bl_description = "Write the line that the selected face speaks to a file for a game engine"
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.glb;*.fbx;*.usdc;*.abc", options={"HIDDEN", "SKIP_SAVE"}
    )
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    file_format: bpy.props.EnumProperty(name="Format", items=_FORMATS)  # type: ignore[valid-type]
    lines: bpy.props.EnumProperty(name="Lines", items=_LINES)  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say in the button's tooltip why it is greyed out."""
        try:
            _face(context)
        except LipwrightError as error:
            reason = str(error)
            cls.poll_message_set(reason[:1].upper() + reason[1:])
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file, named after the line and beside the .blend."""
        face = _face(context)
        name = bpy.path.clean_name(_action(face).name if self.lines == "THIS" else face.name)
        self.filepath = str(Path(bpy.path.abspath("//")) / f"{name}{self.file_format}")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Let the file's ending follow the chosen format."""
        path = Path(self.filepath)
        if path.suffix.lower() == self.file_format or not path.name:
            return False
        known = path.suffix.lower() in {suffix for suffix, _, _ in _FORMATS}
        self.filepath = str(path.with_suffix("") if known else path) + self.file_format
        return True

    def draw(self, _context: bpy.types.Context) -> None:
        """The choices beside the file browser."""
        self.layout.use_property_split = True
        self.layout.prop(self, "file_format")
        self.layout.prop(self, "lines", expand=True)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        try:
            path = Path(bpy.path.abspath(self.filepath))
            count = self._export(context.scene, _face(context), path)
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {count} line{'s' * (count > 1)} to {path}")
        return {"FINISHED"}

    def _export(self, scene: bpy.types.Scene, face: bpy.types.Object, path: Path) -> int:
        from . import character_export, clip_export  # noqa: PLC0415 - load what prediction needs when first used

        if self.lines == "THIS":
            clip_export.export_clip(scene, face, path)
            return 1
        actions = character_export.line_actions(face)
        clips = [character_export.action_clip(scene, face, action) for action in actions]
        character_export.export_character(scene, face, clips, path)
        return len(clips)


def register() -> None:
    """Register the operator."""
    bpy.utils.register_class(LIPWRIGHT_OT_export_line)


def unregister() -> None:
    """Remove the operator."""
    bpy.utils.unregister_class(LIPWRIGHT_OT_export_line)
