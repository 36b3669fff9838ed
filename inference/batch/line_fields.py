"""From a manifest's columns to a line, with a sentence for each value that makes no sense."""

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ..emotion import parse_emotion
from ..errors import LipwrightError
from ..frame_timing import parse_frame_rate
from ..motion_files import WRITERS
from .line import BadLine, BatchLine, LineDefaults, SceneChoice
from .safe_names import RESERVED, check_name, name_key

COLUMNS = (
    "wav", "id", "character", "model", "emotion", "emotion_track", "from_voice", "start", "seed", "text",
    "output", "format", "fps", "blend", "object",
)  # fmt: skip
_NEEDS_BLENDER = ("blend", "glb", "gltf", "fbx", "usd", "usda", "usdc", "abc")
_FRAME_RATE = Fraction(30)
"""Of what has no scene and says nothing else."""
_LATEST_START = 24 * 3600.0
_LARGEST_SEED = 2**32 - 1


def line_from_fields(
    values: Mapping[str, str], place: str, folder: Path, defaults: LineDefaults
) -> BatchLine | BadLine:
    """Makes a line of a manifest's row.

    Args:
        values: text by column; an empty one means the default.
        place: how messages name the row.
        folder: what relative paths start from.
        defaults: for what the row leaves out.
    """
    filled = {name: value.strip() for name, value in values.items() if value and value.strip()}
    name = filled.get("id", Path(filled.get("wav", "")).stem)
    try:
        return _line(filled, name, place, folder, defaults)
    except LipwrightError as error:
        return BadLine(place, name, f"{place}: {error}")


def _line(
    values: Mapping[str, str], name: str, place: str, folder: Path, defaults: LineDefaults
) -> BatchLine:
    for column, value in values.items():
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise LipwrightError(f"its {column} is not UTF-8; save the manifest as UTF-8")
    if "wav" not in values:
        raise LipwrightError("names no sound; fill its column 'wav'")
    check_name(name, "id")
    kind = _format(values, defaults)
    emotion = values.get("emotion", defaults.emotion)
    parse_emotion(emotion)
    return BatchLine(
        place=place,
        id=name,
        sound=_path(values["wav"], folder),
        character=_character(values, kind, folder, defaults),
        model=_path(values["model"], folder) if "model" in values else defaults.model,
        emotion=emotion,
        start=_start(values.get("start", "0")),
        seed=_seed(values.get("seed", "0")),
        text=values.get("text", ""),
        output=_output(values.get("output", name), defaults.scene_formats.get(kind, kind)),
        format=kind,
        frame_rate=_frame_rate(values, kind, defaults),
        emotion_track=(
            _path(values["emotion_track"], folder) if "emotion_track" in values else defaults.emotion_track
        ),
        scene=_scene(values, folder, defaults.scene) if kind in defaults.scene_formats else None,
        from_voice=_share(values["from_voice"]) if "from_voice" in values else defaults.from_voice,
    )


def _format(values: Mapping[str, str], defaults: LineDefaults) -> str:
    kind = values.get("format", defaults.format).lower()
    known = (*WRITERS, *defaults.scene_formats)
    if kind in known:
        return kind
    if kind in _NEEDS_BLENDER and not defaults.scene_formats:
        raise LipwrightError(f"format '{kind}' needs Blender; run `blender --command lipwright batch`")
    raise LipwrightError(f"format '{kind}' is unknown; choose among {', '.join(known)}")


def _character(values: Mapping[str, str], kind: str, folder: Path, defaults: LineDefaults) -> Path | None:
    """Returns the face outside Blender; a scene has a face of its own."""
    if kind in defaults.scene_formats:
        if "blend" in values and "character" in values:
            raise LipwrightError("names a scene and a character, and only one can speak; drop one")
        if "blend" in values or ("character" not in values and defaults.scene.blend):
            return None
    return _path(values["character"], folder) if "character" in values else defaults.character


def _scene(values: Mapping[str, str], folder: Path, default: SceneChoice) -> SceneChoice:
    """Returns the scene: a row that names its own face does not take the default's object."""
    if "blend" in values:
        return replace(default, blend=_path(values["blend"], folder), object=values.get("object", ""))
    if "character" in values:
        return replace(default, blend=None, object="")
    if "object" in values and default.blend is None:
        raise LipwrightError(f"names the object '{values['object']}' and no scene; fill its column 'blend'")
    return replace(default, object=values.get("object", default.object))


def _frame_rate(values: Mapping[str, str], kind: str, defaults: LineDefaults) -> Fraction | None:
    if "fps" in values:
        return parse_frame_rate(values["fps"])
    if defaults.frame_rate is None and kind not in defaults.scene_formats:
        return _FRAME_RATE
    return defaults.frame_rate


def _path(text: str, folder: Path) -> Path:
    if "\0" in text:
        raise LipwrightError("a path holds a null character; type it anew")
    return folder / text


def _output(name: str, ending: str) -> str:
    """Returns the result's file name, with its ending once."""
    check_name(name, "output")
    stem = name[: -len(ending) - 1] if name.casefold().endswith(f".{ending}") else name
    check_name(stem, "output")
    output = f"{stem}.{ending}"
    if name_key(output) in RESERVED:
        raise LipwrightError(f"output '{output}' is the batch's own report; choose another name")
    return output


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise LipwrightError(f"from_voice '{text}' is no number from 0 to 1")
    return share


def _start(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= _LATEST_START:
        raise LipwrightError(f"start '{text}' is no number of seconds from 0 to {_LATEST_START:g}")
    return seconds


def _seed(text: str) -> int:
    whole = text.removesuffix(".0")  # spreadsheets write whole numbers so
    number = int(whole) if whole.isascii() and whole.isdecimal() and len(whole) <= 10 else -1  # noqa: PLR2004 - digits
    if not 0 <= number <= _LARGEST_SEED:
        raise LipwrightError(f"seed '{text}' is no whole number from 0 to {_LARGEST_SEED}")
    return number
