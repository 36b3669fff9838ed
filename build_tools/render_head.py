"""Renders the bundled head for the documentation. Runs where bpy and Pillow are, such as in `.venv`.

.venv/bin/python build_tools/render_head.py            # the four pictures in docs/images
... build_tools/render_head.py --views mouth,eyes --pose jawOpen=1 --output look.png    # one look at a pose
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from build_tools.shape_labels import label_sheet  # noqa: E402 - started as a file, so the root is no import path yet

IMAGES = ROOT / "docs" / "images"
SAMPLES = 24
COLUMNS, CELL = 8, 132  # of the sheet of shapes


@dataclass(frozen=True)
class View:
    """A camera: what it looks at (metres from between the eyes), from where, how wide the picture is."""

    target: tuple[float, float, float]
    direction: tuple[float, float, float]
    width: float


VIEWS = {
    "front": View((0, 0.03, -0.035), (0, -1, 0.02), 0.33),
    "three_quarter": View((0, 0.035, -0.035), (-0.7, -0.85, 0.08), 0.33),
    "side": View((0, 0.055, -0.035), (1, -0.02, 0.02), 0.33),
    "back": View((0, 0.05, -0.035), (0.5, 1, 0.1), 0.33),
    "face": View((0, 0, -0.035), (0, -1, 0), 0.2),
    "face_three_quarter": View((0, 0, -0.035), (-0.6, -0.8, 0.04), 0.2),
    "mouth": View((0, -0.03, -0.07), (0, -1, 0), 0.085),
    "mouth_three_quarter": View((0, -0.03, -0.07), (-0.7, -0.8, 0), 0.085),
    "eyes": View((0, -0.01, 0), (0, -1, 0), 0.13),
    "eye": View((0.031, -0.01, 0), (0.25, -1, 0.05), 0.055),
    "nose": View((0, -0.03, -0.03), (-0.45, -0.8, -0.35), 0.1),
    "ear": View((0.08, 0.08, -0.015), (1, -0.3, 0), 0.1),
    "below": View((0, 0.03, -0.035), (0, -0.8, -0.5), 0.33),
}
# roughness, subsurface weight
SURFACES = {
    "skin": (0.48, 0.25), "lips": (0.34, 0.25), "mouth": (0.4, 0.1), "lid_margin": (0.35, 0.2),
    "sclera": (0.08, 0.0),
    "limbus": (0.08, 0.0),
    "iris": (0.08, 0.0), "pupil": (0.05, 0.0), "teeth": (0.18, 0.1), "gums": (0.3, 0.1), "tongue": (0.4, 0.2),
}  # fmt: skip


def load_head() -> dict[str, np.ndarray]:
    """The arrays of assets/head/head.npz."""
    with np.load(ROOT / "assets" / "head" / "head.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def make_material(name: str, color: np.ndarray) -> bpy.types.Material:
    """A Principled material for one of the head's surfaces."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    roughness, subsurface = SURFACES.get(name, (0.6, 0.0))
    shader.inputs["Base Color"].default_value = color.tolist()
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Subsurface Weight"].default_value = subsurface
    shader.inputs["Subsurface Radius"].default_value = (1.0, 0.35, 0.2)
    shader.inputs["Subsurface Scale"].default_value = 0.003
    return material


