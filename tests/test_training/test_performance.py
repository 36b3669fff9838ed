"""Neutral speech performed in ten emotions: what is seen, what is heard, and speech that stays speech."""

from dataclasses import replace

import numpy as np
import pytest

from inference.blendshape_names import ARKIT_NAMES
from training.__main__ import main
from training.corpus.phones import BILABIALS, SILENCE, Segment
from training.dataset import Motion
from training.evaluation.lip_teeth import LipToTeeth
from training.mouth.lip_contact import lip_lines, signed_gaps
from training.mouth.teeth_contact import teeth_contact
from training.performance.casting import perform_capture
from training.performance.expressions import EMOTIONS, EXPRESSIONS, sided
from training.performance.perform import perform
from training.performance.script import Cue, EmotionScript, phrases
from training.performance.shape_layer import performing_face
from training.sound_conditions.levels import speech_level
from training.sound_conditions.pitch import pitch_track
from training.teaching.teacher import contact_share, in_contact

RATE, SAMPLE_RATE = 50.0, 16000
#: Two phrases with a pause between them.
SPOKEN = (
    *((SILENCE, 0.8), ("P", 0.12), ("AA", 0.3), ("B", 0.12), ("IY", 0.25), ("F", 0.15), ("EH", 0.25)),
    *((SILENCE, 0.7), ("M", 0.15), ("UW", 0.25), ("V", 0.15), ("AE", 0.3), ("P", 0.12), ("AA", 0.25)),
    (SILENCE, 0.8),
)
MOUTHS = {
    "AA": {"jawOpen": 0.45},
    "AE": {"jawOpen": 0.35, "mouthStretchLeft": 0.15, "mouthStretchRight": 0.15},
    "EH": {"jawOpen": 0.25},
    "IY": {"jawOpen": 0.12, "mouthStretchLeft": 0.3, "mouthStretchRight": 0.3},
    "UW": {"jawOpen": 0.1, "mouthPucker": 0.6, "mouthFunnel": 0.2},
}


@pytest.fixture(scope="module")
def stage(head, basis):
    """What `in_contact` and `performing_face` need."""
    rows = basis.as_array()
    lips, teeth = lip_lines(head, rows), teeth_contact(head, rows)

    class Space:
        pass

    space = Space()
    space.lips, space.teeth = lips, teeth
    return space, performing_face(head, rows, lips, teeth)


@pytest.fixture(scope="module")
def line(stage, basis):
    """A made-up neutral line with its buzz of a voice."""
    ends = np.cumsum([seconds for _, seconds in SPOKEN])
    segments = tuple(
        Segment(phone, end - seconds, end) for (phone, seconds), end in zip(SPOKEN, ends, strict=True)
    )
    times = (np.arange(int(ends[-1] * RATE)) + 0.5) / RATE
    knots = np.array([(s.start + s.end) / 2 for s in segments])
    weights = np.zeros((len(times), 52))
    for column, name in enumerate(ARKIT_NAMES):
        weights[:, column] = np.interp(times, knots, [MOUTHS.get(s.phone, {}).get(name, 0) for s in segments])
    motion = Motion(
        "line", "somebody", _buzz(segments, ends[-1]), float(times[0]), RATE,
        basis.weights_to_coefficients(weights), np.ones(len(times), bool), segments=segments,
    )  # fmt: skip
    return in_contact(motion, stage[0])


