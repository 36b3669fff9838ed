"""How a line is spoken, whatever is said: pitch, voice quality, loudness and pace, over time.

The measures are those that the literature finds to carry emotion, much as in the Geneva minimalistic set
(Eyben et al. 2016, "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice Research and
Affective Computing", IEEE Transactions on Affective Computing 7, 190-202): pitch and its movement,
harmonicity, the balance of the spectrum, loudness and its movement, and the rate of syllables. Absolute
pitch says as much about who speaks as about how, so most are also given against the whole line's.

Pitch is the highest peak of the windowed autocorrelation over that of the window (Boersma 1993, "Accurate
short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound",
Proceedings of the Institute of Phonetic Sciences Amsterdam 17, 97-110).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .array_types import BoolArray, DoubleArray, FloatArray
from .audio_file import SAMPLE_RATE

HOP = 256
"""Samples from one frame to the next, 16 ms."""
WINDOW, _LENGTH = 640, 1024
"""Samples per frame, 40 ms, and of its transform, which leaves room for the longest period."""
_FRAMES_PER_BLOCK = 2048
_LAGS = (32, 240)
"""Periods looked for, in samples: 500 to 67 Hertz."""
_PITCH_BAND, _HISS_BAND = 1800.0, 1500.0
"""Pitch is looked for below the first frequency (Hertz), breath beside the voice above the second."""
_OCTAVE_COST = 0.06
"""What an octave lower must fit better to be believed: whole multiples of a period fit as well as it does."""
_VOICED, _SMALLEST = 0.5, 1e-12
_LEAP, _FARTHEST = 3.0, 14.0
"""A pitch that no neighbour is within so many semitones of, or that far from the line's, is a mistake."""
_LOUD_DB, _PAUSE_DB = 24.0, 30.0
"""Frames so far under the line's loud ones are not voiced, and not spoken."""
_BANDS = (80.0, 500.0, 1000.0, 2000.0, 4000.0, 7500.0)
_REFERENCE = 100.0
"""Hertz that semitones count from."""

SPAN = 188
"""Frames that one moment is heard over, weighed with a raised cosine: 3 s."""
STEP = 8
"""Frames from one moment to the next, 0.128 s."""
STEP_SECONDS = STEP * HOP / SAMPLE_RATE
_BANDS_COUNT = len(_BANDS) - 1

MEASURES = (
    "pitch",
    "pitch above the line's lowest",
    "pitch above the line's middle",
    "line's middle above its lowest",
    "line's range",
    "spread of pitch",
    "movement of pitch",
    "irregularity of pitch",
    *(f"balance {i}" for i in range(_BANDS_COUNT)),
    *(f"balance {i} against the line" for i in range(_BANDS_COUNT)),
    "harmonicity",
    "harmonicity above",
    "harmonicity against the line",
    "harmonicity above against the line",
    "loudness against the line",
    "spread of loudness",
    "movement of loudness",
    "voiced share",
    "spoken share",
    "syllables",
)
"""What `Prosody.values` holds, in order."""


@dataclass(frozen=True, eq=False)
class Prosody:
    """How a line is spoken, every `STEP_SECONDS`.

    Attributes:
        times: [M] seconds.
        values: [M, F] of `MEASURES`; 0 where nothing is voiced.
        voiced: [M] share of the heard span that is surely voiced, 0..1.
    """

    times: DoubleArray
    values: FloatArray
    voiced: FloatArray


@dataclass(frozen=True, eq=False)
class _Frames:
    """What single frames sound like.

    Attributes:
        pitch: [T] semitones above `_REFERENCE`.
        fit: [T] how periodic, 0..1.
        above: [T] the same above `_HISS_BAND`, at the same period.
        energy: [T] dB.
        balance: [T, B] each band's share of the energy, dB.
    """

    pitch: FloatArray
    fit: FloatArray
    above: FloatArray
    energy: FloatArray
    balance: FloatArray


def measure_prosody(blocks: Iterable[FloatArray]) -> Prosody:
    """Measures a line.

    Args:
        blocks: consecutive samples [n] at 16 kHz, at any level.
    """
    parts = list(_frame_blocks(blocks))
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in _Frames.__annotations__]
    return _over_time(_Frames(*columns))


