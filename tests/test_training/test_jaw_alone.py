import numpy as np
import pytest

from training.mouth.jaw_alone import INNER_LIPS, chin_row, jaw_kept
from training.mouth.mouth_width import width_row
from training.mouth.teeth_contact import JAW_KEPT, teeth_contact

MM = 1e-3


def weights(**values):
    return lambda head, basis: basis.weights_to_coefficients(
        np.array([[values.get(name, 0.0) for name in head.shape_names]])
    )


def test_the_jaw_is_taken_back_under_lips_that_stay(head, basis):
    rows = basis.as_array()
    moves = weights(jawOpen=0.2, mouthUpperUpLeft=0.2)(head, basis).astype(np.float64)
    kept = jaw_kept(moves, 1.0, head, rows)
    assert abs((moves @ chin_row(head, rows)).item()) > 4 * MM
    assert abs((kept @ chin_row(head, rows)).item()) < 0.1 * MM
    lips = np.tensordot(kept - moves, rows[:, head.landmarks68[list(INNER_LIPS)], 1:], axes=1)
    assert np.abs(lips).max() < 0.6 * MM
    assert abs(((kept - moves) @ width_row(head, rows)).item()) < 0.3 * MM


def test_a_share_of_the_jaw_may_stay(head, basis):
    rows = basis.as_array()
    moves = weights(jawOpen=0.2)(head, basis).astype(np.float64)
    np.testing.assert_allclose(jaw_kept(moves, 0.0, head, rows), moves)
    before, after = (
        float((m @ chin_row(head, rows)).item()) for m in (moves, jaw_kept(moves, 0.3, head, rows))
    )
    assert after == pytest.approx(0.7 * before, rel=0.02)


def test_f_closes_the_jaw_only_part_of_the_way(head, basis):
    rows = basis.as_array()
    before = weights(jawOpen=0.4)(head, basis)
    after = teeth_contact(head, rows).applied(before, np.ones(1, np.float32))
    opened, left = (float((c @ chin_row(head, rows)).item()) for c in (before, after))
    posed = float(weights(jawOpen=0.06)(head, basis)[0] @ chin_row(head, rows))
    assert left == pytest.approx(posed + JAW_KEPT * (opened - posed), abs=0.5 * MM)
