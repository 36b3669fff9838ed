"""Speech without capture that is measured: fixed lines with aligned phones, kept out of every training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inference.audio_file import SAMPLE_RATE, AudioClip
from inference.errors import LipwrightError
from inference.measures import PhoneInterval

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from training.corpus.spoken_line import SpokenLine

REAL_SETS = ("asterisk", "ljspeech")
UNHEARD_SETS = ("italian", "game")
"""Real speakers of other languages, of whom nothing trains."""
READER_SETS = ("reader",)
"""Real speakers who train, in recordings that do not."""
CHOOSING_SETS = ("dutch", "reader")
"""What settings are chosen with; the first are real speakers of whom nothing trains."""
ENGINE_SETS = ("espeak", "flite", "festival")
TITLES = {
    "asterisk": "real speech: asterisk prompts kept out (one female American speaker)",
    "ljspeech": "real speech: eight LJSpeech lines (one female American reader)",
    "italian": "a voice never heard: Italian asterisk prompts (one man)",
    "game": "voices never heard: a game's dialogue in Czech (several characters)",
    "dutch": "no test: the same game's dialogue in Dutch (several characters, of whom nothing trains)",
    "reader": "real speech: passages kept out of a Russian novel (festvox-ru, one man)",
    "espeak": "synthetic speech: espeak-ng",
    "flite": "synthetic speech: flite",
    "festival": "synthetic speech: festival",
}


@dataclass(frozen=True, eq=False)
class Line:
    """One line to speak.

    Attributes:
        clip: Its sound.
        phones: Its phones.
    """

    clip: AudioClip
    phones: tuple[PhoneInterval, ...]

    @property
    def name(self) -> str:
        """Set and line."""
        return str(self.clip.path)

    def sounding(self, samples: NDArray[np.floating], how: str) -> Line:
        """The same words in another sound [N] of the same timing."""
        clip = AudioClip(samples.astype("float32"), len(samples) / SAMPLE_RATE, self.clip.path / how)
        return Line(clip, self.phones)


def line_set(name: str, data: Path) -> list[Line]:
    """Read a test set.

    Args:
        name: One of `REAL_SETS`, `UNHEARD_SETS`, `READER_SETS`, `CHOOSING_SETS` or `ENGINE_SETS`.
        data: Folder of the shared data.

    Raises:
        LipwrightError: Its recordings or its synthesiser are not on this machine.
    """
    lines = [_line(name, spoken) for spoken in _readers(data)[name]()]
    if not lines:
        raise LipwrightError(f"{name}: there are no lines on this machine")
    return lines


def _readers(data: Path) -> dict[str, Callable[[], list[SpokenLine]]]:
    from training.corpus import test_sets  # noqa: PLC0415 - reads synthesisers and aligners only when asked

    engines = {name: partial(test_sets.engine_lines, name) for name in ENGINE_SETS}
    real: dict[str, Callable[[], list[SpokenLine]]] = {
        "asterisk": test_sets.prompts,
        "ljspeech": partial(test_sets.ljspeech, data),
    }
    real |= {"italian": test_sets.unheard_voice, "game": test_sets.game_dialogue}
    real |= {"dutch": test_sets.other_cast}
    return real | {"reader": test_sets.reader} | engines


def _line(set_name: str, spoken: SpokenLine) -> Line:
    name = Path(set_name) / spoken.name.removeprefix("prompt ")
    clip = AudioClip(spoken.samples, spoken.seconds, name)
    phones = tuple(PhoneInterval(s.phone, s.start, s.end) for s in spoken.segments)
    return Line(clip, phones)
