import numpy as np
import pytest

from inference.audio_features import FeatureSettings
from training.alteration.altered_copies import CopyMaker, altered_copies

SETTINGS = FeatureSettings(kind="log_mel", channels=20)


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(5)
    return [rng.normal(0, 0.1, 16000 * (1 + k)).astype(np.float32) for k in range(3)]


@pytest.fixture(scope="module")
def maker(sounds):
    return CopyMaker(SETTINGS, -23.0, tuple(sounds[:2]), seed=3)


def test_as_many_copies_of_each_sound_as_asked_all_different(sounds, maker):
    copies = list(altered_copies(sounds, [2, 0, 1], maker))
    assert len(copies) == 3
    (first, scale), (second, _), (third, _) = copies
    assert first.shape[1] == 20
    assert len(first) == pytest.approx(126 / scale, abs=2)
    assert len(third) > 2 * 126 * 0.7
    assert first.shape != second.shape or not np.allclose(first, second)


def test_other_processes_make_the_same_copies(sounds, maker):
    here, there = (list(altered_copies(sounds, [1, 1, 1], maker, workers)) for workers in (1, 2))
    for (features, scale), (others, their_scale) in zip(here, there, strict=True):
        assert scale == their_scale
        np.testing.assert_array_equal(features, others)


def test_a_copy_does_not_depend_on_the_other_sounds(sounds, maker):
    alone = next(altered_copies(sounds[:1], [1], maker, 1))[0]
    beside = next(altered_copies(sounds, [1, 2, 2], maker, 1))[0]
    np.testing.assert_array_equal(alone, beside)
