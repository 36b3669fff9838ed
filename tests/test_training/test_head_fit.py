"""Fitting the head to landmarks whose weights are known."""

import numpy as np
import pytest

from inference.blendshape_names import ARKIT_NAMES
from inference.bundled import default_head_path
from inference.head_mesh import load_head
from inference.measures import correlation, landmark_curves
from training.capture.bounded_least_squares import solve_bounded
from training.capture.face_mesh_478 import IBUG_TO_478, landmarks_in_head_axes
from training.capture.head_fit import HeadShapes, fit_take


@pytest.fixture(scope="module")
def shapes():
    head = load_head(default_head_path())
    return HeadShapes.of_head(head.vertices, head.shape_deltas, head.landmarks68)


def spoken_weights(frames=80):
    t = np.arange(frames) / 25
    weights = np.zeros((frames, 52))
    weights[:, ARKIT_NAMES.index("jawOpen")] = 0.4 * np.clip(np.sin(5 * t), 0, 1)
    weights[:, ARKIT_NAMES.index("mouthPucker")] = 0.5 * np.clip(np.sin(3 * t), 0, 1)
    weights[:, ARKIT_NAMES.index("browInnerUp")] = 0.6 * np.clip(np.sin(2 * t), 0, 1)
    return weights


def test_the_heads_own_motion_is_found_again(shapes):
    weights = spoken_weights()
    fit = fit_take(shapes, shapes.landmarks(weights), weights)
    for i in range(3):
        assert correlation(fit.fitted_curves[:, i], fit.curves[:, i]) > 0.999
    jaw = ARKIT_NAMES.index("jawOpen")
    assert np.abs(fit.weights[:, jaw] - weights[:, jaw]).max() < 0.1
    assert fit.weights.min() >= 0
    assert fit.weights.max() <= 1


def test_an_actor_of_other_proportions_moves_the_head_alike(shapes):
    weights = spoken_weights()
    other = shapes.landmarks(weights) + np.linspace(-0.1, 0.1, 68)[:, None]
    fit = fit_take(shapes, other, None)
    ours = landmark_curves(shapes.landmarks(weights))
    for i in range(3):
        assert correlation(fit.fitted_curves[:, i], ours[:, i]) > 0.98
    assert np.ptp(fit.fitted_curves[:, 2]) == pytest.approx(np.ptp(ours[:, 2]), rel=0.2)


def test_the_tracker_s_weights_at_rest_are_not_part_of_the_motion(shapes):
    weights = spoken_weights()
    told = weights.copy()
    told[:, ARKIT_NAMES.index("eyeSquintLeft")] = 0.45
    fit = fit_take(shapes, shapes.landmarks(weights), told)
    assert fit.weights[:, ARKIT_NAMES.index("eyeSquintLeft")].max() < 0.05


def test_face_mesh_axes_become_the_heads():
    mesh = np.zeros((1, 478, 3), np.float32)
    mesh[0, 33] = [-4.5, 0, 0]
    mesh[0, 263] = [4.5, 0, 0]
    mesh[0, 152] = [0, -9.0, 1.8]
    marks = landmarks_in_head_axes(mesh)[0]
    assert np.allclose(marks[45], [0.5, 0, 0])
    assert np.allclose(marks[8], [0, -0.2, -1.0]), "down is -Z, towards the camera is -Y"
    assert len(set(IBUG_TO_478.tolist())) == 68


def test_bounded_least_squares_meets_its_conditions():
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((40, 8))
    gram, right = rows.T @ rows, rng.standard_normal((25, 40)) @ rows * 6
    found = solve_bounded(gram, right, np.zeros((25, 8)), np.ones(8), sweeps=500, tolerance=1e-9)
    slope = found @ gram - right
    inside = (found > 0) & (found < 1)
    assert inside.any()
    assert (found == 0).any()
    assert np.abs(slope[inside]).max() < 1e-5
    assert slope[found == 0].min() > -1e-5
    assert slope[found == 1].max() < 1e-5
