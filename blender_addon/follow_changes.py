"""What Blender tells of files, history and edits that concern the sliders; small, as every edit passes it."""

import sys
from typing import Any

import bpy

from . import emotion_sliders
from .action_writer import revive_curves
from .face_problems import forget_problems
from .line_note import noted_emotions


def _prepare_sliders() -> None:
    """Register what the open file's sliders need, before anything evaluates or draws them."""
    for scene in getattr(bpy.data, "scenes", ()):  # there is no data yet while Blender starts
        emotion_sliders.ensure_sliders(emotion_sliders.stored_names(scene.lipwright.emotion_names))
    for action in getattr(bpy.data, "actions", ()):
        emotion_sliders.ensure_sliders(noted_emotions(action))
    for obj in getattr(bpy.data, "objects", ()):
        revive_curves(obj, "lipwright.")


@bpy.app.handlers.persistent
def _file_opened(*_arguments: Any) -> None:  # noqa: ANN401 - Blender passes what it likes
    forget_problems()
    _prepare_sliders()


@bpy.app.handlers.persistent
def _history_moved(*_arguments: Any) -> None:  # noqa: ANN401 - see `_file_opened`
    """After undo and redo: the curves that the background wrote are no part of the steps."""
    if bpy.app.background:
        return
    from . import refresh  # noqa: PLC0415 - loads what prediction needs when it is first needed

    refresh.refresh_stale_lines(bpy.context.scene)


@bpy.app.handlers.persistent
def _data_changed(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """When the sliders' own curves are edited, or another line is chosen, the line is refreshed."""
    if bpy.app.background:
        return
    edited = {
        update.id.original
        for update in depsgraph.updates
        if isinstance(update.id, bpy.types.Action | bpy.types.Key)
    }
    if edited:
        from . import refresh  # noqa: PLC0415 - see `_history_moved`

        refresh.refresh_faces_of(scene, edited)


_HANDLERS = (
    (bpy.app.handlers.load_post, _file_opened),
    (bpy.app.handlers.undo_post, _history_moved),
    (bpy.app.handlers.redo_post, _history_moved),
    (bpy.app.handlers.depsgraph_update_post, _data_changed),
)


def register() -> None:
    """Listen."""
    for handlers, handler in _HANDLERS:
        handlers.append(handler)
    _prepare_sliders()


def unregister() -> None:
    """Stop listening, and what was started."""
    for handlers, handler in _HANDLERS:
        handlers.remove(handler)
    refresh = sys.modules.get(f"{__package__}.refresh")
    if refresh is not None:
        refresh.stop()
