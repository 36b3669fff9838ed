"""Reads sound files of any rate, depth and channel count as 16 kHz mono, whole or in blocks."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .array_types import FloatArray
from .audio_checks import check_sound_file, ends_early, not_decodable
from .errors import LipwrightError
from .resampling import Resampler

SAMPLE_RATE = 16_000
"""Hertz; what every model hears."""
_BLOCK_VALUES = 1 << 18
_LOUDEST_SANE = 1e9
_RATES = (1_000, 384_000)
_LONGEST = 12 * 3600.0
"""Seconds; a header that promises more is wrong, or the file no line of dialogue."""
_LENGTH_TOLERANCE = 0.1
"""Seconds by which a header may overstate the length: MP3 counts whole frames and padding."""


class SpeechSource(Protocol):
    """Sound that can be walked through more than once: an `AudioClip` or an `AudioFile`."""

    @property
    def path(self) -> Path:
        """What messages name."""

    @property
    def duration(self) -> float:
        """Seconds."""

    def blocks(self) -> Iterator[FloatArray]:
        """Yields the sound as mono blocks [n] at `SAMPLE_RATE`."""


@dataclass(frozen=True, eq=False)
class AudioClip:
    """A line of dialogue in memory.

    Attributes:
        samples: [N] mono float32; full scale is 1.0 but louder values are kept.
        duration: seconds.
        path: where it came from.
        sample_rate: Hertz, always `SAMPLE_RATE`.
        warnings: sentences for the user.
    """

    samples: FloatArray
    duration: float
    path: Path
    sample_rate: int = SAMPLE_RATE
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def from_samples(
        cls, samples: FloatArray, sample_rate: int = SAMPLE_RATE, name: str = "sound"
    ) -> "AudioClip":
        """Makes a clip of mono samples [N] at any rate."""
        resampler = Resampler(sample_rate, SAMPLE_RATE)
        parts = (resampler.push(np.asarray(samples, np.float32)), resampler.finish())
        return cls(np.concatenate(parts), len(samples) / sample_rate, Path(name))

    @property
    def peak(self) -> float:
        """The largest absolute sample."""
        return float(np.abs(self.samples).max(initial=0.0))

    def blocks(self) -> Iterator[FloatArray]:
        """Yields the samples in blocks."""
        for start in range(0, len(self.samples), _BLOCK_VALUES):
            yield self.samples[start : start + _BLOCK_VALUES]


class AudioFile:
    """A sound file that is decoded anew, block by block, at every walk through it."""

    def __init__(self, path: str | Path) -> None:
        """Opens and checks the file; its content, not its extension, decides the format.

        Raises:
            LipwrightError: when it is no sound file, or an empty or damaged one.
        """
        self.path = Path(path)
        check_sound_file(self.path)
        with self._open() as sound:
            self._rate, self._frames, self._channels = sound.samplerate, sound.frames, sound.channels
        if self._frames <= 0:
            raise LipwrightError(f"{self.path}: holds no sound (0 samples); record or export it again")
        if not _RATES[0] <= self._rate <= _RATES[1]:
            raise LipwrightError(
                f"{self.path}: has a sample rate of {self._rate} Hz; export it at 16000 to 48000 Hz"
            )
        if self.duration > _LONGEST:
            raise LipwrightError(
                f"{self.path}: claims to last {self.duration / 3600:.0f} hours; cut it into lines"
            )

    @property
    def duration(self) -> float:
        """Seconds."""
        return float(self._frames / self._rate)

    def blocks(self, listen: Callable[[FloatArray], None] | None = None) -> Iterator[FloatArray]:
        """Yields mono blocks [n] at `SAMPLE_RATE`.

        Args:
            listen: told every block as `native_blocks` yields it, which spares decoding the file for that.

        Raises:
            LipwrightError: when the sound ends early or holds values that are no numbers.
        """
        resampler = Resampler(self._rate, SAMPLE_RATE)
        for block in self.native_blocks():
            if listen is not None:
                listen(block)
            resampled = resampler.push(block)
            if len(resampled):
                yield resampled
        last = resampler.finish()
        if len(last):
            yield last

    def native_blocks(self) -> Iterator[FloatArray]:
        """Yields mono blocks [n] at the file's own rate; raises as `blocks` does."""
        length = max(1024, _BLOCK_VALUES // self._channels)
        received = 0
        with self._open() as sound:
            while True:
                try:
                    block = sound.read(length, dtype="float32", always_2d=True)
                except (RuntimeError, OSError) as error:
                    raise _damaged(self.path, received / self._rate) from error
                if not len(block):
                    break
                received += len(block)
                yield self._checked(block)
        if received < self._frames - _LENGTH_TOLERANCE * self._rate:
            raise ends_early(self.path, received / self._rate, self.duration)

    def _checked(self, block: FloatArray) -> FloatArray:
        mono: FloatArray = block[:, 0] if self._channels == 1 else block.mean(axis=1)
        if not np.abs(mono).max() <= _LOUDEST_SANE:  # also false for NaN
            raise LipwrightError(
                f"{self.path}: holds samples that are no numbers (NaN or infinite); "
                "export it again as 16- or 24-bit PCM"
            )
        return mono

    def _open(self) -> Any:  # noqa: ANN401 - soundfile ships no types
        try:
            import soundfile  # noqa: PLC0415 - loaded when a sound is read, not when Blender starts
        except (ImportError, OSError) as error:
            raise LipwrightError(
                f"soundfile, which reads sound, cannot be loaded ({error}); reinstall it"
            ) from error
        try:
            return soundfile.SoundFile(_system_name(self.path))
        except (RuntimeError, TypeError, OSError) as error:
            raise not_decodable(self.path, _reason(error)) from error


def _system_name(path: Path) -> str | bytes:
    """Returns the path as bytes where names are bytes, as they need not be text there."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def _reason(error: Exception) -> str:
    """Returns libsndfile's own words without its repetition of the path."""
    words = str(getattr(error, "error_string", error)).rstrip(".").lower()
    return "its content is damaged" if "does not exist" in words else words


def _damaged(path: Path, seconds: float) -> LipwrightError:
    where = f" somewhere after {seconds:.0f} s" if seconds else ""
    return LipwrightError(f"{path}: is damaged{where}; copy or export it again")


def read_audio(path: str | Path) -> AudioClip:
    """Reads a whole WAV, FLAC, OGG or MP3 file.

    Any sample rate, bit depth and channel count; channels are averaged.

    Raises:
        LipwrightError: one sentence for a missing, empty, damaged, truncated or non-sound file.
    """
    source = AudioFile(path)
    samples = np.concatenate(list(source.blocks()))
    return AudioClip(samples, source.duration, source.path)
