"""Calls of Blender's own exporters, one function a format; what they get wrong is set right here.

Each writes the scene that is on screen, see `export_stage`, to a path that ends as the format demands.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from .inference.errors import LipwrightError


def _run(operator: Any, label: str, path: Path, **options: Any) -> None:  # noqa: ANN401 - Blender's operators have no types
    """Call an exporter with those of the options that this Blender's has.

    Raises:
        LipwrightError: it is switched off, or failed.
    """
    try:
        known = operator.get_rna_type().properties.keys()
    except (KeyError, AttributeError, RuntimeError):
        raise LipwrightError(
            f"{path.name}: Blender's {label} exporter is switched off: "
            "enable it under Edit > Preferences > Add-ons, or choose another format"
        ) from None
    chosen = {name: value for name, value in options.items() if name in known}
    try:
        outcome = operator(filepath=str(path), check_existing=False, **chosen)
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise LipwrightError(
            f"{path.name}: Blender's {label} exporter failed ({last}); free space or choose another folder"
        ) from None
    if outcome != {"FINISHED"} or not path.is_file() or not path.stat().st_size:
        raise LipwrightError(
            f"{path.name}: Blender's {label} exporter wrote nothing; free space or choose another folder"
        )


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


def write_alembic(stage: bpy.types.Scene, path: Path) -> None:
    """Alembic with the moved vertices of every frame, at the scene's own frames."""
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


WRITERS: dict[str, Callable[[bpy.types.Scene, Path], None]] = {
    ".glb": write_gltf,
    ".fbx": write_fbx,
    ".usdc": write_usd,
    ".abc": write_alembic,
}
"""By the file's suffix."""
