"""Two people in one line, told by the pitch of their turns."""

from itertools import pairwise

import numpy as np
import pytest

from inference.audio_file import SAMPLE_RATE, read_audio
from inference.batch.sound_measures import measure_sound
from inference.batch.turn_pitch import pitch_step

PAUSE = np.zeros(SAMPLE_RATE // 2, np.float32)


def turn(pitch, seconds=2.0):
    """Five syllables a second of a buzz with a little melody."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch * 2 ** (np.sin(2 * np.pi * 0.7 * t) / 12)) / SAMPLE_RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    return (0.1 * np.sin(np.pi * 5 * t) ** 2 * buzz).astype(np.float32)


def step(*turns, block=5000):
    """The measure, of samples that come in blocks."""
    parts = [part for each in turns for part in (each, PAUSE)]
    samples = np.concatenate(parts)
    blocks = [samples[i : i + block] for i in range(0, len(samples), block)]
    return pitch_step(blocks, measure_sound(blocks).syllable_times)


def test_a_man_and_a_woman_in_turns_lie_an_octave_apart():
    assert step(turn(105.0), turn(210.0), turn(110.0)) == pytest.approx(12.0, abs=1.5)


def test_one_voice_lies_near_itself():
    assert step(turn(105.0), turn(120.0), turn(112.0)) < 3.0


def test_one_turn_and_noise_and_silence_say_nothing():
    rng = np.random.default_rng(0)
    assert step(turn(105.0)) == 0.0
    assert step((0.1 * rng.standard_normal(40000)).astype(np.float32)) == 0.0
    assert step(np.zeros(40000, np.float32)) == 0.0
    assert pitch_step([], np.empty(0)) == 0.0


def test_spliced_recordings_of_two_people_are_told_and_those_of_one_are_not(data):
    def samples(path):
        return read_audio(path).samples

    readers = [samples(p) for p in sorted((data / "speech" / "ljspeech").rglob("*.wav"))[:6]]
    actor = [samples(p) for p in sorted((data / "speech" / "acted").glob("*.wav"))]
    one = [step(a, b) for a, b in pairwise(readers)]
    one += [step(a, b) for a, b in pairwise(actor)]
    two = [step(a, b, a) for a, b in zip(readers, actor, strict=False)]
    assert max(one) < 7.0
    assert np.mean(np.array(two) > 7.0) >= 0.4
