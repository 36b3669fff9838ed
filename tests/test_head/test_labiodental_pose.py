"""At f and v the lower lip comes to the edge of the upper incisors, and goes into nothing."""

from __future__ import annotations

import numpy as np
import pytest

from assets.head.generator.intersections import intersecting_quads
from inference.bundled import default_head_path
from inference.head_mesh import load_head
from training.evaluation.lip_teeth import LipToTeeth
from training.mouth.labiodental_pose import LABIODENTAL_POSE


def _posed(head, share):
    return head.pose(**{name: share * weight for name, weight in LABIODENTAL_POSE.items()})


def _distances(poses):
    """Millimetres from the lower lip to the incisors' edge, of each of the poses."""
    measure = LipToTeeth.of_head(load_head(default_head_path()))
    return measure.distance(np.stack(poses)[:, measure.lip_vertices] / 1000) * 1000


def test_weights_are_within_reach_of_a_face(head):
    assert set(LABIODENTAL_POSE) <= set(head.names)
    assert all(0 < weight <= 0.9 for weight in LABIODENTAL_POSE.values())


def test_lower_lip_meets_the_incisors(head):
    assert _distances([_posed(head, 1.0)])[0] <= 1.0


def test_lower_lip_comes_nearer_all_the_way(head):
    distances = _distances([_posed(head, share) for share in np.linspace(0, 1, 9)])
    assert (np.diff(distances) < 0).all()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 1.0])
def test_pose_does_not_intersect(head, share):
    assert len(intersecting_quads(_posed(head, share), head.arrays["faces"])) == 0


@pytest.mark.parametrize("jaw", [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.3])
def test_curled_lip_slides_past_the_teeth_as_the_jaw_opens(head, jaw):
    curled = head.pose(mouthRollLower=1, jawOpen=jaw)
    assert len(intersecting_quads(curled, head.arrays["faces"])) == 0
