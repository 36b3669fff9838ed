"""Inside Blender: animate a line with the add-on, save the scene, render its frames.

Run by the Python of a bpy environment as a plain script. The add-on is the checkout's, or comes from an
extension zip that is installed into a throw-away user folder as a user would install it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

if TYPE_CHECKING:
    import types

FPS = 24
WIDTH, HEIGHT, SAMPLES = 320, 400, 4  # three seconds of one core a frame
INSTALLED = "bl_ext.user_default.lipwright"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wav", type=Path, required=True)
    parser.add_argument("--blend", type=Path, required=True, help="the scene to save")
    parser.add_argument("--frames", type=Path, required=True, help="the folder for the rendered frames")
    parser.add_argument("--emotion", default="")
    parser.add_argument("--extension-zip", type=Path)
    parser.add_argument("--quick", action="store_true", help="render as the viewport shows it")
    return parser.parse_args()


def load_addon(extension_zip: Path | None) -> types.ModuleType:
    """The add-on's package, enabled: installed from a zip, or the checkout's own."""
    import bpy  # noqa: PLC0415 - BLENDER_USER_RESOURCES must be set first

    if extension_zip is None:
        addon = importlib.import_module("blender_addon")
        addon.register()
        return addon
    bpy.ops.extensions.package_install_files(
        filepath=str(extension_zip), repo="user_default", enable_on_install=True, overwrite=True
    )
    return sys.modules[INSTALLED]


def lip_gaps(head: Any, landmarks: Any, frames: range) -> list[float]:  # noqa: ANN401 - bpy ships no types
    """Distance in metres between the inner lips' middles (landmarks 62 and 66) on the evaluated mesh."""
    import bpy  # noqa: PLC0415

    upper, lower = int(landmarks[62]), int(landmarks[66])
    gaps = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        gaps.append((mesh.vertices[upper].co - mesh.vertices[lower].co).length)
    return gaps


def _part(addon: types.ModuleType, name: str) -> Any:  # noqa: ANN401 - a module known by name only
    return importlib.import_module(f"{addon.__name__}.{name}")


def animate(addon: types.ModuleType, arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - bpy ships no types
    """Add the sample head and generate the line on it in an empty scene; returns the head."""
    import bpy  # noqa: PLC0415

    part = partial(_part, addon)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    scene.frame_start = 1
    head = part("sample_head").add_sample_head(scene.collection)
    emotion = part("inference.emotion").parse_emotion(arguments.emotion) if arguments.emotion else {}
    result = part("generate").generate(scene, head, arguments.wav, emotion=emotion)
    for warning in result.warnings:
        print(f"note: {warning}", flush=True)
    return head


def _empty_scene() -> None:
    import bpy  # noqa: PLC0415

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)  # keeps an installed extension enabled


def _render(folder: Path, frames: range) -> None:
    from build_tools.demo import studio  # noqa: PLC0415 - needs bpy

    started = time.monotonic()
    for count, frame in enumerate(frames, start=1):
        studio.render_frame(folder / f"frame_{frame:05d}.png", frame)
        if count % 10 == 0 or count == len(frames):
            left = (time.monotonic() - started) / count * (len(frames) - count) / 60
            print(f"rendered {count} of {len(frames)} frames, about {left:.1f} minutes left", flush=True)


def make(arguments: argparse.Namespace) -> None:
    """Animate, save and render; the lip gap and frame rate go to line.json beside the frames."""
    addon = load_addon(arguments.extension_zip)
    import bpy  # noqa: PLC0415

    from build_tools.demo import studio  # noqa: PLC0415

    _empty_scene()
    head = animate(addon, arguments)
    scene = bpy.context.scene
    frames = range(scene.frame_start, scene.frame_end + 1)
    head_path = _part(addon, "inference.bundled").default_head_path()
    landmarks = _part(addon, "inference.head_mesh").load_head(head_path).landmarks68
    studio.add_camera(head)
    studio.add_lights(head)
    studio.set_render(WIDTH, HEIGHT, SAMPLES)
    if arguments.quick:
        studio.set_quick_render()
    scene.frame_set(frames.start)
    bpy.ops.wm.save_as_mainfile(filepath=str(arguments.blend.resolve()), compress=True, relative_remap=False)
    report = {"fps": str(FPS), "gap": lip_gaps(head, landmarks, frames)}
    (arguments.frames / "line.json").write_text(json.dumps(report))
    _render(arguments.frames, frames)


def main() -> int:
    """1 with one sentence when the line cannot be animated."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="lipwright-user-") as user:
        os.environ["BLENDER_USER_RESOURCES"] = user
        try:
            make(arguments)
        except KeyboardInterrupt:
            return 130  # the parent says so
        except Exception as error:
            # The installed copy of the add-on has an error class of its own; Blender raises RuntimeError.
            if type(error).__name__ not in {"LipwrightError", "RuntimeError", "MemoryError", "OSError"}:
                raise
            print(f"lipwright: error: {str(error).strip() or 'out of memory'}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # Blender 4.2 can crash in its own clean-up at exit
