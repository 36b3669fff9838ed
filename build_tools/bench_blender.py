"""Times Lipwright inside Blender: enabling, and from the click on Generate to the keyed Action.

Runs where `bpy` is installed; `build.py bench` starts it. Without `--extension-zip` the checkout is timed.
"""

import argparse
import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
import types
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(
    0, str(Path(__file__).resolve().parent.parent)
)  # a script's own folder is all that Python adds

PACKAGE = "bl_ext.user_default.lipwright"
SECONDS = 10
FPS = 30
REPEATS = 5
LIVE_SECONDS = 60
LIVE_FRAMES, LIVE_MOVES = 30, 10


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _install(extension_zip: Path) -> None:
    """Install the zip, and forget its modules: unpacking its wheels is paid once, not at every start."""
    import addon_utils  # noqa: PLC0415 - BLENDER_USER_RESOURCES must be set before bpy is imported
    import bpy  # noqa: PLC0415

    bpy.ops.extensions.package_install_files(
        filepath=str(extension_zip.resolve()), repo="user_default", enable_on_install=True, overwrite=True
    )
    addon_utils.disable(PACKAGE)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def _enable(extension_zip: Path | None) -> types.ModuleType:
    if extension_zip is None:
        addon = importlib.import_module("blender_addon")
        addon.register()
        return addon
    import addon_utils  # noqa: PLC0415 - see _install

    addon_utils.enable(PACKAGE, default_set=True)
    return sys.modules[PACKAGE]


def _line(source: Path, path: Path, seconds: int) -> Path:
    """Write the sound of a bundled line over and over until there are so many seconds of it."""
    with wave.open(str(source), "rb") as sound:
        parameters, speech = sound.getparams(), sound.readframes(sound.getnframes())
    wanted = seconds * parameters.framerate * parameters.sampwidth * parameters.nchannels
    with wave.open(str(path), "wb") as sound:
        sound.setparams(parameters)
        sound.writeframes((speech * (wanted // len(speech) + 1))[:wanted])
    return path


def _prepare(addon: types.ModuleType) -> Any:  # noqa: ANN401 - bpy ships no types
    """An empty scene with the sample head; returns the scene."""
    import bpy  # noqa: PLC0415 - see _install

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = FPS
    head = importlib.import_module(f"{addon.__name__}.sample_head").add_sample_head(scene.collection)
    head.select_set(state=True)
    bpy.context.view_layer.objects.active = head
    return scene


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Blender from printing each report of an operator: it writes past Python's own output."""
    sys.stdout.flush()
    kept = os.dup(1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(silent)


def _click() -> None:
    import bpy  # noqa: PLC0415 - see _install

    if bpy.ops.lipwright.generate() != {"FINISHED"}:
        raise RuntimeError("the line could not be animated, see above")


def _median(work: Callable[[], object]) -> float:
    return sorted(_seconds(work) for _ in range(REPEATS))[REPEATS // 2]


def measure(extension_zip: Path | None, folder: Path) -> dict[str, float]:
    """Time everything once in this process; seconds by name."""
    import bpy  # noqa: PLC0415 - see _install

    if extension_zip is not None:
        _install(extension_zip)
    start = time.perf_counter()
    addon = _enable(extension_zip)
    figures = {"enable": time.perf_counter() - start}
    scene = _prepare(addon)
    bundled = importlib.import_module(f"{addon.__name__}.inference.bundled")
    source = bundled.sample_line_paths()[0]
    line = _line(source, folder / "ten_seconds.wav", SECONDS)
    scene.lipwright.audio_path = str(line)
    figures["first click"] = _seconds(_click)
    prediction = importlib.import_module(f"{addon.__name__}.line_prediction")

    def another_line() -> None:
        prediction.forget_lines()
        _click()

    def another_emotion() -> None:
        _move_slider(addon, 0.3)
        _click()

    figures["another line"] = _median(another_line)
    figures["another emotion"] = _median(another_emotion)

    def refresh() -> None:
        _move_slider(addon, 0.3)
        bpy.ops.lipwright.refresh_line()

    figures["refresh"] = _median(refresh)
    figures["frames"] = float(scene.frame_end - scene.frame_start + 1)
    figures["blender"] = float(".".join(map(str, bpy.app.version[:2])))
    scene.lipwright.audio_path = str(_line(source, folder / "minute.wav", LIVE_SECONDS))
    _click()
    figures["live median"], figures["live 95 %"] = _live(addon, scene)
    return figures


def _move_slider(addon: types.ModuleType, step: float) -> None:
    """Change the first emotion's slider of the selected face, which makes the face answer."""
    import bpy  # noqa: PLC0415 - see _install

    face = bpy.context.view_layer.objects.active
    name = json.loads(bpy.context.scene.lipwright.emotion_names)[0]
    slider = importlib.import_module(f"{addon.__name__}.emotion_sliders").slider_id(name)
    setattr(face.lipwright, slider, (getattr(face.lipwright, slider) + step) % 1.0)


def _live(addon: types.ModuleType, scene: Any) -> tuple[float, float]:  # noqa: ANN401 - bpy ships no types
    """Seconds from a slider's change to the evaluated mesh: the median, and what 95 of 100 stay below."""
    import bpy  # noqa: PLC0415 - see _install

    face = bpy.context.view_layer.objects.active
    seconds = []
    for frame in range(
        scene.frame_start, scene.frame_end, (scene.frame_end - scene.frame_start) // LIVE_FRAMES
    ):
        scene.frame_set(frame)
        bpy.context.evaluated_depsgraph_get()
        for _ in range(LIVE_MOVES):
            start = time.perf_counter()
            _move_slider(addon, 0.07)
            mesh = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
            _ = mesh.vertices[0].co[0]
            seconds.append(time.perf_counter() - start)
    seconds.sort()
    return seconds[len(seconds) // 2], seconds[len(seconds) * 95 // 100]


def _say(figures: dict[str, float]) -> None:
    print(f"Blender {figures['blender']}, a {SECONDS} s line at {FPS} fps, click to keyed Action:")
    print(f"  enabling the extension           {figures['enable']:7.3f} s")
    for name in ("first click", "another line", "another emotion"):
        print(f"  {name:<30}  {figures[name]:8.3f} s   {SECONDS / figures[name]:7.0f} s of speech a second")
    print(f"  {'slider released to keyed line':<30}  {figures['refresh'] * 1000:8.1f} ms")
    print(
        f"  slider to evaluated mesh, {LIVE_SECONDS} s line: "
        f"{figures['live median'] * 1000:.1f} ms (median), {figures['live 95 %'] * 1000:.1f} ms (95 of 100)"
    )


def main() -> int:
    """Measure, print and leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--extension-zip", type=Path, help="time the installed extension in place of the checkout"
    )
    parser.add_argument("--json", action="store_true", help="print the figures for machines")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as folder:
        os.environ["BLENDER_USER_RESOURCES"] = folder
        with _quiet():
            figures = measure(arguments.extension_zip, Path(folder))
    if arguments.json:
        print(json.dumps(figures))
    else:
        _say(figures)
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # the wheels' teardown can hang when all is done
