from dataclasses import replace

import numpy as np
import pytest

from inference.blendshape_solve import BlendshapeSolver
from inference.bundled import default_model_path, sample_line_paths
from inference.face_prediction import FacePredictor
from inference.lip_seal import INNER_LIP_PAIRS, LipSeal
from inference.model_bundle import load_bundle
from inference.pipeline import animate_line, model_solver

CROSSED = -0.05e-3  # metres
SEALED = 0.05e-3
#: Where emotion bends the lips, their middle meets first and the 52 shapes leave this much beside it; half a
#: millimetre counts as sealed in `training evaluate`.
STILL_SEALED = 0.4e-3


@pytest.fixture(scope="module")
def model():
    return FacePredictor(load_bundle(default_model_path()), threads=1)


def lip_gaps(vertices, landmarks):
    """Height [T, 3] of the upper over the lower inner lip of vertices [T, V, 3]."""
    upper, lower = np.array(INNER_LIP_PAIRS).T
    return vertices[:, landmarks[upper], 2] - vertices[:, landmarks[lower], 2]


def gaps_of_both_faces(bundle, coefficients, weights):
    """The model's own gaps and those of the weights, zero where the lips touch as they do at rest."""
    lips = bundle.landmarks68
    own = lip_gaps(np.tensordot(coefficients, bundle.basis, 1) + bundle.mean_offset, lips)
    return own, lip_gaps(np.tensordot(weights, bundle.arkit_deltas, 1), lips)


def test_the_lips_touch_at_rest(model):
    rest = lip_gaps(model.bundle.template[None], model.bundle.landmarks68)
    assert rest.min() >= 0
    assert rest.max() <= 0.2e-3


@pytest.mark.parametrize("line", sample_line_paths(), ids=lambda path: path.stem)
def test_lips_meet_without_crossing_in_the_bundled_lines(model, line):
    bundle, solver, kept = model.bundle, model_solver(model.bundle), None
    for emotion in (None, *({name: 1.0} for name in bundle.emotion_names)):
        motion = animate_line(model, line, 60, emotion, solver=solver, analysis=kept)
        kept = motion.analysis
        own, gaps = gaps_of_both_faces(bundle, motion.coefficients, motion.weights)
        assert gaps.min() >= CROSSED
        assert gaps[own <= SEALED].max(initial=0.0) <= STILL_SEALED


def test_nothing_changes_where_the_lips_neither_cross_nor_seal(model):
    bundle = model.bundle
    plain = BlendshapeSolver(bundle.arkit_deltas, bundle.basis, bundle.mean_offset)
    coefficients = np.random.default_rng(0).standard_normal((200, len(bundle.basis))).astype(np.float32) * 0.3
    before, after = plain.solve(coefficients), model_solver(bundle).solve(coefficients)
    own, gaps = gaps_of_both_faces(bundle, coefficients, before)
    well = ((gaps >= 0) & (gaps <= np.maximum(own, 0) + SEALED)).all(axis=1)
    assert well.any()
    np.testing.assert_array_equal(after[well], before[well])
    moved = (before != after).any(axis=0)
    assert np.flatnonzero(moved).tolist() == [bundle.arkit_names.index("mouthClose")]


def test_lips_of_any_pose_do_not_cross_and_a_frame_alone_is_the_same(model):
    bundle, solver = model.bundle, model_solver(model.bundle)
    coefficients = np.random.default_rng(1).standard_normal((300, len(bundle.basis))).astype(np.float32) * 3
    weights = solver.solve(coefficients)
    _, gaps = gaps_of_both_faces(bundle, coefficients, weights)
    assert gaps.min() >= CROSSED
    assert weights.min() >= 0
    assert weights.max() <= 1
    for frame in (0, 159, 160, 299):
        np.testing.assert_array_equal(solver.solve(coefficients[frame : frame + 1])[0], weights[frame])


def test_shapes_that_cannot_close_the_lips_are_left_alone(model):
    bundle = replace(model.bundle, landmarks68=np.zeros(68, np.int32))
    assert not LipSeal(bundle).works
    coefficients = np.ones((3, len(bundle.basis)), np.float32)
    plain = BlendshapeSolver(bundle.arkit_deltas, bundle.basis, bundle.mean_offset)
    np.testing.assert_array_equal(model_solver(bundle).solve(coefficients), plain.solve(coefficients))
