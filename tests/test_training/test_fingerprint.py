import json
from dataclasses import replace

import numpy as np
import pytest

from training.dataset import Motion
from training.fingerprint import fingerprint_of


@pytest.fixture(scope="module")
def motion():
    rng = np.random.default_rng(0)
    samples, coefficients = rng.standard_normal(16000), rng.standard_normal((25, 6)) * 0.01
    frames = np.ones(25, bool)
    return Motion(
        "one", "Ada", samples.astype(np.float32), 0.0, 25.0, coefficients.astype(np.float32), frames
    )


def stored(motions):
    """What a checkpoint gives back."""
    return json.loads(json.dumps(fingerprint_of(motions).to_json()))


def test_an_import_that_differs_in_the_last_digits_is_the_same_capture(motion):
    again = replace(motion, coefficients=motion.coefficients * np.float32(1 + 3e-7))
    assert (again.coefficients != motion.coefficients).any()
    assert fingerprint_of([again]).is_that_of(stored([motion]))


def test_a_sound_that_differs_in_the_last_digits_is_the_same_capture(motion):
    noise = np.random.default_rng(1).standard_normal(len(motion.samples)) * 2e-7
    again = replace(motion, samples=motion.samples + noise.astype(np.float32))
    assert (again.samples != motion.samples).any()
    assert fingerprint_of([again]).is_that_of(stored([motion]))


def test_other_sound_motion_speaker_or_takes_are_other_capture(motion):
    moved = motion.coefficients.copy()
    moved[3, 2] += 0.001
    others = (
        [replace(motion, samples=motion.samples[::-1].copy())],
        [replace(motion, samples=motion.samples[:-160])],
        [replace(motion, samples=np.roll(motion.samples, 160))],
        [replace(motion, coefficients=moved)],
        [replace(motion, speaker="Bea")],
        [replace(motion, start=0.5)],
        [motion, motion],
    )
    assert not any(fingerprint_of(other).is_that_of(stored([motion])) for other in others)


@pytest.mark.parametrize("strange", ["1f0e", None, 3, {}, {"digest": 1, "sizes": "abc"}])
def test_what_is_no_fingerprint_is_that_of_nothing(motion, strange):
    assert not fingerprint_of([motion]).is_that_of(strange)


def test_damaged_sizes_are_that_of_nothing(motion):
    fingerprint = stored([motion])
    for sizes in ([], ["a"], None, [None]):
        assert not fingerprint_of([motion]).is_that_of({**fingerprint, "sizes": sizes})
