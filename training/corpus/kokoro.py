"""Speech of natural voices from Kokoro, a neural synthesiser (82 million weights, Apache 2.0).

There are few recordings of people that are free to learn from. Its voices, and those between two of them,
stand for the many others.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from inference.audio_file import AudioClip
from training.corpus.kokoro_voices import kokoro_model, read_voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Hertz, of what the model makes; most symbols of a line, two of which are its ends.
KOKORO_RATE, MOST_SYMBOLS = 24000, 510


@dataclass(frozen=True)
class KokoroRequest:
    """What to say, and how.

    Attributes:
        symbols: Numbers of the model's symbols (`kokoro_phones.symbol_numbers`), at least one.
        voices: Whose voice, or two names for one between them.
        share: How much of the first of two, 0 to 1.
        speed: How many times as fast as usual.
    """

    symbols: Sequence[int]
    voices: tuple[str, ...]
    share: float = 1.0
    speed: float = 1.0


class Kokoro:
    """The synthesiser, in this process: about 1.7 times as fast as speech on a core."""

    def __init__(self, folder: Path) -> None:
        """Load the model, for one thread a line.

        Args:
            folder: Where the voices lie.

        Raises:
            LipwrightError: The model is not installed, or is another one.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(
            kokoro_model(), sess_options=options, providers=["CPUExecutionProvider"]
        )
        self._folder = folder

    def speak(self, request: KokoroRequest) -> NDArray[np.float32]:
        """Return a line [N], 16 kHz, full scale 1; always the same for the same request.

        Raises:
            LipwrightError: A voice is missing or damaged.
        """
        symbols = list(request.symbols)[: MOST_SYMBOLS - 2]
        inputs = {
            "tokens": np.array([[0, *symbols, 0]], np.int64),
            "style": self._style(request, len(symbols)),
            "speed": np.array([request.speed], np.float32),
        }
        (sound,) = self._session.run(None, inputs)
        samples = np.asarray(sound, np.float32).ravel()
        return AudioClip.from_samples(samples, KOKORO_RATE, "Kokoro").samples

    def speak_all(self, requests: Sequence[KokoroRequest]) -> Iterator[NDArray[np.float32]]:
        """Yield the lines in order, as many made at a time as there are cores."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(self.speak, requests)

    def _style(self, request: KokoroRequest, count: int) -> NDArray[np.float32]:
        styles = [read_voice(voice, self._folder)[count - 1] for voice in request.voices]
        shares = (request.share, 1 - request.share)[: len(styles)]
        mixed = sum(share * style for share, style in zip(shares, styles, strict=True)) / sum(shares)
        return np.asarray(mixed, np.float32)[None]
