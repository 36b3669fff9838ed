"""Calls of Blender's own exporters, one function a format; what they get wrong is set right here.

Each writes the scene that is on screen, see `export_stage`, to a path that ends as the format demands.
"""

import os
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy


class ExporterError(Exception):
    """Why one of Blender's exporters wrote no whole file, and the remedy.

    Attributes:
        error: the system's error, where it was one.
    """

    def __init__(self, reason: str, error: OSError | None = None) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.error = error


_FREE_SPACE = "free space or choose another folder"


def _run(operator: Any, label: str, path: Path, **options: Any) -> None:  # noqa: ANN401 - Blender's operators have no types
    """Call an exporter with those of the options that this Blender's has.

    Raises:
        ExporterError: it is switched off, or failed.
    """
    try:
        known = operator.get_rna_type().properties.keys()
    except (KeyError, AttributeError, RuntimeError):
        raise ExporterError(_absence(label)) from None
    chosen = {name: value for name, value in options.items() if name in known}
    try:
        outcome = operator(filepath=str(path), check_existing=False, **chosen)
    except RuntimeError as error:
        raise _failure(label, str(error)) from None
    if outcome != {"FINISHED"} or not path.is_file() or not path.stat().st_size:
        raise ExporterError(f"Blender's {label} exporter wrote nothing; {_FREE_SPACE}")


def _absence(label: str) -> str:
    """Why an exporter is not there: some are add-ons, others parts of the program."""
    if getattr(bpy.app.build_options, label.lower(), True):
        remedy = "enable it under Edit > Preferences > Add-ons, or choose another format"
        return f"Blender's {label} exporter is switched off: {remedy}"
    return f"this Blender was built without {label}: choose another format, or another Blender"


def _failure(label: str, report: str) -> ExporterError:
    """What an exporter's report, often a traceback, comes to."""
    number = re.search(r"OSError: \[Errno (\d+)\]", report)
    if number is not None:
        return ExporterError("", OSError(int(number.group(1)), os.strerror(int(number.group(1)))))
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Location:")]
    return ExporterError(f"Blender's {label} exporter failed ({(said or [label])[-1]}); {_FREE_SPACE}")


def write_gltf(stage: bpy.types.Scene, path: Path) -> None:
    """Binary glTF with one animation, called as the scene, whose time counts from the scene's first frame."""
    _write_gltf(stage, path, export_animation_mode="SCENE", export_anim_scene_split_object=False)


def write_gltf_tracks(stage: bpy.types.Scene, path: Path) -> None:
    """Binary glTF with an animation for each NLA track, called as it is, whose time counts from its start."""
    _write_gltf(
        stage,
        path,
        export_animation_mode="NLA_TRACKS",
        export_merge_animation="NLA_TRACK",
        export_morph_reset_sk_data=True,
    )


def _write_gltf(stage: bpy.types.Scene, path: Path, **options: Any) -> None:  # noqa: ANN401 - see `_run`
    """The exporter divides by fps * fps_base where Blender means fps / fps_base, which matters at 29.97."""
    stage.render.fps_base = 1.0 / stage.render.fps_base
    _run(
        bpy.ops.export_scene.gltf,
        "glTF",
        path,
        export_format="GLB",
        use_active_scene=True,
        export_anim_slide_to_zero=True,
        export_optimize_animation_size=True,  # drops placements that stay, keeps every frame of weights
        export_optimize_animation_keep_anim_armature=False,
        export_optimize_animation_keep_anim_object=False,
        export_current_frame=True,  # else what frame 0 shows is the face by itself
        export_morph=True,
        export_morph_animation=True,
        export_cameras=False,
        export_lights=False,
        **options,
    )


def write_fbx(_stage: bpy.types.Scene, path: Path) -> None:
    """Binary FBX with one take, called as the scene, at the scene's own frames; textures lie inside."""
    _write_fbx(path, bake_anim_use_nla_strips=False)  # else the shape keys' own animation is lost


def write_fbx_strips(_stage: bpy.types.Scene, path: Path) -> None:
    """Binary FBX with a take for each NLA strip of the scene's objects: all that moves under it, from 0."""
    _write_fbx(path, bake_anim_use_nla_strips=True)


def _write_fbx(path: Path, **options: Any) -> None:  # noqa: ANN401 - see `_run`
    _run(
        bpy.ops.export_scene.fbx,
        "FBX",
        path,
        object_types={"MESH", "EMPTY", "ARMATURE"},
        use_mesh_modifiers=False,  # applying them loses the shape keys
        add_leaf_bones=False,
        mesh_smooth_type="FACE",
        bake_anim=True,
        bake_anim_use_all_actions=False,  # these are objects' Actions, and it loses those of shape keys
        bake_anim_simplify_factor=0.0,  # else curves that stay at 0 are left out
        path_mode="COPY",
        embed_textures=True,
        **options,
    )


def write_usd(_stage: bpy.types.Scene, path: Path) -> None:
    """USD with blend shapes, at the scene's own frames."""
    _run(
        bpy.ops.wm.usd_export,
        "USD",
        path,
        selected_objects_only=False,
        visible_objects_only=False,
        export_animation=True,
        export_shapekeys=True,
        export_armatures=True,
        export_materials=True,
        export_textures=True,
        export_textures_mode="NEW",
        export_lights=False,
        export_cameras=False,
        convert_world_material=False,
        evaluation_mode="RENDER",
    )
    with path.open("rb") as stream:
        header = stream.read(24)
    if len(header) < 24 or struct.unpack_from("<q", header, 16)[0] >= path.stat().st_size:  # noqa: PLR2004 - bytes
        raise ExporterError(
            f"Blender's USD exporter wrote half a file; {_FREE_SPACE}"
        )  # and called it finished


def write_alembic(stage: bpy.types.Scene, path: Path) -> None:
    """Alembic with the moved vertices of every frame, at the scene's own frames."""
    _check_room(stage, path)
    _run(
        bpy.ops.wm.alembic_export,
        "Alembic",
        path,
        start=stage.frame_start,
        end=stage.frame_end,
        selected=False,
        visible_objects_only=False,
        face_sets=True,
        export_hair=False,
        export_particles=False,
        as_background_job=False,
        evaluation_mode="RENDER",
    )


def _check_room(stage: bpy.types.Scene, path: Path) -> None:
    """Refuse what the disk cannot hold: Alembic's library ends Blender itself when a disk runs full."""
    graph = bpy.context.evaluated_depsgraph_get()
    meshes = [obj.evaluated_get(graph).data for obj in stage.objects if obj.type == "MESH"]
    corners = sum(len(mesh.vertices) + len(mesh.loops) for mesh in meshes)  # a position, and perhaps a normal
    needed = 12 * corners * (stage.frame_end - stage.frame_start + 1) + 1_000_000
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise ExporterError(
            f"it may need {needed / 1e6:,.0f} MB and the disk has {free / 1e6:,.0f} MB left; {_FREE_SPACE}"
        )


WRITERS: dict[str, Callable[[bpy.types.Scene, Path], None]] = {
    ".glb": write_gltf,
    ".fbx": write_fbx,
    ".usdc": write_usd,
    ".abc": write_alembic,
}
"""By the file's suffix."""