def make_object(head: dict[str, np.ndarray]) -> bpy.types.Object:
    """The head as a smooth mesh object, moved so that the point between the eyes is the origin."""
    mesh = bpy.data.meshes.new("head")
    centre = head["eye_centers"].mean(axis=0)
    mesh.from_pydata((head["vertices"] - centre).tolist(), [], head["faces"].tolist())
    for name, color in zip(head["material_names"], head["material_colors"], strict=True):
        mesh.materials.append(make_material(str(name), color))
    mesh.polygons.foreach_set("material_index", head["material_index"])
    mesh.polygons.foreach_set("use_smooth", np.ones(len(head["faces"]), dtype=bool))
    mesh.update()
    made = bpy.data.objects.new("head", mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def set_pose(made: bpy.types.Object, head: dict[str, np.ndarray], pose: dict[str, float]) -> None:
    """Move the mesh into a pose given by shape weights."""
    names = head["shape_names"].tolist()
    vertices = head["vertices"] - head["eye_centers"].mean(axis=0)
    for name, weight in pose.items():
        vertices = vertices + weight * head["shape_deltas"][names.index(name)]
    made.data.vertices.foreach_set("co", np.ascontiguousarray(vertices, dtype=np.float32).ravel())
    made.data.update()


def _light(location: tuple[float, float, float], power: float, size: float) -> None:
    data = bpy.data.lights.new("light", "AREA")
    data.energy, data.size = power, size
    made = bpy.data.objects.new("light", data)
    made.location = location
    made.rotation_euler = (Vector((0, 0.02, -0.03)) - Vector(location)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)


def make_scene(size: int) -> bpy.types.Object:
    """Three soft lights, a plain background, a camera; returns the camera."""
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    background = scene.world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (0.42, 0.47, 0.54, 1.0)
    background.inputs["Strength"].default_value = 0.5
    _light((-0.55, -0.8, 0.5), 11.0, 0.45)
    _light((0.8, -0.6, 0.0), 3.5, 0.6)
    _light((0.35, 0.8, 0.55), 12.0, 0.35)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 5
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = size
    return camera


def shoot(camera: bpy.types.Object, view: View, folder: Path) -> np.ndarray:
    """Render one view; returns pixels [size, size, 4], bottom row first."""
    direction = Vector(view.direction).normalized()
    distance = 1.3
    camera.location = Vector(view.target) + direction * distance
    camera.rotation_euler = (-direction).to_track_quat("-Z", "Y").to_euler()
    camera.data.lens = camera.data.sensor_width * distance / view.width
    camera.data.clip_start = 0.01
    scene = bpy.context.scene
    scene.render.filepath = str(folder / "shot.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.empty(len(image.pixels), dtype=np.float32)
    image.pixels.foreach_get(pixels)
    width, height = image.size
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)


def save(pixels: np.ndarray, path: Path) -> None:
    """Write pixels [height, width, 4] (bottom row first) as a PNG."""
    image = bpy.data.images.new("result", pixels.shape[1], pixels.shape[0])
    image.pixels.foreach_set(np.ascontiguousarray(pixels).ravel())
    settings = bpy.context.scene.render.image_settings
    settings.file_format, settings.color_mode, settings.compression = "PNG", "RGB", 100
    image.save_render(str(path.resolve()), scene=bpy.context.scene)
    bpy.data.images.remove(image)
    print(f"wrote {path}")


def render_sheet(
    camera: bpy.types.Object, made: bpy.types.Object, head: dict[str, np.ndarray], folder: Path
) -> np.ndarray:
    """All 52 shapes at 1.0 in Apple's order, eight to a row."""
    shots = []
    for name in head["shape_names"].tolist():
        set_pose(made, head, {name: 1.0} if name != "mouthClose" else {"jawOpen": 1.0, "mouthClose": 1.0})
        shots.append(shoot(camera, VIEWS["face"], folder))
    while len(shots) % COLUMNS:
        shots.append(np.full_like(shots[0], 0.52))
    rows = [np.concatenate(shots[i : i + COLUMNS], axis=1) for i in range(0, len(shots), COLUMNS)]
    return np.concatenate(rows[::-1], axis=0)


def render_documentation(folder: Path) -> None:
    """The four pictures of docs/images."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    head = load_head()
    made = make_object(head)
    camera = make_scene(640)
    for name in ("front", "three_quarter", "side"):
        save(shoot(camera, VIEWS[name], folder), IMAGES / f"head_{name}.png")
    scene = bpy.context.scene
    scene.render.resolution_x = scene.render.resolution_y = CELL
    scene.cycles.samples = 12
    sheet = IMAGES / "head_shapes.png"
    save(render_sheet(camera, made, head, folder), sheet)
    names = [f"jawOpen + {name}" if name == "mouthClose" else name for name in head["shape_names"].tolist()]
    label_sheet(sheet, names, COLUMNS, CELL)


def render_look(folder: Path, views: list[str], poses: list[str], size: int, output: Path) -> None:
    """One row of views per pose, for looking at work in progress."""
    head = load_head()
    made = make_object(head)
    camera = make_scene(size)
    rows = []
    for text in poses:
        pairs = (item.split("=") for item in text.split(",") if item)
        set_pose(made, head, {name: float(weight) for name, weight in pairs})
        rows.append(np.concatenate([shoot(camera, VIEWS[name], folder) for name in views], axis=1))
    save(np.concatenate(rows[::-1], axis=0), output)


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(description="Render the bundled head.")
    parser.add_argument("--views", default="", help=f"comma-separated: {', '.join(VIEWS)}")
    parser.add_argument("--pose", action="append", help="shape=weight,... ; repeat for more rows")
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--output", type=Path, default=Path("look.png"))
    arguments = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with tempfile.TemporaryDirectory() as name:
        if arguments.views:
            render_look(
                Path(name),
                arguments.views.split(","),
                arguments.pose or [""],
                arguments.size,
                arguments.output,
            )
        else:
            render_documentation(Path(name))


if __name__ == "__main__":
    main()
