"""Scenes from files and into files, as commands without a window need them."""

from fractions import Fraction
from pathlib import Path

import bpy

from . import sample_head
from .inference.errors import LipwrightError


def open_blend(path: Path) -> None:
    """Open a .blend file without its windows.

    Raises:
        LipwrightError: there is none, or it is none.
    """
    if not path.is_file():
        raise LipwrightError(f"{path}: there is no such file; give a .blend file")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.resolve()), load_ui=False)
    except RuntimeError as error:
        raise LipwrightError(f"{path}: {' '.join(str(error).split())}; give a .blend file") from None


def open_empty_scene() -> bpy.types.Scene:
    """Open Blender's own settings with nothing in the scene."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return bpy.context.scene


def open_scene(blend: Path | None, name: str | None) -> bpy.types.Object | None:
    """Open the user's scene or an empty one with the sample head.

    Args:
        blend: the scene, or None for the sample head.
        name: the face's object in it; None for the active one.

    Returns:
        The face, or None where the scene has no active object.

    Raises:
        LipwrightError: the scene cannot be opened or has no such object.
    """
    if blend is None:
        return sample_head.add_sample_head(open_empty_scene().collection)
    open_blend(blend)
    if name is None:
        return bpy.context.view_layer.objects.active
    if name not in bpy.data.objects:
        raise LipwrightError(f"{blend}: it has no object '{name}'; give another")
    return bpy.data.objects[name]


def set_frame_rate(scene: bpy.types.Scene, rate: Fraction) -> None:
    """Blender holds a whole number over a base: 30000/1001 is 30 over 1.001."""
    whole = round(rate) or 1
    scene.render.fps = whole
    scene.render.fps_base = float(whole / rate)


def save_copy(path: Path, **options: bool) -> None:
    """Save what is open under a name that nobody uses yet; no older version is kept beside it.

    Args:
        path: where to.
        options: further ones of Blender's operator.

    Raises:
        RuntimeError: Blender cannot write it.
    """
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False, **options)
