import numpy as np
import pytest

from inference.audio_file import AudioClip
from inference.emotion import EmotionTrack, emotion_vector
from inference.errors import Cancelled
from inference.face_prediction import FacePredictor
from inference.frame_timing import frame_times


def jaw(coefficients):
    return coefficients[:, 0]


def test_the_jaw_opens_with_the_voice_and_rests_before_it(predictor, clip):
    times = frame_times(clip.duration, 30)
    opening = jaw(predictor.coefficients(predictor.analyse(clip), times))
    assert np.ptp(opening[:10]) < 0.1 * np.ptp(opening)
    loudness = np.clip(np.sin(2 * np.pi * 3 * times), 0, None) * (times > 0.5)
    assert np.corrcoef(opening, loudness)[0, 1] > 0.8


def test_the_motion_is_neither_early_nor_late(predictor):
    click = np.zeros(32_000, np.float32)
    click[15_900:16_100] = 0.5
    analysis = predictor.analyse(AudioClip.from_samples(click))
    times = np.arange(0.5, 1.5, 0.001)
    opening = jaw(predictor.coefficients(analysis, times))
    centre = (times * (opening - opening.min())).sum() / (opening - opening.min()).sum()
    assert centre == pytest.approx(1.0, abs=0.004)


@pytest.mark.parametrize("rate", [24, 25, 29.97, 30, 48, 60])
def test_one_frame_alone_is_bit_for_bit_that_of_the_line(predictor, bundle, clip, rate):
    analysis = predictor.analyse(clip)
    times = frame_times(clip.duration, rate)
    keyed = EmotionTrack(np.array([0.0, 2.0, 4.0]), np.eye(3, 2, dtype=np.float32))
    for emotion in (None, emotion_vector(bundle, {"joy": 0.7}), keyed):
        whole = predictor.coefficients(analysis, times, emotion)
        for frame in (0, 1, len(times) // 3, len(times) // 2, len(times) - 1):
            alone = predictor.coefficients(analysis, times[frame : frame + 1], emotion)
            np.testing.assert_array_equal(alone[0], whole[frame])


def test_any_frame_rate_shows_the_same_motion(predictor, clip):
    analysis = predictor.analyse(clip)
    fine = frame_times(clip.duration, 60)
    coarse = frame_times(clip.duration, 30)
    at_60 = predictor.coefficients(analysis, fine)
    np.testing.assert_array_equal(at_60[::2], predictor.coefficients(analysis, coarse))
    assert np.abs(np.diff(jaw(at_60))).max() < 0.5 * np.ptp(jaw(at_60))


def test_gain_does_not_change_the_motion(predictor, clip):
    times = frame_times(clip.duration, 30)
    loud = predictor.coefficients(predictor.analyse(clip), times)
    quiet_clip = AudioClip.from_samples(clip.samples * np.float32(10 ** (-25 / 20)))
    quiet = predictor.coefficients(predictor.analyse(quiet_clip), times)
    np.testing.assert_allclose(quiet, loud, atol=1e-4)


def test_emotion_changes_the_face_without_hearing_the_line_again(predictor, bundle, clip):
    analysis = predictor.analyse(clip)
    times = frame_times(clip.duration, 30)
    neutral = predictor.coefficients(analysis, times)
    joyful = predictor.coefficients(analysis, times, emotion_vector(bundle, {"joy": 1.0}))
    np.testing.assert_array_equal(jaw(joyful), jaw(neutral))
    np.testing.assert_allclose(joyful[:, 1], 0.8, atol=1e-5)


def test_a_keyed_emotion_comes_and_goes(predictor, clip):
    analysis = predictor.analyse(clip)
    track = EmotionTrack(np.array([1.0, 2.0, 3.0]), np.array([[0, 0], [1, 0], [0, 0]], np.float32))
    smile = predictor.coefficients(analysis, np.array([0.2, 2.0, 3.8]), track)[:, 1]
    assert smile[0] == smile[2] == 0
    assert smile[1] > 0.6


def test_streaming_gives_what_analysing_gives(predictor, clip):
    times = frame_times(clip.duration, 30)
    emotion = np.array([0.3, 0.1], np.float32)
    streamed, _ = predictor.stream_coefficients(clip, times, emotion)
    np.testing.assert_allclose(
        streamed, predictor.coefficients(predictor.analyse(clip), times, emotion), atol=1e-6
    )


@pytest.mark.parametrize("samples", [1, 160, 800, 16_000])
def test_very_short_lines_work(predictor, make_speech, samples):
    short = AudioClip.from_samples(make_speech(1.0)[-samples:])
    coefficients = predictor.coefficients(predictor.analyse(short), frame_times(short.duration, 30))
    assert np.isfinite(coefficients).all()


def test_times_beyond_the_ends_hold_the_last_face(predictor, clip):
    analysis = predictor.analyse(clip)
    ends = predictor.coefficients(analysis, np.array([-5.0, 0.0, 99.0]))
    assert np.isfinite(ends).all()
    np.testing.assert_allclose(ends[0], ends[1], atol=0.05)


def test_silence_is_rest_and_says_so(predictor):
    silent = AudioClip.from_samples(np.zeros(48_000, np.float32), name="quiet.wav")
    analysis = predictor.analyse(silent)
    assert "quiet.wav: is silent" in analysis.warnings[0]
    np.testing.assert_allclose(predictor.coefficients(analysis, frame_times(3.0, 30)), 0, atol=1e-5)


def test_cancelling_stops_and_progress_ends_at_one(bundle, clip):
    predictor = FacePredictor(bundle, threads=1)
    with pytest.raises(Cancelled):
        predictor.analyse(clip, cancelled=lambda: True)
    shares = []
    predictor.analyse(clip, progress=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    assert shares[-1] > 0.4
