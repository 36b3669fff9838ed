"""Speech with phone timings from espeak-ng, through its library: many voices and languages, fast."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.audio_file import AudioClip
from inference.errors import LipwrightError
from training.corpus.espeak_voices import ESPEAK_VOICES as ESPEAK_VOICES  # noqa: PLC0414 - belongs here too
from training.corpus.ipa import ipa_phones
from training.corpus.phones import SILENCE, Segment, share_time
from training.corpus.spoken_line import SpokenLine

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: espeak-ng reports a stop at its burst; its silent closure lies in the phone before, about this long (s).
CLOSURE_SECONDS = 0.033
#: Pauses of espeak-ng that are shorter are joints (s).
SHORTEST_PAUSE = 0.075
_STOPS = ("P", "B", "T", "D", "K", "G", "CH", "JH")
#: Lowest and highest words per minute, pitch and range of intonation (the two of 0 to 99) that lines get.
RATES, PITCHES, RANGES = (115, 245), (22, 80), (25, 95)


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


class _Voice(ctypes.Structure):
    """The beginning of `espeak_VOICE`: languages are pairs of a priority byte and a code."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
    )


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)
_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA, _NO_EXIT = 2, 0x3, 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_UTF8, _PHONEME_EVENT = 1, 7
_IPA = 0x02
_PAUSES = ("", "_", "_:")


class Espeak:
    """The espeak-ng library, in this process.

    It carries the phase of its voice from line to line, so that the same line after other ones differs by a
    few samples, at most by some hundredths of a second.

    Attributes:
        sample_rate: Hertz, of what the library makes.
        unknown: Symbols met that are no known phone; a line with one is not returned.
    """

    def __init__(self) -> None:
        """Load the library.

        Raises:
            OSError: It is not installed.
        """
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        options = _PHONEME_EVENTS_IN_IPA | _NO_EXIT
        self.sample_rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 200, None, options))
        self.unknown: set[str] = set()
        self._declare()
        self._files = self._voice_files()
        self._sound: list[NDArray[np.int16]] = []
        self._marks: list[tuple[str, int]] = []
        self._callback = _CALLBACK(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def _declare(self) -> None:
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            *(ctypes.c_uint,) * 4,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]

    def _voice_files(self) -> dict[str, str]:
        """Return the voice file of every language code: the library is asked by file."""
        files: dict[str, str] = {}
        voices, index = self._library.espeak_ListVoices(None), 0
        while voices[index]:
            voice = voices[index].contents
            code = ctypes.string_at(voice.languages + 1).decode()
            files.setdefault(code, voice.identifier.decode())
            index += 1
        return files

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
            voice: A language code, or one with a variant such as "en-us+f2".
            rng: Source of the manner.
        """
        base, _, variant = voice.partition("+")
        name = self._files.get(base, base) + (f"+{variant}" if variant else "")
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            return None
        manner = {_RATE: RATES, _PITCH: PITCHES, _RANGE: RANGES}
        for parameter, (low, high) in manner.items():
            self._library.espeak_SetParameter(parameter, int(rng.integers(low, high)), 0)
        self._sound, self._marks = [], []
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None)
        if not self._sound or not self._marks:
            return None
        language = "en" if base.startswith("en") else base
        segments = self._segments(sum(map(len, self._sound)), language)
        sound = (np.concatenate(self._sound) / np.float32(32768)).astype(np.float32)
        clip = AudioClip.from_samples(sound, self.sample_rate, voice)
        if segments is None:
            return None
        return SpokenLine(f"espeak {voice}", clip.samples, segments, voice, "espeak", language)

    def ipa(self, text: str, language: str) -> str:
        """Return how a text sounds in the phonetic alphabet, words apart, without a pause anywhere.

        Args:
            text: What is said; punctuation is not kept.
            language: A language code.

        Raises:
            LipwrightError: The library has no such language.
        """
        if self._library.espeak_SetVoiceByName(self._files.get(language, language).encode()) != 0:
            raise LipwrightError(f"espeak-ng does not know the language {language}; install a newer one")
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value is not None:  # the library moves the pointer on, clause by clause
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA).decode())
        return " ".join(" ".join(clauses).split())

    def _segments(self, count: int, language: str) -> tuple[Segment, ...] | None:
        """Return the phones of the last line of `count` samples; None where one of them is unknown."""
        marks = [("_", 0), *self._marks]
        phones = [(SILENCE,) if name in _PAUSES else ipa_phones(name, language) for name, _ in marks]
        unknown = {name for (name, _), known in zip(marks, phones, strict=True) if not known}
        self.unknown |= unknown
        if unknown:
            return None
        times = [s / self.sample_rate for _, s in marks] + [count / self.sample_rate]
        segments = [
            part
            for known, start, end in zip(phones, times[:-1], times[1:], strict=True)
            if end > start
            for part in share_time(known, start, end)
        ]
        return tuple(return_closures(without_joints(segments)))


def without_joints(segments: list[Segment]) -> list[Segment]:
    """Give what espeak-ng calls a pause, but is no longer than a joint between phones, to the phone before.

    Between two vowels, or a stop and an L, such a "pause" is as loud as they are.
    """
    out = segments[:1]
    for segment in segments[1:]:
        if segment.phone == SILENCE and segment.end - segment.start < SHORTEST_PAUSE:
            out[-1] = Segment(out[-1].phone, out[-1].start, segment.end)
        else:
            out.append(segment)
    return out


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
