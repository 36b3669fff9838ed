import ctypes.util

import numpy as np
import pytest

from training.sound_conditions import CONDITIONS, STILL_SOUNDS, VOICES
from training.sound_conditions.babble import babble, talkers_of
from training.sound_conditions.codecs import mp3, mu_law, ogg
from training.sound_conditions.levels import mixed, rms, speech_level
from training.sound_conditions.noises import coloured
from training.sound_conditions.pitch import pitch_track, pitched, pulses, stretched, throat_scaled
from training.sound_conditions.rooms import in_room, room_response
from training.sound_conditions.spectra import band, filtered, resynthesis, spectrogram

RATE = 16000


def made_up_speech(seconds=4.0, pitch=140.0):
    """Return syllables of a buzz with two formants, four a second, with a pause in the middle."""
    time = np.arange(int(seconds * RATE)) / RATE
    buzz = pulses(pitch * 2 ** (0.1 * np.sin(2 * np.pi * 0.7 * time)), RATE)
    vowel = filtered(
        buzz, RATE, lambda f: 1 / (1 + ((f - 600) / 150) ** 2) + 0.5 / (1 + ((f - 1500) / 200) ** 2)
    )
    syllables = np.clip(np.sin(2 * np.pi * 2 * time) ** 2 - 0.1, 0, 1)
    syllables[int(1.5 * RATE) : int(2 * RATE)] = 0
    sound = vowel * syllables
    return (0.1 * sound / rms(sound)).astype(np.float32)


SPEECH = made_up_speech()


def level_track(samples):
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
    return np.log(np.sqrt((frames**2).mean(1)) + 3e-3)


def lag_frames(first, second):
    a, b = level_track(first), level_track(second)
    return int(np.argmax(np.correlate(b - b.mean(), a - a.mean(), "full"))) - (len(a) - 1)


def centre(samples):
    power = np.abs(np.fft.rfft(samples)) ** 2
    return (power * np.fft.rfftfreq(len(samples), 1 / RATE)).sum() / power.sum()


def share_between(samples, low, high):
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    return power[(frequency >= low) & (frequency < high)].sum() / power.sum()


def middle_pitch(samples):
    track = pitch_track(samples, RATE)
    return np.median(track[track > 0])


ALTERATIONS = CONDITIONS | VOICES


