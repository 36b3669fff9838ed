"""Emotion presets in the extension's user folder: one JSON file, whole or not at all, and never trusted."""

import json
from pathlib import Path
from typing import Any

import bpy

from .emotion_settings import EmotionSettings, parse_settings
from .inference.atomic_file import atomic_path, cannot_write
from .inference.errors import LipwrightError

FILE_NAME = "emotion_presets.json"
_FORMAT = "lipwright-emotion-presets"
_MAX_BYTES = 4 << 20
_MAX_PRESETS = 500
_MAX_NAME = 63


def presets_path() -> Path:
    """Where the presets lie; the folder is made when it is needed.

    Raises:
        LipwrightError: Blender has no folder for us.
    """
    try:
        return Path(bpy.utils.extension_path_user(__package__, create=True)) / FILE_NAME
    except ValueError:
        raise LipwrightError("presets need Lipwright installed as an extension: install its zip") from None
    except OSError as error:
        raise cannot_write(Path(FILE_NAME), error) from None


def check_name(name: str) -> str:
    """A preset's name, tidied.

    Raises:
        LipwrightError: it cannot be shown.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise LipwrightError(f"'{name[:20]}' cannot name a preset: write 1 to {_MAX_NAME} letters")
    return name


def _checked(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("too large")
    values = json.loads(path.read_text(encoding="utf-8"))
    if values["format"] != _FORMAT or not isinstance(values["presets"], dict):
        raise ValueError("another format")
    if len(values["presets"]) > _MAX_PRESETS:
        raise ValueError("too many presets")
    presets: dict[str, Any] = values["presets"]
    return presets


def _stored() -> dict[str, Any]:
    path = presets_path()
    try:
        return _checked(path)
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LipwrightError(
            f"{path}: holds no presets of Lipwright ({error}): move it away or put a copy back"
        ) from None
    except OSError as error:
        raise LipwrightError(f"{path}: cannot be read ({error.strerror}): check its permissions") from None


def read_presets() -> dict[str, EmotionSettings]:
    """All presets by name, sorted; damaged ones are left out.

    Raises:
        LipwrightError: the file as a whole cannot be used.
    """
    presets = {}
    for name, values in sorted(_stored().items()):
        try:
            presets[check_name(name)] = parse_settings(values)
        except (ValueError, TypeError, LipwrightError):
            continue
    return presets


def _write(presets: dict[str, EmotionSettings]) -> None:
    path = presets_path()
    content = {
        "format": _FORMAT,
        "version": 1,
        "presets": {name: settings.as_json() for name, settings in sorted(presets.items())},
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_preset(name: str, settings: EmotionSettings) -> str:
    """Add a preset, or replace the one of that name; returns the tidied name.

    Raises:
        LipwrightError: the name or the file cannot be used.
    """
    presets = read_presets()
    name = check_name(name)
    presets[name] = settings
    if len(presets) > _MAX_PRESETS:
        raise LipwrightError(f"there are {_MAX_PRESETS} presets already: remove one first")
    _write(presets)
    return name


def remove_preset(name: str) -> None:
    """Drop a preset.

    Raises:
        LipwrightError: there is none of that name, or the file cannot be used.
    """
    presets = read_presets()
    if name not in presets:
        raise LipwrightError(f"there is no preset '{name}'")
    del presets[name]
    _write(presets)


def load_preset(name: str) -> EmotionSettings:
    """The settings of a preset.

    Raises:
        LipwrightError: there is none of that name, or the file cannot be used.
    """
    presets = read_presets()
    if name not in presets:
        raise LipwrightError(f"there is no preset '{name}'")
    return presets[name]
