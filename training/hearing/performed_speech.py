"""Many voices performed in emotions, as what is heard of them: prosody, and how much of each emotion.

Only the sound is performed, by the same rules as the voice of a performed take (`training.performance`).
Every utterance is given another throat, pitch, microphone and background, so that what is learned does not
hang on any of them, and so that neutral speech goes through the same processing as all other.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inference.prosody import HOP, SPAN, STEP, measure_prosody
from training.dataset import SAMPLE_RATE, Motion
from training.performance.casting import leading_emotion, random_script
from training.performance.expressions import EMOTIONS
from training.performance.manners import manner_curve
from training.performance.perform import DURATIONS, TEMPO_JITTER
from training.performance.voice import emotional_voice
from training.sound_conditions.levels import mixed, rms
from training.sound_conditions.noises import coloured
from training.sound_conditions.pitch import pitched, stretched
from training.sound_conditions.spectra import band, filtered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.corpus.phones import Segment

#: Utterances are joined from lines of one voice until they last so long (s), with such pauses between (s).
LENGTHS, PAUSES = (3.0, 8.0), (0.1, 0.7)
#: Share of utterances in another voice: semitones of the pitch that go with a throat's size, semitones that
#: do not, and share of the throat's length (standard deviations).
REVOICED, SIZE_SEMITONES, SEMITONES, THROAT = 0.7, 2.5, 1.2, 0.06
#: How strongly voices express: factor of what `training.performance.manners` asks for, which is moderate, so
#: that words stay words. Actors do more than that.
FORCE = (1.0, 2.0)
#: Microphones tilt the spectrum by so many dB an octave (standard deviation), round this frequency (Hertz).
COLOUR, CENTRE = 0.8, 1000.0
#: Share of utterances over a background, and how far it lies under them (dB).
NOISY, SNR_DB = 0.5, (15.0, 45.0)
#: How rough voices are in an emotion (depth of a modulation by noise in the band below, Hertz), and of
#: themselves (standard deviation). That tense and harsh voices sound angry, and breathy ones sad, is what
#: Gobl and Ni Chasaide 2003 found, "The role of voice quality in communicating emotion, mood and attitude",
#: Speech Communication 40, 189-212; the amounts are ours.
ROUGHNESS = {"anger": 0.35, "pain": 0.25, "disgust": 0.15, "grief": 0.1}
OWN_ROUGHNESS, ROUGH_BAND, ROUGHEST = 0.15, (30.0, 110.0), 0.8
_LABEL_RATE = 31.25  # rows a second: every other frame of prosody


@dataclass(frozen=True, eq=False)
class Voice:
    """Lines that one voice speaks neutrally.

    Attributes:
        name: Whose.
        lines: [N] float32 at 16 kHz, each with its phones; none where they are unknown.
    """

    name: str
    lines: Sequence[tuple[NDArray[np.float32], tuple[Segment, ...]]]


@dataclass(frozen=True, eq=False)
class HeardLine:
    """One performed utterance.

    Attributes:
        voice: Whose.
        values: [M, F] prosody.
        voiced: [M] share of voiced sound.
        labels: [M, 10] how much of each emotion is in the span that the prosody was measured over.
    """

    voice: str
    values: NDArray[np.float32]
    voiced: NDArray[np.float32]
    labels: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Task:
    """An utterance that is yet to be performed."""

    line: Motion
    seed: tuple[int, int]
    leading: str


def heard_lines(
    voices: Sequence[Voice], count: int, seed: int, workers: int = 1, first: int = 0
) -> list[HeardLine]:
    """Return performed utterances, the voices taking turns; a third to a half of a second of work each.

    Args:
        voices: Who speaks.
        count: How many.
        seed: Of everything random; the same voices and seed give the same utterances.
        workers: Processes.
        first: Number of the first one.
    """
    tasks = (_task(voices, index, seed) for index in range(first, first + count))
    if workers <= 1:
        return [_heard(task) for task in tasks]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return list(pool.imap(_heard, tasks, chunksize=4))


def _task(voices: Sequence[Voice], index: int, seed: int) -> _Task:
    voice, turn = voices[index % len(voices)], index // len(voices)
    line = utterance(voice, np.random.default_rng([seed, index, 0]))
    return _Task(line, (seed, index), leading_emotion(index + turn, seed))


def _heard(task: _Task) -> HeardLine:
    rng = np.random.default_rng([*task.seed, 1])
    line = revoiced(task.line, rng)
    sound, labels = performed(line, task.leading, rng)
    return heard_line(recorded(sound, rng), labels, line.speaker)


def utterance(voice: Voice, rng: np.random.Generator) -> Motion:
    """Return some lines of a voice, one after another; its motion is nothing."""
    wanted = rng.uniform(*LENGTHS) * SAMPLE_RATE
    parts: list[NDArray[np.float32]] = []
    segments: list[Segment] = []
    length = 0
    while length < wanted:
        samples, phones = voice.lines[int(rng.integers(len(voice.lines)))]
        pause = np.zeros(int(rng.uniform(*PAUSES) * SAMPLE_RATE) if parts else 0, np.float32)
        start = (length + len(pause)) / SAMPLE_RATE
        segments += [replace(s, start=s.start + start, end=s.end + start) for s in phones]
        parts += [pause, samples]
        length += len(pause) + len(samples)
    nothing, known = np.zeros((1, 1), np.float32), all(phones for _, phones in voice.lines)
    about = (np.concatenate(parts), 0.0, 30.0, nothing, np.ones(1, bool), "synthetic")
    return Motion(voice.name, voice.name, *about, tuple(segments) if known else ())


def revoiced(line: Motion, rng: np.random.Generator) -> Motion:
    """Return a line as another voice might say it, or as it is."""
    if rng.random() >= REVOICED:
        return line
    size, own = np.clip(rng.standard_normal(2), -2, 2)
    pitch = float(2 ** ((SIZE_SEMITONES * size + SEMITONES * own) / 12))
    sound = pitched(line.samples, pitch, float(1 + THROAT * size))
    return replace(line, samples=sound.astype(np.float32))


def performed(
    line: Motion, leading: str, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the sound [N] of a line performed in emotions, and how much of each is felt [T, 10].

    Args:
        line: Neutral speech; its motion is not looked at.
        leading: What it is about.
        rng: Source of everything random.
    """
    script = random_script(line, leading, rng)
    length = len(line.samples)
    labels = script.labels(_label_times(length))
    factor = float(manner_curve("duration", labels).mean()) * (1 + TEMPO_JITTER * rng.standard_normal())
    sound = stretched(line.samples, float(np.clip(factor, *DURATIONS))).astype(np.float32)
    times = _label_times(len(sound))
    labels = script.labels(times * (length / len(sound)))
    felt = labels * rng.uniform(*FORCE)
    spoken = emotional_voice(sound, times, felt, np.zeros(len(times)), rng)
    depth = felt @ np.array([ROUGHNESS.get(name, 0.0) for name in EMOTIONS])
    return _roughened(spoken, depth + abs(OWN_ROUGHNESS * rng.standard_normal()), rng), labels


