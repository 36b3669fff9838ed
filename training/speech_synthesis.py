"""Speech with phone timings from free synthesisers: espeak-ng through its library, flite through its program.

Many voices saying known phones is what lets a model trained on one actor follow other voices. A user's own
training does not need it; the bundled model's does.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.audio_file import AudioClip, read_audio
from training.phones import SILENCE, Segment, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ESPEAK_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 f1 f2 f3 f4 f5 klatt klatt2 klatt4 "
    "Denis Diogo Hugo victor steph steph2 sandro aunty anika Alex Gene Jacky"
)
ESPEAK_VOICES = ("en-us", "en-gb", "en-gb-x-rp", *(f"en-us+{v}" for v in _ESPEAK_VARIANTS.split()))
FLITE_VOICES = ("rms", "slt", "awb", "kal16")
#: espeak-ng reports a stop at its burst; its silent closure lies in the phone before, about this long (s).
CLOSURE_SECONDS = 0.033
_STOPS = ("P", "B", "T", "D", "K", "G", "CH", "JH")


@dataclass(frozen=True)
class SpokenLine:
    """Synthesised speech.

    Attributes:
        samples: [N] float32, 16 kHz.
        segments: Its phones.
        voice: Which voice spoke.
    """

    samples: NDArray[np.float32]
    segments: tuple[Segment, ...]
    voice: str


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """`espeak_EVENT` of espeak-ng's `speak_lib.h`."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA, _NO_EXIT = 2, 0x3, 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_UTF8, _PHONEME_EVENT = 1, 7


class Espeak:
    """The espeak-ng library, in this process."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            OSError: It is not installed.
        """
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        options = _PHONEME_EVENTS_IN_IPA | _NO_EXIT
        self.sample_rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 200, None, options))
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            *(ctypes.c_uint,) * 4,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self._sound: list[NDArray[np.int16]] = []
        self._marks: list[tuple[str, int]] = []
        self._callback = _CALLBACK(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, sound: Any, count: int, events: Any) -> int:  # noqa: ANN401 - ctypes pointers
        if sound and count > 0:
            self._sound.append(np.ctypeslib.as_array(sound, (count,)).copy())
        index = 0
        while events[index].type:
            if events[index].type == _PHONEME_EVENT:
                name = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "replace")
                self._marks.append((name, events[index].sample))
            index += 1
        return 0

    def speak(self, text: str, voice: str, rng: np.random.Generator) -> SpokenLine | None:
        """Return a line in a voice, with a random rate, pitch and range; None when it cannot be spoken.

        Args:
            text: What to say.
            voice: A member of `ESPEAK_VOICES`.
            rng: Source of the manner.
        """
        base, _, variant = voice.partition("+")
        name = _voice_file(base) + (f"+{variant}" if variant else "")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            return None
        manner = {_RATE: rng.integers(130, 210), _PITCH: rng.integers(30, 70), _RANGE: rng.integers(30, 90)}
        for parameter, value in manner.items():
            self._library.espeak_SetParameter(parameter, int(value), 0)
        self._sound, self._marks = [], []
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None)
        if not self._sound or not self._marks:
            return None
        sound = np.concatenate(self._sound)
        clip = AudioClip.from_samples((sound / np.float32(32768)).astype(np.float32), self.sample_rate, voice)
        ends = [s for _, s in self._marks[1:]] + [len(sound)]
        raw = [
            (n, s / self.sample_rate, e / self.sample_rate)
            for (n, s), e in zip(self._marks, ends, strict=True)
        ]
        segments = [part for n, s, e in raw if e > s for part in spread(n, s, e)]
        return SpokenLine(clip.samples, tuple(return_closures(segments)), voice)


def _voice_file(language: str) -> str:
    """Return espeak-ng's voice file of a language code, where the two differ."""
    return {"en-us": "gmw/en-US", "en-gb": "gmw/en", "en-gb-x-rp": "gmw/en-GB-x-rp"}[language]


def return_closures(segments: list[Segment]) -> list[Segment]:
    """Give each stop its silent closure back, taken from the phone before (at most half of that)."""
    out = list(segments)
    for i in range(1, len(out)):
        if out[i].phone in _STOPS:
            before = out[i - 1]
            lead = min(CLOSURE_SECONDS, 0.5 * (before.end - before.start))
            out[i - 1] = Segment(before.phone, before.start, before.end - lead)
            out[i] = Segment(out[i].phone, out[i].start - lead, out[i].end)
    return out


def speak_with_flite(text: str, voice: str, rng: np.random.Generator) -> SpokenLine | None:
    """Return a line spoken by flite, with random tempo; None when it fails.

    Args:
        text: What to say; kept to one utterance, whose clock starts at 0.
        voice: A member of `FLITE_VOICES`.
        rng: Source of the tempo.
    """
    text = re.sub(r"[.?!]+(?=\s)", ",", text.strip())
    stretch = f"duration_stretch={rng.uniform(0.85, 1.25):.3f}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        command = ["flite", "-voice", voice, "--setf", stretch, "-psdur", "-t", text, "-o", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        if done.returncode or len(lines) != 1:
            return None
        samples = np.asarray(read_audio(path).samples, np.float32)
    segments, start = [], 0.0
    for token in lines[0].split():
        name, _, end = token.rpartition(":")
        segments += spread(name if name != "pau" else SILENCE, start, float(end))
        start = float(end)
    return SpokenLine(samples, tuple(segments), f"flite {voice}")


def flite_available() -> bool:
    """Tell whether flite's program is installed."""
    return shutil.which("flite") is not None
