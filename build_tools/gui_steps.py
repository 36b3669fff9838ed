"""The steps of `build.py gui-test`; runs inside Blender, a step at each call of a timer.

Where a button lies is asked of Blender itself: with the mouse over it, *Copy Data Path* and *Copy Python
Command* say what it is, and change nothing.
"""

import importlib
import json
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np

ARCHIVE, FOLDER, PICTURES, RESULT = map(Path, sys.argv[sys.argv.index("--") + 1 :])
PACKAGE = "bl_ext.user_default.lipwright"
TAB = "Lipwright"
FRAME = 34
"""A loud vowel of the bundled line."""
WAIT = 0.25
"""Seconds between an event and what it should have done: Blender draws in software here."""
HEADER_BELOW, LIST_ABOVE = 84, 75
"""Pixels from *Strength* down to the header *Advanced*, and from a list's last field up to its third row."""
HOVER = 0.15
"""Seconds after which Blender knows which button the mouse is over."""
VISIBLE, SAME = 0.1, 1e-3
"""Changes of a shape key's value that anybody sees, and that nobody does."""
LONGEST = 60.0
"""Seconds that a generation may take on a busy machine before it counts as one that does not end."""

Steps = Iterator[float]
checks: list[dict[str, Any]] = []


def check(what: str, holds: bool, seen: object) -> None:
    """Remember whether something an animator would notice holds."""
    checks.append({"what": what, "holds": bool(holds), "seen": str(seen)})
    print(f"[gui] {holds!s:5} {what} ({seen})", flush=True)


def part(name: str) -> Any:  # noqa: ANN401 - a module
    """Return a module of the installed extension."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def window() -> bpy.types.Window:
    """Return the one window."""
    return bpy.context.window_manager.windows[0]


def area() -> bpy.types.Area:
    """Return its 3D view."""
    return next(a for a in window().screen.areas if a.type == "VIEW_3D")


def region(kind: str) -> bpy.types.Region:
    """Return a region of the 3D view."""
    return next(r for r in area().regions if r.type == kind)


def event(kind: str, value: str, place: tuple[int, int], **keys: bool) -> None:
    """Do what a mouse or a keyboard does."""
    window().event_simulate(type=kind, value=value, x=place[0], y=place[1], **keys)


def what_is_at(place: tuple[int, int]) -> Steps:
    """Leave in `found` what Blender says of the button at a place."""
    found.clear()
    event("MOUSEMOVE", "NOTHING", (place[0] - 3, place[1]))
    event("MOUSEMOVE", "NOTHING", place)
    yield HOVER
    for keys in ({"ctrl": True, "shift": True}, {"ctrl": True}):
        bpy.context.window_manager.clipboard = ""
        event("C", "PRESS", place, **keys)
        event("C", "RELEASE", place, **keys)
        yield HOVER
        found.append(bpy.context.window_manager.clipboard)


found: list[str] = []
places: dict[str, tuple[int, int]] = {}


def look_for_button(name: str, after: str = "") -> Steps:
    """Go down the sidebar, from the button `after` on, until one is there, and remember where."""
    sidebar = region("UI")
    x = sidebar.x + int(sidebar.width * 0.6)
    top = places[after][1] if after else sidebar.y + sidebar.height - 40
    for y in range(top, sidebar.y, -9):
        place = x, y
        yield from what_is_at(place)
        if any(name in text for text in found):
            places[name] = place
            return


def click(place: tuple[int, int]) -> Steps:
    """Click with the left button."""
    event("MOUSEMOVE", "NOTHING", place)
    yield WAIT
    event("LEFTMOUSE", "PRESS", place)
    yield WAIT
    event("LEFTMOUSE", "RELEASE", place)
    yield WAIT


def picture(name: str) -> Steps:
    """Keep a picture of the whole window."""
    yield WAIT
    # Blender's own screenshot is black here: it reads a buffer that software drawing has given away
    subprocess.run(["import", "-window", "root", str(PICTURES / f"{name}.png")], check=True)
    yield WAIT


def until(true: Callable[[], bool]) -> Steps:
    """Wait for something to become true."""
    started = time.monotonic()
    while not true() and time.monotonic() - started < LONGEST:
        yield 0.05


def keys_of(face: bpy.types.Object) -> np.ndarray:
    """Return the shape keys' values at the current frame."""
    blocks = face.data.shape_keys.key_blocks
    values = np.empty(len(blocks), np.float32)
    blocks.foreach_get("value", values)
    return values


def steps() -> Steps:
    """Install, add a head, generate, drag Joy, try a learned point."""
    bpy.context.preferences.filepaths.use_auto_save_temporary_files = False
    bpy.ops.extensions.package_install_files(
        filepath=str(ARCHIVE), repo="user_default", enable_on_install=True, overwrite=True
    )
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    area().spaces.active.show_region_ui = True
    area().spaces.active.overlay.show_overlays = False
    yield 1.0
    region("UI").active_panel_category = TAB
    area().tag_redraw()
    yield 1.0
    yield from add_head()
    yield from generate()
    yield from drag_joy()
    yield from try_point()


