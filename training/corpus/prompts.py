"""Recorded speech: the telephone prompts of Debian's asterisk-core-sounds packages, with their texts.

Speech of real mouths: four women and a man, CC BY-SA 3.0 and CC BY 3.0. Tests alone hear the man, and those
of the English prompts that `kept_out_prompts.txt` names; they share no five words in a row with the others.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOUNDS = Path("/usr/share/asterisk/sounds")
TEXTS = Path("/usr/share/doc")
KEPT_OUT = Path(__file__).with_name("kept_out_prompts.txt")
#: What is said, where the package's text says otherwise.
_SAID = {
    "spy-iax": "i a x",
    "spy-iax2": "i a x",
    "spy-h323": "h three two three",
    "spy-mgcp": "m g c p",
    "vm-intro": "Please leave your message after the tone. When done hang up or press the pound key.",
}
#: Words that stand for others there, misspelled ones among them.
_WORDS = {
    "umute": "unmute",
    "ivr": "i v r",
    "pbx": "p b x",
    "represenatives": "representatives",
    "witheld": "withheld",
    "indentified": "identified",
    "fourtieth": "fortieth",
    "exclaimation": "exclamation",
}


@dataclass(frozen=True)
class Recordings:
    """One voice's prompts.

    Attributes:
        package: Ending of the packages' names.
        folder: Of the sounds.
        voice: Who speaks.
        language: Code of espeak-ng.
    """

    package: str
    folder: str
    voice: str
    language: str

    @property
    def texts(self) -> Path:
        """The list of prompts and texts."""
        name = f"asterisk-core-sounds-{self.package}"
        return TEXTS / name / f"core-sounds-{self.package}.txt.gz"

    @property
    def packages(self) -> str:
        """What to install."""
        return f"asterisk-core-sounds-{self.package} asterisk-core-sounds-{self.package}-g722"

    @property
    def available(self) -> bool:
        """Whether sounds and texts are installed."""
        return (SOUNDS / self.folder).is_dir() and self.texts.is_file()


ENGLISH = Recordings("en", "en_US_f_Allison", "Allison", "en")
#: Trained on, beside English.
ABROAD = (
    Recordings("fr", "fr_CA_f_June", "June", "fr-fr"),
    Recordings("ru", "ru_RU_f_IvrvoiceRU", "IvrvoiceRU", "ru"),
    Recordings("es", "es_MX_f_Allison", "Allison es", "es"),
)
#: Only tested on.
KEPT_OUT_VOICE = Recordings("it", "it_IT_m_Carlo", "Carlo", "it")


@dataclass(frozen=True)
class Prompt:
    """One recording with its text.

    Attributes:
        name: Of its file in the package, without the ending.
        text: What is said.
        recordings: Whose it is.
    """

    name: str
    text: str
    recordings: Recordings = ENGLISH

    @property
    def path(self) -> Path:
        """The G.722 file."""
        return SOUNDS / self.recordings.folder / f"{self.name}.g722"

    def read(self) -> NDArray[np.float32]:
        """Return the recording, [N] at 16 kHz."""
        with av.open(str(self.path)) as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        sound: NDArray[np.int16] = np.concatenate(parts)
        return (sound / np.float32(32768)).astype(np.float32)


def prompts_available() -> bool:
    """Tell whether English recordings and texts are installed."""
    return ENGLISH.available


def read_prompts(recordings: Recordings = ENGLISH) -> list[Prompt]:
    """Return every prompt of a voice with speech and text, in the order of their names.

    Raises:
        LipwrightError: The packages are not installed.
    """
    folder = SOUNDS / recordings.folder
    if not recordings.available:
        raise LipwrightError(
            f"{recordings.texts if folder.is_dir() else folder} is missing; install recorded speech as root "
            f"with apt-get install -y --no-install-recommends {recordings.packages}"
        )
    found = {}
    with gzip.open(recordings.texts, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, colon, text = (part.strip() for part in line.partition(":"))
            if colon and text and name[:1] != ";" and text[0] not in "[(<":
                said = _as_said(name, text) if recordings is ENGLISH else text
                found[name] = Prompt(name, said, recordings)
    return sorted((p for p in found.values() if p.path.is_file()), key=lambda p: p.name)


def _as_said(name: str, text: str) -> str:
    text = _SAID.get(name, text)
    for wrong, right in _WORDS.items():
        text = text.replace(wrong, right).replace(wrong.upper(), right)
    return text


def kept_out_names() -> frozenset[str]:
    """Return the names of the English prompts that only tests use."""
    lines = KEPT_OUT.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def training_prompts() -> list[Prompt]:
    """Return the English prompts to train on; errors as in `read_prompts`."""
    kept = kept_out_names()
    return [p for p in read_prompts() if p.name not in kept]


def kept_out_prompts() -> list[Prompt]:
    """Return the English prompts that only tests use; errors as in `read_prompts`."""
    kept = kept_out_names()
    return [p for p in read_prompts() if p.name in kept]