def _roughened(
    sound: NDArray[np.float32], depth: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a voice [N] whose loudness trembles too fast to be heard as such, `depth` [T] deep."""
    grain = filtered(rng.standard_normal(len(sound)), SAMPLE_RATE, band(*ROUGH_BAND))
    deep = np.interp(np.arange(len(sound)) / SAMPLE_RATE * _LABEL_RATE, np.arange(len(depth)), depth)
    rough = 1 + np.clip(deep, 0, ROUGHEST) * grain / (rms(grain) + 1e-12)
    return np.asarray(sound * np.clip(rough, 0, 3), np.float32)


def heard_line(samples: NDArray[np.float32], labels: NDArray[np.float32], voice: str) -> HeardLine:
    """Return what is heard of a performed sound [N] with labels [T, 10]."""
    prosody = measure_prosody([samples])
    at = np.arange(len(samples) // HOP + 1) / 2
    rows = [np.interp(at, np.arange(len(labels)), column) for column in labels.T]
    half, weights = SPAN // 2, np.hanning(SPAN + 2)[1:-1]
    padded = np.pad(np.stack([*rows, np.ones(len(at))], 1), ((half, SPAN + STEP), (0, 0)))
    spans = np.lib.stride_tricks.sliding_window_view(padded, SPAN, axis=0)
    sums = spans[: len(prosody.times) * STEP : STEP] @ weights
    mean = (sums[:, :-1] / np.maximum(sums[:, -1:], 1e-6)).astype(np.float32)
    return HeardLine(voice, prosody.values, prosody.voiced, mean)


def _label_times(count: int) -> NDArray[np.float64]:
    return np.arange(int(count / SAMPLE_RATE * _LABEL_RATE) + 2) / _LABEL_RATE


def recorded(sound: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a sound [N] through some microphone, before some background."""
    slope = rng.normal(0, COLOUR)
    heard = filtered(
        sound,
        SAMPLE_RATE,
        lambda f: 10 ** (np.clip(slope * np.log2(np.maximum(f, 60) / CENTRE), -8, 8) / 20),
    )
    if rng.random() < NOISY and np.any(heard):
        noise = coloured(len(heard), SAMPLE_RATE, float(rng.uniform(0, 1)), rng)
        heard = mixed(heard, noise, SAMPLE_RATE, rng.uniform(*SNR_DB))
    return np.asarray(heard, np.float32)