def add_head() -> Steps:
    """Click *Add Sample Head*."""
    yield from look_for_button("lipwright.add_sample_head")
    check("Add Sample Head is in the sidebar", "lipwright.add_sample_head" in places, places)
    yield from click(places["lipwright.add_sample_head"])
    yield 1.0
    face = bpy.context.view_layer.objects.active
    check("a click adds the head and selects it", face is not None and face.select_get(), face)


def generate() -> Steps:
    """Choose the bundled line and click *Generate Lip Animation*."""
    line = FOLDER / "blue_boat.wav"
    shutil.copy(part("inference.bundled").sample_line_paths()[0], line)
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "gui.blend"))  # a short path in the pictures
    bpy.context.scene.lipwright.audio_path = f"//{line.name}"
    yield 1.0
    face = bpy.context.view_layer.objects.active
    yield from look_for_button("lipwright.generate", after="lipwright.add_sample_head")
    check("Generate Lip Animation is in the sidebar", "lipwright.generate" in places, places)
    yield from click(places["lipwright.generate"])
    yield from until(lambda: part("line_record").face_record(face) is not None)
    yield 1.0
    bpy.context.scene.frame_set(FRAME)
    yield WAIT
    check(
        "a click on Generate opens the mouth",
        keys_of(face).max() > VISIBLE,
        round(float(keys_of(face).max()), 2),
    )
    yield from picture("generated")


def drag_joy() -> Steps:
    """Hold Joy, drag it, let go."""
    scene, face = bpy.context.scene, bpy.context.view_layer.objects.active
    slider = part("emotion_sliders").slider_id("joy")
    yield from look_for_button(slider, after="lipwright.generate")
    check("Joy has a slider", slider in places, places.get(slider))
    x, y = places[slider]
    calm = keys_of(face)
    event("MOUSEMOVE", "NOTHING", (x, y))
    yield WAIT
    event("LEFTMOUSE", "PRESS", (x, y))
    yield WAIT
    for step in range(1, 15):
        event("MOUSEMOVE", "NOTHING", (x + 10 * step, y))
    yield 4 * WAIT
    held = keys_of(face)
    check(
        "the face moves while Joy is dragged",
        np.abs(held - calm).max() > VISIBLE,
        round(getattr(face.lipwright, slider), 2),
    )
    yield from picture("held")
    event("LEFTMOUSE", "RELEASE", (x + 140, y))
    yield from until(lambda: not part("refresh").is_stale(scene, face))
    yield WAIT
    check("the line follows when it is let go", not part("refresh").is_stale(scene, face), "refreshed")
    check("and shows what was dragged", np.abs(keys_of(face) - held).max() < SAME, "same face")
    scene.frame_set(FRAME + 20)
    later = keys_of(face)
    scene.frame_set(FRAME)
    check(
        "at other frames too",
        later[face.data.shape_keys.key_blocks.find("mouthSmileLeft")] > VISIBLE,
        "smiling",
    )
    active = bpy.context.view_layer.objects.active
    check("the face stays selected", active == face and face.select_get(), active)
    yield from picture("released")


def try_point() -> Steps:
    """Open *Advanced* below *Strength*, and click into its list of learned points."""
    face = bpy.context.view_layer.objects.active
    yield from look_for_button("lipwright.strength", after="lipwright.generate")
    x, y = places["lipwright.strength"]
    yield from click((x, y - HEADER_BELOW))
    yield 4 * WAIT
    yield from look_for_button("learned_point", after="lipwright.strength")
    check("Advanced opens, with the learned points", "learned_point" in places, places.get("learned_point"))
    before = keys_of(face)
    x, y = places["learned_point"]
    yield from click((x, y + LIST_ABOVE))
    yield 4 * WAIT
    moved = float(np.abs(keys_of(face) - before).max())
    number = face.lipwright.learned_point
    check(f"a click in the list shows point {number}", number and moved > VISIBLE, round(moved, 2))
    yield from picture("learned_point")


def play() -> float | None:
    """Take the next step; write down what was found after the last."""
    try:
        return next(running)
    except StopIteration:
        pass
    except Exception as error:  # noqa: BLE001 - what a step meets is a result, not an end without one
        traceback.print_exc()
        check("no step fails", holds=False, seen=f"{type(error).__name__}: {error}")
    RESULT.write_text(json.dumps(checks), encoding="utf-8")
    bpy.ops.wm.quit_blender()
    return None


bpy.context.preferences.view.show_splash = False  # before it is drawn: it takes the first click
running = steps()
bpy.app.timers.register(play, first_interval=1.5)