@pytest.mark.parametrize("name", ALTERATIONS)
def test_every_alteration_keeps_length_and_timing_and_repeats(name):
    if name == "babble_10db" and ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    first, again, other = (ALTERATIONS[name](SPEECH, RATE, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.dtype == np.float32
    assert first.shape == SPEECH.shape
    assert np.isfinite(first).all()
    assert np.array_equal(first, again)
    assert abs(lag_frames(SPEECH, first)) <= (
        4 if name == "reverb_06s" else 1
    )  # a tail lengthens every syllable
    drawn = {"noise_10db", "babble_10db", "reverb_06s", "whisper", "shout", "laughter", "singing"}
    assert np.array_equal(first, other) == (name not in drawn)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_silence_and_the_shortest_sounds_pass_through_everything(name):
    if name == "babble_10db" and ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    for count in (400, 4000):
        out = ALTERATIONS[name](np.zeros(count, np.float32), RATE, np.random.default_rng(0))
        assert out.shape == (count,)
        assert np.isfinite(out).all()


@pytest.mark.parametrize("snr", [0.0, 10.0, 25.0])
def test_noise_lies_as_far_below_speech_as_asked(snr):
    noise = np.random.default_rng(0).standard_normal(len(SPEECH))
    added = mixed(SPEECH, noise, RATE, snr) - SPEECH
    assert 20 * np.log10(speech_level(SPEECH, RATE) / rms(added)) == pytest.approx(snr, abs=0.01)


def test_pauses_do_not_count_for_the_level_of_speech():
    padded = np.concatenate([np.zeros(3 * RATE, np.float32), SPEECH])
    assert speech_level(padded, RATE) == pytest.approx(speech_level(SPEECH, RATE), rel=0.02)


def test_a_telephone_lets_only_its_band_through():
    noise = (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)
    heard = CONDITIONS["telephone"](noise, RATE, np.random.default_rng(0))
    assert share_between(heard, 300, 3500) > 0.97
    assert share_between(heard, 4000, 8000) < 1e-3


def test_mu_law_keeps_about_38_db():
    x = SPEECH / np.abs(SPEECH).max()
    error = mu_law(x) - x
    assert 30 < 20 * np.log10(rms(x) / rms(error)) < 45


@pytest.mark.parametrize("coded", [mp3(SPEECH, RATE, 32000), ogg(SPEECH, RATE, 0.3)])
def test_codecs_come_back_in_place(coded):
    match = [np.dot(SPEECH[500:-500], coded[500 + k : len(coded) - 500 + k]) for k in range(-60, 61)]
    assert np.argmax(match) == 60
    assert 5 < 20 * np.log10(rms(SPEECH) / rms(coded - SPEECH)) < 45


def test_a_room_rings_as_long_as_asked_and_does_not_delay():
    response = room_response(RATE, 0.6, 0.0, np.random.default_rng(0))
    click = np.zeros(2 * RATE)
    click[100] = 1.0
    heard = in_room(click, response)
    assert np.argmax(np.abs(heard)) == 100
    left = 10 * np.log10(np.cumsum(response[1:][::-1] ** 2)[::-1])
    slope = np.polyfit(np.arange(len(left))[1000:6000] / RATE, left[1000:6000], 1)[0]
    assert -60 / slope == pytest.approx(0.6, rel=0.12)
    assert (response[1:] ** 2).sum() == pytest.approx(1.0, rel=0.01)


def test_quiet_is_25_db_quieter_and_clipping_cuts_tops():
    rng = np.random.default_rng(0)
    quiet = CONDITIONS["quiet_25db"](SPEECH, RATE, rng)
    assert 20 * np.log10(rms(SPEECH) / rms(quiet)) == pytest.approx(25, abs=0.2)
    clipped = CONDITIONS["clipping"](SPEECH, RATE, rng)
    assert np.abs(clipped).max() == 1.0
    assert 0.005 < (np.abs(clipped) == 1.0).mean() < 0.06


def test_babble_has_many_voices_at_its_level():
    rng = np.random.default_rng(0)
    talkers = [made_up_speech(2.0, pitch) for pitch in (100, 150, 200, 250)]
    noise = babble(talkers, 3 * RATE, RATE, rng)
    assert noise.shape == (3 * RATE,)
    assert rms(noise) == pytest.approx(1.0)
    assert np.ptp(level_track(noise)) < np.ptp(level_track(talkers[0]))


def test_talkers_are_different_voices():
    class Line:
        def __init__(self, voice):
            self.engine, self.voice, self.samples = "x", voice, np.full(3, ord(voice), np.float32)

    lines = [Line(voice) for voice in "aabbccdd"]
    chosen = talkers_of(lines, np.random.default_rng(0), 3)
    assert len({speech[0] for speech in chosen}) == len(chosen) == 3
    assert all(len(speech) == 6 for speech in chosen)


def test_spectra_come_back_as_they_were():
    assert np.allclose(resynthesis(spectrogram(SPEECH), len(SPEECH)), SPEECH, atol=1e-6)


def test_filters_do_not_delay():
    click = np.zeros(4000)
    click[2000] = 1.0
    assert np.argmax(np.abs(filtered(click, RATE, band(100, 4000)))) == 2000


@pytest.mark.parametrize(("slope", "octave_db"), [(0.0, 0.0), (0.5, -3.0), (1.0, -6.0)])
def test_noise_has_its_colour(slope, octave_db):
    power = np.abs(np.fft.rfft(coloured(20 * RATE, RATE, slope, np.random.default_rng(0)))) ** 2
    frequency = np.fft.rfftfreq(20 * RATE, 1 / RATE)
    bands = [power[(frequency >= f) & (frequency < 1.1 * f)].mean() for f in (500, 1000, 2000, 4000)]
    assert np.diff(10 * np.log10(bands)) == pytest.approx([octave_db] * 3, abs=0.6)


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.3])
def test_stretching_moves_syllables_and_keeps_the_pitch(factor):
    longer = stretched(SPEECH, factor)
    assert len(longer) == round(len(SPEECH) * factor)
    assert middle_pitch(longer) == pytest.approx(middle_pitch(SPEECH), rel=0.03)
    pauses = np.flatnonzero(level_track(longer) < np.log(4e-3)) * 0.01 / factor
    inside = pauses[(pauses > 1.3) & (pauses < 2.2)]
    assert inside.min() == pytest.approx(1.5, abs=0.06)
    assert inside.max() == pytest.approx(2.0, abs=0.06)


