"""Recorded speech: telephone prompts, Debian's asterisk-core-sounds-en, one woman's voice, CC BY-SA 3.0.

Speech of a real mouth, with texts that come in the same package. `kept_out_prompts.txt` names those that only
tests use; none of them shares five words in a row with another prompt.
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

SOUNDS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
TEXTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
PACKAGES = "asterisk-core-sounds-en asterisk-core-sounds-en-g722"
VOICE = "Allison"
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
class Prompt:
    """One recording with its text.

    Attributes:
        name: Of its file in the package, without the ending.
        text: What is said.
    """

    name: str
    text: str

    @property
    def path(self) -> Path:
        """The G.722 file."""
        return SOUNDS / f"{self.name}.g722"

    def read(self) -> NDArray[np.float32]:
        """Return the recording, [N] at 16 kHz."""
        with av.open(str(self.path)) as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        sound: NDArray[np.int16] = np.concatenate(parts)
        return (sound / np.float32(32768)).astype(np.float32)


def prompts_available() -> bool:
    """Tell whether recordings and texts are installed."""
    return SOUNDS.is_dir() and TEXTS.is_file()


def read_prompts() -> list[Prompt]:
    """Return every prompt with speech and text, in the order of their names.

    Raises:
        LipwrightError: The packages are not installed.
    """
    if not prompts_available():
        raise LipwrightError(
            f"{TEXTS if SOUNDS.is_dir() else SOUNDS} is missing; install recorded speech as root with "
            f"apt-get install -y --no-install-recommends {PACKAGES}"
        )
    found = {}
    with gzip.open(TEXTS, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, colon, text = (part.strip() for part in line.partition(":"))
            if colon and text and name[:1] != ";" and text[0] not in "[(<":
                found[name] = Prompt(name, _as_said(name, text))
    return sorted((p for p in found.values() if p.path.is_file()), key=lambda p: p.name)


def _as_said(name: str, text: str) -> str:
    text = _SAID.get(name, text)
    for wrong, right in _WORDS.items():
        text = text.replace(wrong, right).replace(wrong.upper(), right)
    return text


def kept_out_names() -> frozenset[str]:
    """Return the names of the prompts that only tests use."""
    lines = KEPT_OUT.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def training_prompts() -> list[Prompt]:
    """Return the prompts to train on; errors as in `read_prompts`."""
    kept = kept_out_names()
    return [p for p in read_prompts() if p.name not in kept]


def kept_out_prompts() -> list[Prompt]:
    """Return the prompts that only tests use; errors as in `read_prompts`."""
    kept = kept_out_names()
    return [p for p in read_prompts() if p.name in kept]
