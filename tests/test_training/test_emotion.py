"""Emotion learned on top of speech: what it does to the face."""

import copy

import numpy as np
import pytest
import torch

from training.emotion.learning import learn_emotion
from training.emotion.lesson import Lesson, resting
from training.losses import FaceMetric
from training.networks.expression import LATENT_SIZE, Expression

R, C, K = 12, 20, 3
MILD, WILD = 0, 1


def flat_metric():
    return FaceMetric(torch.eye(R), torch.zeros(68, 3), torch.zeros(R, 68, 3), 1.0)


@pytest.fixture(scope="module")
def lesson():
    """Label 0 adds a constant and parts lips where code 0 is positive, 1 doubles the pose, 2 does nothing."""
    generator = torch.Generator().manual_seed(0)
    pose, code = torch.randn(4000, R, generator=generator), torch.randn(4000, C, generator=generator)
    slow = torch.arange(4000) // 100 % (K + 1)
    labels = torch.nn.functional.one_hot(slow, K + 1)[:, :K].float()
    change = labels[:, :1] * torch.linspace(-1, 1, R) + labels[:, 1:2] * pose
    parted = labels[:, 0] * (code[:, 0] > 0)
    lines, ones = torch.arange(4000) // 1000, torch.ones(4000)
    return Lesson(pose, code, change, labels, ones, lines, touch=ones, parted=parted)


@pytest.fixture(scope="module")
def learned(lesson):
    return learn_emotion(lesson, flat_metric(), steps=400, seed=1)


def test_labels_alone_say_what_the_face_does(lesson, learned):
    assert learned.explained > 0.9
    with torch.no_grad():
        doubled = learned.expression(lesson.pose, lesson.code, learned.points[WILD].expand(4000, -1))[0]
    r = np.corrcoef(doubled.numpy().ravel(), lesson.pose.numpy().ravel())[0, 1]
    assert r > 0.9


def test_half_a_slider_does_about_half(lesson, learned):
    with torch.no_grad():
        full, half = (
            learned.expression(lesson.pose, lesson.code, (s * learned.points[MILD]).expand(4000, -1))[0].mean(
                0
            )
            for s in (1.0, 0.5)
        )
    assert 0.25 < float(half.norm() / full.norm()) < 0.75


def test_nothing_felt_changes_nothing(lesson, learned):
    with torch.no_grad():
        change, let_go = learned.expression(lesson.pose, lesson.code, torch.zeros(4000, LATENT_SIZE))
    assert not change.any()
    assert not let_go.any()


def test_lips_that_rest_are_let_go_of_by_what_parts_them_and_closures_are_not(lesson, learned):
    rests = (lesson.code[:, 0] > 0.5).numpy()
    closures = (lesson.code[:, 0] < -0.5).numpy()
    with torch.no_grad():
        parting, other = (
            learned.expression(lesson.pose, lesson.code, learned.points[k].expand(4000, -1))[1][:, 0]
            for k in (MILD, WILD)
        )
    assert float(Expression.held(parting[rests]).mean()) < 0.4
    assert float(Expression.held(parting[closures]).mean()) > 0.97
    assert float(Expression.held(other).mean()) > 0.97


def test_lips_rest_where_they_touch_for_longer_than_a_consonant():
    touch = np.zeros(100)
    touch[10:18] = 1.0  # 0.13 s: a b
    touch[40:] = 0.8
    assert np.flatnonzero(resting(touch, frame_rate=62.5)).tolist() == list(range(40, 100))


def test_latents_are_smooth_in_time(learned, lesson):
    steps = learned.latents.diff(dim=0)[(lesson.labels.diff(dim=0) == 0).all(1)]
    assert float(steps.norm(dim=1).mean()) < 0.15 * float(learned.latents.norm(dim=1).mean())


def test_the_same_seed_learns_the_same(lesson):
    one, other = (learn_emotion(lesson, flat_metric(), steps=5, seed=3) for _ in range(2))
    torch.testing.assert_close(one.points, other.points, rtol=0, atol=1e-6)  # threads round in another order


def test_an_expression_begins_without_effect_on_a_neutral_face():
    torch.manual_seed(0)
    expression = Expression(R, C)
    with torch.no_grad():
        change, let_go = expression(torch.randn(7, R), torch.randn(7, C), torch.zeros(7, LATENT_SIZE))
    assert not change.any()
    assert not let_go.any()


def test_a_sum_beyond_reach_is_a_mix(lesson, learned):
    expression = copy.deepcopy(learned.expression)
    both = (learned.points[MILD] + learned.points[WILD]).expand(4000, -1)
    with torch.no_grad():
        alone = expression(lesson.pose, lesson.code, 0.5 * both)
        expression.limit(0.5 * float(both[0].norm()))
        for share in (1.0, 0.5):
            felt = expression(lesson.pose, lesson.code, share * both)
            torch.testing.assert_close(felt, alone, atol=1e-5, rtol=1e-4)
