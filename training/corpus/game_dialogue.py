"""Dialogue of a game as it was shipped: Fish Fillets, from Debian's fillets-ng packages.

Actors play two fish and whoever they meet, a line or two at a time, with the effects that the game wanted.
The Czech cast is measured on, the Dutch one helps to choose between settings. Training hears neither: the
recordings are under the GNU GPL 2, which a model made of them might have to follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from inference.errors import LipwrightError

FOLDER = Path("/usr/share/games/fillets-ng")
#: With the language's code behind it, the package of its recordings.
PACKAGES = "fillets-ng-data fillets-ng-data-"
#: Codes of espeak-ng: of the cast that tests hear, and of the one that settings are chosen with.
TESTED, CHOOSING = "cs", "nl"
#: Quoted text of the game's scripts, in which a backslash takes away the next sign's meaning.
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
#: Name, character (by the typeface of the subtitles), what is said in English, and what in the language.
_LINE = re.compile(rf"dialogId\({_QUOTED},\s*{_QUOTED},\s*{_QUOTED}\)\s*dialogStr\({_QUOTED}\)")


@dataclass(frozen=True)
class GameLine:
    """One recording with its text.

    Attributes:
        path: The sound file.
        text: What is said.
        character: Who says it.
    """

    path: Path
    text: str
    character: str

    @property
    def name(self) -> str:
        """Level of the game and line."""
        return f"{self.path.parent.parent.name} {self.path.stem}"


def game_lines(language: str = TESTED, folder: Path = FOLDER) -> list[GameLine]:
    """Return every recorded line whose text is known, in the order of their files.

    Args:
        language: Which cast's.
        folder: Of the game's data.

    Raises:
        LipwrightError: The game's recordings or texts are not installed.
    """
    texts = _texts(folder, language)
    sounds = sorted((folder / "sound").glob(f"*/{language}/*.ogg"))
    lines = []
    for path in sounds:
        character, text = texts.get((path.parent.parent.name, path.stem), ("", ""))
        if text:
            lines.append(GameLine(path, text, character))
    if not lines:
        raise LipwrightError(
            f"{folder}: no recorded dialogue with texts is here; install it as root with "
            f"apt-get install -y --no-install-recommends {PACKAGES}{language}"
        )
    return lines


def _texts(folder: Path, language: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return character and text of every line, by its level and name."""
    found = {}
    for script in sorted((folder / "script").glob(f"*/dialogs_{language}.lua")):
        for name, font, _, text in _LINE.findall(script.read_text(encoding="utf-8", errors="replace")):
            found[script.parent.name, name] = font.removeprefix("font_"), re.sub(r"\\(.)", r"\1", text)
    return found
