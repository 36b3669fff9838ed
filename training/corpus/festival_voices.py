"""The voices of festival that lines are made with, and where Debian's packages put them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path("/usr/share/festival/voices")


@dataclass(frozen=True)
class FestivalVoice:
    """One voice.

    Attributes:
        command: What chooses it in festival.
        folder: Where it lies once its package is installed.
        package: Debian's package.
        language: Code of its language.
        encoding: Of its texts.
    """

    command: str
    folder: Path
    package: str
    language: str = "en"
    encoding: str = "latin-1"


def _italian(name: str) -> FestivalVoice:
    return FestivalVoice(
        f"voice_{name}_diphone", _FOLDER / f"italian/{name}_diphone", f"festvox-ita{name}16k", "it"
    )


def _czech(name: str) -> FestivalVoice:
    return FestivalVoice(
        f"voice_czech_{name}", _FOLDER / f"czech/czech_{name}", f"festvox-czech-{name}", "cs", "iso-8859-2"
    )


def _finnish(name: str, package: str) -> FestivalVoice:
    return FestivalVoice(
        f"voice_{name}_diphone", _FOLDER / f"finnish/{name}_diphone", f"festvox-suopuhe-{package}", "fi"
    )


def _english(name: str, folder: str, package: str) -> FestivalVoice:
    return FestivalVoice(f"voice_{name}", _FOLDER / folder / name, f"festvox-{package}")


#: By the name that corpora know each by. "krb" is a child.
FESTIVAL_VOICES = {
    "kal": _english("kal_diphone", "english", "kallpc16k"),
    "ked": _english("ked_diphone", "english", "kdlpc16k"),
    "slt": _english("cmu_us_slt_arctic_hts", "us", "us-slt-hts"),
    "lp": _italian("lp"),
    "pc": _italian("pc"),
    "dita": _czech("dita"),
    "krb": _czech("krb"),
    "machac": _czech("machac"),
    "ph": _czech("ph"),
    "lj": _finnish("suo_fi_lj", "lj"),
    "mv": _finnish("hy_fi_mv", "mv"),
}
FESTIVAL_PACKAGES = "festival " + " ".join(voice.package for voice in FESTIVAL_VOICES.values())


def festival_voices(language: str = "en") -> tuple[str, ...]:
    """Return the voices of a language that can speak here."""
    return tuple(name for name in _here() if FESTIVAL_VOICES[name].language == language)


def festival_voices_abroad() -> tuple[str, ...]:
    """Return the voices of all other languages that can speak here."""
    return tuple(name for name in _here() if FESTIVAL_VOICES[name].language != "en")


def _here() -> tuple[str, ...]:
    if shutil.which("festival") is None:
        return ()
    return tuple(name for name, voice in FESTIVAL_VOICES.items() if voice.folder.is_dir())
