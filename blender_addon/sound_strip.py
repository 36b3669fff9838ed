"""Sound strips of the sequencer: find them, read their place, add a line's sound once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

NO_AUDIO_WARNING = "this Blender was built without audio, so no sound strip was added"


@dataclass(frozen=True)
class StripPlacement:
    """Where a sound strip plays which file.

    Attributes:
        path: the sound file.
        origin: frame at which the file's first sample would play, before any trimming.
        first: first frame that the strip covers.
        last: frame after the last one that the strip covers.
    """

    path: Path
    origin: float
    first: int
    last: int


def _strip_collection(scene: bpy.types.Scene) -> Any:  # noqa: ANN401 - `strips` since Blender 4.4, `sequences` before
    editor = scene.sequence_editor
    return editor.strips if hasattr(editor, "strips") else editor.sequences


@dataclass(frozen=True)
class _Found:
    """A sound strip and the frames that the meta strips around it leave of it."""

    strip: Any
    first: float = -math.inf
    last: float = math.inf


def _walk(strips: Any, outer: _Found) -> Iterator[_Found]:  # noqa: ANN401 - see `_strip_collection`
    for strip in strips:
        if strip.type == "META":
            first, last = _handles(strip)
            inner = _Found(None, max(outer.first, first), min(outer.last, last))
            yield from _walk(strip.strips if hasattr(strip, "strips") else strip.sequences, inner)
        elif strip.type == "SOUND" and strip.sound is not None:
            yield _Found(strip, outer.first, outer.last)


def _found(scene: bpy.types.Scene) -> list[_Found]:
    return [] if scene.sequence_editor is None else list(_walk(_strip_collection(scene), _Found(None)))


def sound_strips(scene: bpy.types.Scene) -> list[Any]:
    """All sound strips of a scene, those within meta strips too."""
    return [found.strip for found in _found(scene)]


def _handles(strip: Any) -> tuple[int, int]:  # noqa: ANN401 - see `placement`
    """First frame of a strip and the frame after its last, under the names of the running Blender."""
    if hasattr(strip, "left_handle"):  # 5.1 renamed them
        return int(strip.left_handle), int(strip.right_handle)
    return int(strip.frame_final_start), int(strip.frame_final_end)


def placement(strip: Any) -> StripPlacement:  # noqa: ANN401 - the class is SoundSequence or SoundStrip, by version
    """Read a strip's file and place; of what lies in a meta strip only what that leaves of it."""
    path = Path(bpy.path.abspath(strip.sound.filepath, library=strip.sound.library))
    origin = strip.content_start if hasattr(strip, "content_start") else strip.frame_start
    first, last = _handles(strip)
    found = next((found for found in _found(strip.id_data) if found.strip == strip), _Found(strip))
    return StripPlacement(path, float(origin), int(max(first, found.first)), int(min(last, found.last)))


def is_retimed(strip: Any) -> bool:  # noqa: ANN401 - see `placement`
    """Whether the strip plays faster or slower than the file in places."""
    return len(getattr(strip, "retiming_keys", ())) > 0


def find_strip(scene: bpy.types.Scene, name: str) -> Any | None:  # noqa: ANN401 - see `placement`
    """The sound strip of that name, or None."""
    return next((strip for strip in sound_strips(scene) if strip.name == name), None)


def _plays_already(scene: bpy.types.Scene, path: Path, frame: int) -> bool:
    resolved = path.resolve()
    return any(
        round(place.origin) == frame and place.path.resolve() == resolved
        for place in map(placement, sound_strips(scene))
    )


def _free_channel(scene: bpy.types.Scene, first: int, last: int) -> int:
    """Lowest channel with nothing between two frames."""
    taken = set()
    for strip in _strip_collection(scene):
        start, end = _handles(strip)
        if start < last and end > first:
            taken.add(strip.channel)
    return next(channel for channel in range(1, len(taken) + 2) if channel not in taken)


def add_sound_strip(scene: bpy.types.Scene, path: Path, frame: int, frame_count: int) -> str | None:
    """Add a line's sound, unless the same file already starts at the same frame.

    Args:
        scene: the scene whose sequencer gets the strip.
        path: the sound file.
        frame: frame at which it starts.
        frame_count: length of the line in frames, to find a free channel.

    Returns:
        What kept the strip from being added, or None.
    """
    if not bpy.app.build_options.audaspace:
        return NO_AUDIO_WARNING
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    if _plays_already(scene, path, frame):
        return None
    channel = _free_channel(scene, frame, frame + frame_count)
    try:
        strip = _strip_collection(scene).new_sound(path.stem, str(path), channel, frame)
    except RuntimeError:
        return f"Blender cannot play {path.name}, so no sound strip was added"
    strip.show_waveform = True
    return None
