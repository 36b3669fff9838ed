"""Frame rates, frame times, and the one mapping between network frames and seconds.

Training and inference both ask here, so that no output lands half a frame away from where it was trained.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .array_types import DoubleArray, FrameRate
from .errors import LipwrightError

_MIN_FRAME_RATE, _MAX_FRAME_RATE = 1, 1000
_NTSC_BASES = (24, 30, 48, 60, 120)


def exact_frame_rate(frame_rate: FrameRate) -> Fraction:
    """Returns the frame rate as a fraction; 23.976, 29.97, 59.94 mean their NTSC fractions (N * 1000/1001).

    Raises:
        LipwrightError: when the rate is not a number from 1 to 1000.
    """
    if isinstance(frame_rate, Fraction):
        rate = frame_rate
    else:
        if not math.isfinite(frame_rate):
            raise LipwrightError(f"frame rate {frame_rate} is not a number: give one such as 24, 29.97 or 30")
        rate = _snap_to_ntsc(float(frame_rate))
    if not _MIN_FRAME_RATE <= rate <= _MAX_FRAME_RATE:
        raise LipwrightError(
            f"frame rate {frame_rate} is out of range: give one from {_MIN_FRAME_RATE} to {_MAX_FRAME_RATE}"
        )
    return rate


def _snap_to_ntsc(value: float) -> Fraction:
    for base in _NTSC_BASES:
        ntsc = Fraction(base * 1000, 1001)
        if abs(value - float(ntsc)) < 5e-4 * base / 24:
            return ntsc
    return Fraction(value).limit_denominator(100_000)


def parse_frame_rate(text: str) -> Fraction:
    """Reads "30", "29.97" or "30000/1001".

    Raises:
        LipwrightError: when the text is no such number.
    """
    try:
        return exact_frame_rate(Fraction(text) if "/" in text else float(text))
    except (ValueError, ZeroDivisionError):
        raise LipwrightError(f"frame rate '{text}' is no number: give one such as 24, 29.97 or 30") from None


def frame_count(duration: float, frame_rate: FrameRate) -> int:
    """Returns how many frames begin before the line's end, at least 1: 3 s at 25 fps are 75 frames."""
    exact = exact_frame_rate(frame_rate)
    return max(1, math.ceil(duration * float(exact) - 1e-6))


def frame_times(
    duration: float, frame_rate: FrameRate, *, first_frame: int = 0, offset: float = 0.0
) -> DoubleArray:
    """Returns the times of a line's frames.

    Args:
        duration: the line's length in seconds.
        frame_rate: frames per second; `Fraction(30000, 1001)` and 29.97 mean the same.
        first_frame: number of the first frame returned (0 begins with the line).
        offset: seconds added to every time, e.g. 0.02 for frames exposed around (i + 0.5) / 25.

    Returns:
        Seconds, float64 [T], T = `frame_count` - first_frame.
    """
    exact = exact_frame_rate(frame_rate)
    index = np.arange(first_frame, frame_count(duration, exact), dtype=np.float64)
    return index * exact.denominator / exact.numerator + offset


def left_context(receptive_field: int) -> int:
    """Returns how many feature frames of a receptive field lie before the frame it is centred on."""
    return (receptive_field - 1) // 2


@dataclass(frozen=True)
class NetworkTiming:
    """How feature frames, code frames and output frames of one model line up.

    Both graphs are unpadded convolutions; the line's features get `left_context(receptive_field)` frames of
    silence in front, so that output k is centred on feature frame k * feature_stride, second k / frame_rate.
    """

    sample_rate: int
    hop_length: int
    speech_receptive_field: int
    speech_stride: int
    face_receptive_field: int
    face_stride: int

    @property
    def feature_rate(self) -> float:
        """Feature frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def feature_stride(self) -> int:
        """Feature frames from one output to the next."""
        return self.speech_stride * self.face_stride

    @property
    def receptive_field(self) -> int:
        """Feature frames that one output sees."""
        return self.speech_receptive_field + (self.face_receptive_field - 1) * self.speech_stride

    @property
    def frame_rate(self) -> float:
        """Outputs per second."""
        return self.sample_rate / (self.hop_length * self.feature_stride)

    @property
    def left_padding(self) -> int:
        """Feature frames of silence in front of the line."""
        return left_context(self.receptive_field)

    def output_count(self, duration: float) -> int:
        """Returns how many outputs a line needs, with one beyond its end for interpolation."""
        return math.floor(duration * self.frame_rate) + 2

    def code_count(self, outputs: int) -> int:
        """Returns how many code frames `outputs` outputs need."""
        return (outputs - 1) * self.face_stride + self.face_receptive_field

    def padded_feature_count(self, outputs: int) -> int:
        """Returns how many feature frames, padding included, `outputs` outputs need."""
        return (outputs - 1) * self.feature_stride + self.receptive_field

    def code_times(self, first: int, count: int) -> DoubleArray:
        """Returns the centres of code frames first..first+count-1 in seconds, [count]."""
        centre = (self.speech_receptive_field - 1) / 2 - self.left_padding
        frames = np.arange(first, first + count, dtype=np.float64) * self.speech_stride + centre
        return frames * self.hop_length / self.sample_rate