def _frame_blocks(blocks: Iterable[FloatArray]) -> Iterator[_Frames]:
    """Yields the frames of a line, frame i centred on sample i * `HOP`, with silence beyond the ends."""
    buffer = np.zeros(WINDOW // 2, np.float32)
    total = produced = 0
    for block in blocks:
        total += len(block)
        buffer = np.concatenate((buffer, block))
        count = max(0, (len(buffer) - WINDOW) // HOP + 1)
        yield from _whole_frames(buffer, count)
        produced += count
        buffer = buffer[count * HOP :]
    due = total // HOP + 1 - produced
    yield from _whole_frames(np.concatenate((buffer, np.zeros(WINDOW + due * HOP, np.float32))), due)


def _whole_frames(buffer: FloatArray, count: int) -> Iterator[_Frames]:
    if count <= 0:
        return
    frames = np.lib.stride_tricks.sliding_window_view(buffer, WINDOW)[: count * HOP : HOP]
    for start in range(0, count, _FRAMES_PER_BLOCK):
        yield _analysed(frames[start : start + _FRAMES_PER_BLOCK])


def frame_pitch(frames: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Measures single frames.

    Args:
        frames: [T, `WINDOW`] samples at 16 kHz, at any level.

    Returns:
        Pitch [T] in semitones above 100 Hertz, and how periodic each frame is [T], 0..1.
    """
    pitch, fit, _ = _periods(_power(frames))
    return pitch, fit


def _power(frames: FloatArray) -> FloatArray:
    centred = (frames - frames.mean(axis=1, keepdims=True)) * _hann()
    spectrum = np.fft.rfft(centred, _LENGTH, axis=1)
    power: FloatArray = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) + np.float32(_SMALLEST)
    return power


def _analysed(frames: FloatArray) -> _Frames:
    power = _power(frames)
    pitch, fit, lag = _periods(power)
    bands = power @ _band_matrix()
    total = bands.sum(axis=1, keepdims=True) + np.float32(_SMALLEST)
    return _Frames(
        pitch=pitch,
        fit=fit,
        above=_fit_above(power, lag),
        energy=(10 * np.log10(total[:, 0])).astype(np.float32),
        balance=(10 * np.log10(bands / total + 1e-6)).astype(np.float32),
    )


def _periods(power: FloatArray) -> tuple[FloatArray, FloatArray, DoubleArray]:
    """Returns pitch [T] in semitones, how periodic the frames are [T], and their periods [T] in samples."""
    low = power.copy()
    low[:, int(_PITCH_BAND / SAMPLE_RATE * _LENGTH) :] = 0
    match = np.fft.irfft(low, _LENGTH, axis=1)[:, : _LAGS[1] + 2]
    match = match / (match[:, :1] + _SMALLEST) / _window_match()[: _LAGS[1] + 2]
    lags = np.arange(_LAGS[0], _LAGS[1] + 1)
    inside = match[:, _LAGS[0] : _LAGS[1] + 1]
    peak = (inside >= match[:, _LAGS[0] - 1 : _LAGS[1]]) & (inside >= match[:, _LAGS[0] + 1 : _LAGS[1] + 2])
    score = np.where(peak, inside, -1.0) - _OCTAVE_COST * np.log2(lags / _LAGS[0])
    best = score.argmax(axis=1)
    rows = np.arange(len(match))
    before, here, after = (match[rows, best + _LAGS[0] + k] for k in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1), 0.0)
    lag = lags[best] + np.clip(shift, -0.5, 0.5)
    fit = np.clip(np.where(peak[rows, best], here, 0.0), 0, 0.999)
    pitch = 12 * np.log2(SAMPLE_RATE / lag / _REFERENCE)
    return pitch.astype(np.float32), fit.astype(np.float32), lag


def _fit_above(power: FloatArray, lag: DoubleArray) -> FloatArray:
    """Returns how periodic the upper part of the spectrum is at a period [T], -1..1."""
    start = int(_HISS_BAND / SAMPLE_RATE * _LENGTH)
    high = power[:, start:]
    phase = (2 * np.pi / _LENGTH * lag).astype(np.float32)[:, None] * np.arange(
        start, power.shape[1], dtype=np.float32
    )
    fit = (high * np.cos(phase)).sum(axis=1) / high.sum(axis=1)
    expected = np.interp(lag, np.arange(_LAGS[1] + 2), _window_match()[: _LAGS[1] + 2])
    return np.asarray(np.clip(fit / expected, -1, 1), np.float32)


def _surely_voiced(frames: _Frames, loud: float) -> BoolArray:
    """Returns which frames [T] have a pitch that can be believed."""
    likely = (frames.fit > _VOICED) & (frames.energy > loud - _LOUD_DB)
    near = np.zeros(len(likely), bool)
    joined = likely[1:] & likely[:-1] & (np.abs(np.diff(frames.pitch)) < _LEAP)
    near[1:] |= joined
    near[:-1] |= joined
    if not near.any():
        return near
    return np.asarray(near & (np.abs(frames.pitch - np.median(frames.pitch[near])) < _FARTHEST))


def _over_time(frames: _Frames) -> Prosody:
    count = len(frames.pitch) // STEP + 1
    times = np.arange(count, dtype=np.float64) * STEP_SECONDS
    loud = float(np.quantile(frames.energy, 0.95))
    voiced = _surely_voiced(frames, loud)
    if not voiced.any():
        return Prosody(times, np.zeros((count, len(MEASURES)), np.float32), np.zeros(count, np.float32))
    spoken = frames.energy > loud - _PAUSE_DB
    sums = _weighted(_columns(frames, voiced, spoken), count)
    values = _values(sums, frames, voiced, spoken)
    share = np.clip(sums[:, 0] / _span_weights().sum(), 0, 1)
    return Prosody(
        times, np.where(share[:, None] > 0, values, 0).astype(np.float32), share.astype(np.float32)
    )


def _columns(frames: _Frames, voiced: BoolArray, spoken: BoolArray) -> DoubleArray:
    """Returns what is summed over every span, [T, C]; `_values` reads it."""
    pitch = np.where(voiced, frames.pitch, 0).astype(np.float64)
    moves = np.abs(np.diff(pitch, prepend=pitch[:1]))
    moving = np.append(False, voiced[1:] & voiced[:-1]) & (moves < _LEAP)
    bends = np.abs(np.diff(pitch, 2, prepend=pitch[:1], append=pitch[-1:]))
    bending = moving & np.append(moving[1:], False)
    energy = frames.energy.astype(np.float64)
    rises = np.abs(np.diff(energy, prepend=energy[:1]))
    rising = spoken & np.append(False, spoken[:-1])
    columns = [
        voiced,
        pitch,
        pitch**2,
        moving,
        moves * moving,
        bending,
        bends * bending,
        frames.fit * voiced,
        frames.above * voiced,
        spoken,
        energy * spoken,
        energy**2 * spoken,
        rising,
        rises * rising,
        _onsets(energy) & spoken,
        *(frames.balance * voiced[:, None]).T,
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def _onsets(energy: DoubleArray) -> BoolArray:
    """Returns where a syllable is loudest, [T]: peaks of smoothed energy, 2 dB above what precedes."""
    kernel = np.hanning(9)[1:-1]
    smooth = np.convolve(np.pad(energy, 3, mode="edge"), kernel / kernel.sum(), "valid")
    padded = np.pad(smooth, 6, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 13)
    return np.asarray((smooth >= around[:, 3:10].max(axis=1)) & (smooth > around[:, :6].min(axis=1) + 2.0))


def _weighted(columns: DoubleArray, count: int) -> DoubleArray:
    """Returns the columns [T, C] summed over the span around every moment, [count, C]."""
    half = SPAN // 2
    padded = np.pad(columns, ((half, SPAN + STEP), (0, 0)))
    spans = np.lib.stride_tricks.sliding_window_view(padded, SPAN, axis=0)[: count * STEP : STEP]
    return np.asarray(spans @ _span_weights(), np.float64)


def _values(sums: DoubleArray, frames: _Frames, voiced: BoolArray, spoken: BoolArray) -> DoubleArray:
    n_voiced, pitch, square, n_moving, moves, n_bending, bends, fit, above = sums[:, :9].T
    n_spoken, energy, energy_square, n_rising, rises, onsets = sums[:, 9:15].T
    some = np.maximum(n_voiced, 1e-6)
    said = np.maximum(n_spoken, 1e-6)
    mean, level = pitch / some, energy / said
    lowest, middle, highest = np.quantile(frames.pitch[voiced], (0.1, 0.5, 0.9))
    balance, harmonic, harmonic_above = sums[:, 15:] / some[:, None], fit / some, above / some
    per_second = SAMPLE_RATE / HOP
    ones = np.ones(len(sums))
    columns = [
        mean,
        mean - lowest,
        mean - middle,
        (middle - lowest) * ones,
        (highest - lowest) * ones,
        np.sqrt(np.maximum(square / some - mean**2, 0)),
        moves / np.maximum(n_moving, 1e-6) * per_second,
        bends / np.maximum(n_bending, 1e-6),
        *balance.T,
        *(balance - frames.balance[voiced].mean(axis=0)).T,
        harmonic,
        harmonic_above,
        harmonic - frames.fit[voiced].mean(),
        harmonic_above - frames.above[voiced].mean(),
        level - frames.energy[spoken].mean(),
        np.sqrt(np.maximum(energy_square / said - level**2, 0)),
        rises / np.maximum(n_rising, 1e-6) * per_second,
        n_voiced / said,
        n_spoken / np.maximum(_inside(len(frames.pitch), len(sums)), 1e-6),
        onsets / said * per_second,
    ]
    return np.stack(columns, axis=1)


def _inside(frames: int, count: int) -> DoubleArray:
    """Returns how much of the span around every moment lies within the line, [count]."""
    return _weighted(np.ones((frames, 1)), count)[:, 0]


@lru_cache(maxsize=1)
def _hann() -> FloatArray:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=1)
def _window_match() -> DoubleArray:
    match = np.fft.irfft(np.abs(np.fft.rfft(_hann(), _LENGTH)) ** 2, _LENGTH)
    return np.asarray(match / match[0], np.float64)


@lru_cache(maxsize=1)
def _band_matrix() -> FloatArray:
    frequency = np.arange(_LENGTH // 2 + 1)[:, None] * SAMPLE_RATE / _LENGTH
    low, high = np.array(_BANDS[:-1]), np.array(_BANDS[1:])
    return ((frequency >= low) & (frequency < high)).astype(np.float32)


@lru_cache(maxsize=1)
def _span_weights() -> DoubleArray:
    return np.asarray(np.hanning(SPAN + 2)[1:-1], np.float64)
