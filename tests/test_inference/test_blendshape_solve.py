import time

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from inference.blendshape_solve import BlendshapeSolver
from inference.bundled import default_head_path
from inference.head_mesh import load_head


@pytest.fixture(scope="module")
def shapes():
    if default_head_path().exists():
        return load_head(default_head_path()).shape_deltas
    rng = np.random.default_rng(0)
    return (rng.standard_normal((52, 500, 3)) * rng.random((52, 500, 1)) ** 8).astype(np.float32)


def weights_over_time(frames, count, seed=0):
    rng = np.random.default_rng(seed)
    phase = np.arange(frames)[:, None] / 30 * rng.uniform(1, 12, count) + rng.uniform(0, 6, count)
    return np.clip(np.sin(phase) * rng.uniform(0, 1, count), 0, 1).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_those_of_scipys_bounded_least_squares(shapes, seed):
    truth = weights_over_time(20, len(shapes), seed) * 1.3 - 0.1
    noise = np.random.default_rng(seed + 1).standard_normal((20, *shapes.shape[1:])) * 3e-4
    basis = np.tensordot(truth, shapes, 1) + noise
    solver = BlendshapeSolver(shapes, basis.astype(np.float32), np.zeros_like(shapes[0]))
    coefficients = np.eye(20, dtype=np.float32)
    factor = np.linalg.cholesky(solver.hessian)
    for ours, target in zip(solver.solve(coefficients), solver.gradient_target(coefficients), strict=True):
        exact = lsq_linear(factor.T, np.linalg.solve(factor, target), (0, 1), method="bvls", tol=1e-14)
        np.testing.assert_allclose(ours, exact.x, atol=5e-4)


def test_known_weights_are_found_again(shapes):
    moving = (shapes**2).sum(axis=(1, 2)) > 0
    truth = weights_over_time(90, len(shapes)) * moving
    solver = BlendshapeSolver(shapes, shapes, np.zeros_like(shapes[0]), regularisation=1e-4)
    found = solver.solve(truth)
    moved = np.abs(np.tensordot(found - truth, shapes, 1)).max()
    assert moved < 3e-4  # metres
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_frame_alone_has_the_weights_it_has_in_the_line(shapes):
    solver = BlendshapeSolver(shapes, shapes, np.zeros_like(shapes[0]))
    coefficients = weights_over_time(250, len(shapes)) * 1.2
    whole = solver.solve(coefficients)
    for frame in (0, 63, 149, 159, 160, 176, 249):
        np.testing.assert_array_equal(solver.solve(coefficients[frame : frame + 1])[0], whole[frame])


def test_a_shape_that_moves_nothing_stays_at_zero(shapes):
    dead = shapes.copy()
    dead[3] = 0
    solver = BlendshapeSolver(dead, shapes, np.zeros_like(shapes[0]))
    weights = solver.solve(weights_over_time(10, len(shapes)))
    assert not weights[:, 3].any()
    assert np.isfinite(weights).all()


def test_ten_seconds_are_solved_at_once(shapes):
    solver = BlendshapeSolver(shapes, shapes, np.zeros_like(shapes[0]))
    coefficients = weights_over_time(300, len(shapes))
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        solver.solve(coefficients)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.1  # about 0.002 on an idle core; the margin is for busy test machines
