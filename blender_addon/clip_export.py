"""One line of one face as a file for an engine: glTF, FBX, USD or Alembic, through Blender's own exporters.

What is written is what the scene shows from its first frame to its last: the speech, the emotion over it and
whatever else moves the shape keys, as one clip called after the line, with every shape key keyed at every
frame. A line that starts 2.5 s after the scene's first frame starts 2.5 s after the clip's: FBX, USD and
Alembic keep the scene's frame numbers and say where the clip starts, glTF counts its seconds from there.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy

from .export_formats import WRITERS, ExporterError
from .export_samples import LineClip, sample_line
from .export_stage import stage_clips
from .face_target import face_target
from .inference.atomic_file import atomic_path, cannot_write
from .inference.errors import LipwrightError

SUFFIXES = tuple(WRITERS)
"""What a clip's file may end in."""


def check_suffix(path: Path) -> None:
    """Check that a file's ending names a format.

    Raises:
        LipwrightError: it does not.
    """
    if path.suffix.lower() not in WRITERS:
        raise LipwrightError(
            f"{path}: '{path.suffix}' is no format to export: choose one of {', '.join(SUFFIXES)}"
        )


def check_face(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Check that a face can be exported.

    Raises:
        LipwrightError: it is being edited, of another file, or in another scene.
    """
    face_target(face, exact=True)
    if face.name not in scene.objects:
        raise LipwrightError(f"'{face.name}' is not in the scene '{scene.name}': link it first")


def export_clip(scene: bpy.types.Scene, face: bpy.types.Object, path: Path) -> None:
    """Write the line that a face speaks to a file, whole or not at all; the scene is left as it was found.

    Args:
        scene: gives the frames, from its first to its last, and their rate.
        face: a mesh with shape keys, which plays a line's Action.
        path: where to; ends in .glb, .fbx, .usdc or .abc. Pictures of a .usdc lie in `textures` beside it.

    Raises:
        LipwrightError: the face plays nothing, or the file cannot be written.
    """
    check_suffix(path)
    check_face(scene, face)
    write_clip(scene, face, sample_line(scene, face), path)


def write_clip(scene: bpy.types.Scene, face: bpy.types.Object, clip: LineClip, path: Path) -> None:
    """Write a sampled line; see `export_clip`."""
    with stage_clips(scene, face, clip.name, [clip]) as stage:
        write_whole(path, lambda part: WRITERS[path.suffix.lower()](stage, part))


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let an exporter write beside the result and put it in place when it is done.

    It writes into a folder of its own, as it must see the right ending and may put pictures beside the file.

    Raises:
        LipwrightError: the file cannot be written.
    """
    with atomic_path(path) as temporary:
        folder = Path(tempfile.mkdtemp(prefix=".lipwright-", dir=path.parent))
        try:
            part = folder / f"line{path.suffix.lower()}"  # short, whatever the name of the result
            write(part)
            _move_pictures(folder / "textures", path.parent / "textures")
            part.replace(temporary)
        except OSError as error:
            raise cannot_write(path, error) from None
        except ExporterError as error:
            raise (
                cannot_write(path, error.error) if error.error else LipwrightError(f"{path}: {error}")
            ) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _move_pictures(folder: Path, target: Path) -> None:
    if not folder.is_dir():
        return
    target.mkdir(exist_ok=True)
    for picture in folder.iterdir():
        picture.replace(target / picture.name)