@pytest.mark.parametrize("pitch", [0.7, 1.5])
def test_pitch_changes_by_itself(pitch):
    assert middle_pitch(pitched(SPEECH, pitch, 1.0)) == pytest.approx(middle_pitch(SPEECH) * pitch, rel=0.05)


def test_a_throat_changes_formants_and_not_the_pitch():
    small = throat_scaled(SPEECH, 1.25)
    assert middle_pitch(small) == pytest.approx(middle_pitch(SPEECH), rel=0.03)
    assert centre(small) > 1.1 * centre(SPEECH)


def test_voices_sound_as_they_are_called():
    made = {name: alter(SPEECH, RATE, np.random.default_rng(3)) for name, alter in VOICES.items()}
    plain = middle_pitch(SPEECH)
    assert middle_pitch(made["child_high"]) > 1.5 * plain
    assert middle_pitch(made["bass_low"]) < 0.75 * plain
    assert middle_pitch(made["shout"]) > 1.15 * plain
    assert speech_level(made["shout"], RATE) > 2 * speech_level(SPEECH, RATE)
    assert centre(made["whisper"]) > 1.1 * centre(SPEECH)
    assert (pitch_track(made["whisper"], RATE) > 0).mean() < 0.6 * (pitch_track(SPEECH, RATE) > 0).mean()
    assert middle_pitch(made["singing"]) > 1.1 * plain


def test_sung_syllables_stay_on_notes():
    sung = VOICES["singing"](SPEECH, RATE, np.random.default_rng(0))
    track = pitch_track(sung, RATE)
    off = 12 * np.log2(track[track > 0] / 440) % 1.0
    assert np.median(np.minimum(off, 1 - off)) < 0.35  # half of it within the vibrato round a semitone


@pytest.mark.parametrize("name", STILL_SOUNDS)
def test_still_sounds_last_as_long_as_asked_and_repeat(name):
    first, again = (STILL_SOUNDS[name](3.0, RATE, np.random.default_rng(1)) for _ in range(2))
    assert first.dtype == np.float32
    assert first.shape == (3 * RATE,)
    assert np.array_equal(first, again)
    assert np.abs(first).max() <= 1.0
    assert rms(first) == pytest.approx(0.0 if name == "silence" else 0.05, abs=1e-3)


def test_still_sounds_sound_as_they_are_called():
    made = {name: make(8.0, RATE, np.random.default_rng(0)) for name, make in STILL_SOUNDS.items()}
    assert centre(made["white_noise"]) == pytest.approx(4000, rel=0.03)
    assert centre(made["fan_noise"]) < 800
    assert 1500 < centre(made["applause"]) < 3500
    breath = level_track(made["breathing"])
    assert np.percentile(breath, 95) - np.percentile(breath, 5) > 2
    assert np.ptp(level_track(made["white_noise"])) < 1
