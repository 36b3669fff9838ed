"""Why the sliders of a face cannot move it, for the panel to show."""

import bpy

_problems: dict[str, str] = {}
"""By the object's name, as an undo replaces Blender's objects."""


def problem(obj: bpy.types.Object) -> str | None:
    """Why a moved slider could not change this face, if it could not."""
    return _problems.get(obj.name)


def note_problem(obj: bpy.types.Object, text: str | None) -> None:
    """Remember, or forget with None, why a face's sliders cannot move it."""
    if text is None:
        _problems.pop(obj.name, None)
    else:
        _problems[obj.name] = text


def forget_problems() -> None:
    """Another file has other faces."""
    _problems.clear()