def _buzz(segments, seconds):
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voiced = np.zeros(len(t))
    for s in segments:
        if s.phone != SILENCE:
            inside = (t >= s.start) & (t < s.end)
            voiced[inside] = np.sin(np.pi * (t[inside] - s.start) / (s.end - s.start)) ** 0.5
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.9 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = 0.08 * voiced * sum(np.sin(k * phase) / k for k in range(1, 15))
    return (sound + 1e-4 * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


@pytest.fixture(scope="module")
def full(line, stage):
    """Performances of every emotion at full intensity throughout, three of each."""
    return {
        name: [
            perform(line, EmotionScript.held({name: 1.0}), stage[1], np.random.default_rng(seed))
            for seed in range(3)
        ]
        for name in EMOTIONS
    }


def times_of(motion):
    return motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate


def moved(performed, head, basis, frames):
    """Return landmark displacements [N, 68, 3] in millimetres of the frames in a mask, from the rest face."""
    rows = basis.as_array()[:, head.landmarks68]
    return 1000 * np.tensordot(performed.motion.coefficients[frames], rows, 1)


def silent_frames(motion):
    times = times_of(motion)
    away = np.full(len(times), np.inf)
    for start, end in phrases(motion):
        away = np.minimum(away, np.maximum(np.maximum(start - times, times - end), 0))
    return away > 0.3


def test_the_ten_emotions_are_the_designs():
    assert ",".join(EMOTIONS) == (
        "amazement,anger,cheekiness,disgust,fear,grief,joy,outofbreath,pain,sadness"
    )
    for expression in EXPRESSIONS.values():
        assert len(expression.looks) >= 3
        for look in expression.looks:
            for part in (look.always, look.silent, look.spoken):
                assert set(sided(part)) <= set(ARKIT_NAMES)


def test_neutral_changes_nothing(line, stage):
    for script in (EmotionScript(), EmotionScript.held({"joy": 0.0}), EmotionScript((Cue(1, 2, {}),))):
        performed = perform(line, script, stage[1], np.random.default_rng(1))
        assert np.array_equal(performed.motion.coefficients, line.coefficients)
        assert np.array_equal(performed.motion.samples, line.samples)
        assert not performed.labels.any()


def test_the_face_is_exactly_neutral_before_an_emotion_begins(line, stage):
    script = EmotionScript((Cue(2.0, 4.0, {"fear": 1.0}),))
    performed = perform(replace(line, group="rest"), script, stage[1], np.random.default_rng(1))
    before = performed.labels.sum(1) == 0
    assert before[:80].all()
    assert np.array_equal(performed.motion.coefficients[before], line.coefficients[before])


def test_the_same_seed_gives_the_same_performance(line, stage):
    first, second = (perform_capture([line], stage[1], 4, seed=3) for _ in range(2))
    other = perform_capture([line], stage[1], 4, seed=4)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.motion.coefficients, b.motion.coefficients)
        assert np.array_equal(a.motion.samples, b.motion.samples)
        assert np.array_equal(a.labels, b.labels)
    assert any(
        a.labels.shape != b.labels.shape or (a.labels != b.labels).any()
        for a, b in zip(first, other, strict=True)
    )


def test_labels_come_and_go_smoothly(line, stage):
    times = np.arange(0, 5, 0.001)
    script = EmotionScript((Cue(0.8, 2.1, {"joy": 1.0}), Cue(2.8, 3.6, {"joy": 0.3, "anger": 0.7})))
    labels = script.labels(times)
    assert labels.min() >= 0
    assert labels.max() <= 1
    speed = np.diff(labels, axis=0) / 0.001
    assert np.abs(speed).max() < 10
    assert np.abs(np.diff(speed, axis=0)).max() < 0.5  # no corner: the slope never jumps
    joy, anger = EMOTIONS.index("joy"), EMOTIONS.index("anger")
    assert labels[0].max() == 0
    assert labels[800, joy] == pytest.approx(1)  # there when the phrase begins
    assert labels[3000, [joy, anger]] == pytest.approx([0.3, 0.7], abs=1e-3)
    assert labels[-1].max() == 0
    performed = perform(line, script, stage[1], np.random.default_rng(0))
    assert performed.labels.shape == (len(performed.motion.coefficients), 10)


def test_an_expression_is_there_at_rest_and_while_speaking(full, head, basis):
    for name, takes in full.items():
        for performed in takes:
            upper = np.linalg.norm(moved(performed, head, basis, slice(None))[:, 17:48], axis=2).max(1)
            assert upper.min() > 1.0, name  # millimetres, in the brows, eyes or nose of every frame


def _brow(marks):
    return marks[:, [20, 21, 22, 23], 2].mean()


def _outer_brow(marks):
    return marks[:, [17, 18, 25, 26], 2].mean()


def _corners(marks):
    return marks[:, [48, 54], 2].mean()


def _lids(marks):
    return (marks[:, [37, 38, 43, 44], 2] - marks[:, [41, 40, 47, 46], 2]).mean()


def _width(marks):
    return (marks[:, 54, 0] - marks[:, 48, 0]).mean()


def _lips_apart(marks):
    return (marks[:, 62, 2] - marks[:, 66, 2]).mean()


SEEN = {
    "amazement": lambda m: _brow(m) > 2 and _outer_brow(m) > 2 and _lids(m) > 1,
    "anger": lambda m: _brow(m) < -2,
    "cheekiness": lambda m: abs(m[:, 48, 2].mean() - m[:, 54, 2].mean()) > 2.5,
    "disgust": lambda m: _brow(m) < -1 and m[:, [50, 51, 52], 2].mean() > 0.5,
    "fear": lambda m: _brow(m) > 2 and _lids(m) > 1 and _width(m) > 2,
    "grief": lambda m: _brow(m) > 1.5 and _corners(m) < -2 and _lids(m) < -1,
    "joy": lambda m: _corners(m) > 3 and _width(m) > 2,
    "outofbreath": lambda m: _lips_apart(m) > 4 and _brow(m) > 1,
    "pain": lambda m: _brow(m) < -1.5 and _lids(m) < -3,
    "sadness": lambda m: _brow(m) > 2 and _corners(m) < -1.5 and _lids(m) < -1,
}


@pytest.mark.parametrize("name", EMOTIONS)
def test_what_a_stranger_sees(name, full, head, basis):
    for performed in full[name]:
        assert SEEN[name](moved(performed, head, basis, silent_frames(performed.motion)))


@pytest.mark.parametrize("name", EMOTIONS)
def test_speech_survives_at_full_intensity(name, full, stage, head, basis):
    teeth = LipToTeeth.of_head(head)
    lip = basis.as_array()[:, teeth.lip_vertices]
    for performed in full[name]:
        motion = performed.motion
        times = times_of(motion)
        gaps = 1000 * signed_gaps(stage[0].lips, motion.coefficients)
        closed = contact_share(motion.segments, times, BILABIALS) >= 1
        assert closed.sum() >= 15
        assert np.abs(gaps[closed]).max() < 0.5
        assert gaps.min() > -0.1
        for s in motion.segments:
            inside = (times > s.start) & (times < s.end)
            if s.phone in ("AA", "AE", "EH"):
                assert gaps[inside].max() > 2, s
            if s.phone in ("F", "V"):
                positions = head.vertices[teeth.lip_vertices] + np.tensordot(
                    motion.coefficients[inside], lip, 1
                )
                assert teeth.distance(positions).min() < 0.002, s


def test_corners_smile_while_the_lips_are_sealed(full, head, basis):
    for performed in full["joy"]:
        closed = contact_share(performed.motion.segments, times_of(performed.motion)) >= 1
        assert _corners(moved(performed, head, basis, closed)) > 2


def test_eyelids_meet_but_do_not_cross(stage, line, head, basis):
    blinking = np.zeros((len(line.coefficients), 52))
    blinking[:, [ARKIT_NAMES.index(n) for n in ("eyeBlinkLeft", "eyeBlinkRight")]] = 0.9
    closed = replace(line, coefficients=line.coefficients + basis.weights_to_coefficients(blinking))
    rest = 1000 * head.vertices[head.landmarks68]
    for name in EMOTIONS:
        performed = perform(closed, EmotionScript.held({name: 1.0}), stage[1], np.random.default_rng(2))
        marks = rest + moved(performed, head, basis, slice(None))
        assert (marks[:, [37, 38, 43, 44], 2] - marks[:, [41, 40, 47, 46], 2]).min() > -0.01, name


def test_lips_close_without_known_phones_and_rest_takes_keep_their_sound(line, stage):
    unknown = replace(line, segments=(), touch=None)
    performed = perform(unknown, EmotionScript.held({"grief": 1.0}), stage[1], np.random.default_rng(5))
    times = times_of(performed.motion) * len(line.samples) / len(performed.motion.samples)
    closed = contact_share(line.segments, times, BILABIALS) >= 1
    gaps = 1000 * signed_gaps(stage[0].lips, performed.motion.coefficients)
    assert np.median(gaps[closed].max(1)) < 0.5
    quiet = replace(unknown, group="rest")
    performed = perform(quiet, EmotionScript.held({"grief": 1.0}), stage[1], np.random.default_rng(5))
    assert np.array_equal(performed.motion.samples, line.samples)
    assert performed.labels.max() == 1


def test_breath_moves_the_mouth_in_pauses(full, head, basis):
    for performed in full["outofbreath"]:
        pause = moved(performed, head, basis, silent_frames(performed.motion))
        assert np.ptp(pause[:, 62, 2] - pause[:, 66, 2]) > 2


def test_random_mixtures_stay_within_the_shapes_range(line, stage):
    face = stage[1]
    for performed in perform_capture([line] * 5, face, 6, seed=1):
        weights = performed.motion.coefficients @ face.weights
        upper = [i for i, n in enumerate(ARKIT_NAMES) if n.startswith(("brow", "eye", "cheek", "nose"))]
        assert weights[:, upper].min() > -0.12
        assert weights[:, upper].max() < 1.08
        assert np.isfinite(weights).all()
        assert performed.labels.min() >= 0
        assert performed.labels.max() <= 1
        assert np.abs(np.diff(performed.labels, axis=0)).max() < 0.25


def test_performances_are_balanced_and_some_are_neutral(line, stage):
    made = perform_capture([line] * 12, stage[1], 5, seed=0)
    assert len(made) == 60
    seen = sum((p.labels.max(0) > 0.2).astype(int) for p in made)
    assert seen.min() >= 3
    neutral = [p for p in made if not p.labels.any()]
    assert 1 <= len(neutral) <= 15
    assert sum((p.labels.max(1) == 0).any() and p.labels.any() for p in made) > 5  # come and go


def test_sound_motion_phones_and_labels_agree_in_time(full, line):
    for performed in full["sadness"] + full["fear"]:
        motion = performed.motion
        scale = len(motion.samples) / len(line.samples)
        assert len(performed.labels) == len(motion.coefficients) == len(motion.valid) == len(motion.touch)
        assert motion.segments[-1].end == pytest.approx(line.segments[-1].end * scale, abs=1e-3)
        assert times_of(motion)[-1] == pytest.approx(times_of(line)[-1] * scale, abs=1.1 / RATE)
    assert len(full["sadness"][0].motion.samples) > 1.05 * len(line.samples)
    assert len(full["fear"][0].motion.samples) < 0.97 * len(line.samples)


def _pitch(performed):
    track = pitch_track(performed.motion.samples, SAMPLE_RATE)
    return np.median(track[track > 0])


def test_voices_differ_as_published(full, line):
    level = {n: np.mean([speech_level(p.motion.samples, SAMPLE_RATE) for p in t]) for n, t in full.items()}
    pitch = {n: np.mean([_pitch(p) for p in t]) for n, t in full.items()}
    assert level["anger"] > 2 * level["sadness"]
    assert level["anger"] > speech_level(line.samples, SAMPLE_RATE) > level["sadness"]
    assert pitch["anger"] > 1.15 * pitch["sadness"]
    assert pitch["fear"] > pitch["anger"] > 120 > pitch["sadness"]
    for takes in full.values():
        for performed in takes:
            assert performed.motion.samples.dtype == np.float32
            assert 0.001 < np.abs(performed.motion.samples).max() < 1.0


def test_the_sheet_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("training.performance.sheet.EMOTIONS", ("joy",))  # all ten take half a minute
    assert main(["performances", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "performances.png").read_bytes().startswith(b"\x89PNG")
