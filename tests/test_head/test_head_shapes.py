"""Each ARKit shape does what Apple documents, and nothing passes through anything."""

from __future__ import annotations

import numpy as np
import pytest

from assets.head.generator import mouth
from assets.head.generator.half_head import build_half
from assets.head.generator.intersections import intersecting_quads
from assets.head.generator.shapes import SHAPE_NAMES

COMBINATIONS = {
    "rest": {},
    "closed on a dropped jaw": {"jawOpen": 1, "mouthClose": 1},
    "half closed on a half dropped jaw": {"jawOpen": 0.5, "mouthClose": 0.5},
    "half closed on a dropped jaw": {"jawOpen": 1, "mouthClose": 0.5},
    "nearly closed": {"jawOpen": 0.3, "mouthClose": 0.2},
    "half open": {"jawOpen": 0.5},
    "oh": {"jawOpen": 1, "mouthFunnel": 1},
    "oo": {"jawOpen": 0.3, "mouthPucker": 1},
    "both smile": {"mouthSmileLeft": 1, "mouthSmileRight": 1},
    "both press": {"mouthPressLeft": 1, "mouthPressRight": 1},
    "bared teeth": {
        "mouthUpperUpLeft": 1,
        "mouthUpperUpRight": 1,
        "mouthLowerDownLeft": 1,
        "mouthLowerDownRight": 1,
    },
    "quarter blink": {"eyeBlinkLeft": 0.25, "eyeBlinkRight": 0.25},
    "half blink": {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
    "three-quarter blink": {"eyeBlinkLeft": 0.75, "eyeBlinkRight": 0.75},
    "brows": {"browDownLeft": 1, "browDownRight": 1, "browInnerUp": 1},
}


@pytest.mark.parametrize("weights", COMBINATIONS.values(), ids=COMBINATIONS.keys())
def test_combination_does_not_intersect(head, weights):
    assert len(intersecting_quads(head.pose(**weights), head.arrays["faces"])) == 0


@pytest.mark.parametrize("name", SHAPE_NAMES)
def test_shape_does_not_intersect(head, name):
    assert len(intersecting_quads(head.pose(**{name: 1}), head.arrays["faces"])) == 0


@pytest.mark.parametrize("weights", [{"mouthClose": 1}, {"jawOpen": 1, "mouthClose": 1}])
def test_closed_lips_are_clean_however_the_quads_are_split(head, weights):
    assert len(intersecting_quads(head.pose(**weights), np.roll(head.arrays["faces"], 1, axis=1))) == 0


def test_names_are_apples(head):
    assert head.names == SHAPE_NAMES
    assert len(set(head.names)) == 52
    assert head.names[0] == "eyeBlinkLeft"
    assert head.names[-1] == "tongueOut"


def test_every_shape_moves_something_a_viewer_sees(head):
    reach = np.linalg.norm(head.deltas, axis=2).max(axis=1)
    assert (reach > 1.2).all()
    assert (reach < 60).all()


@pytest.mark.parametrize(
    "name", [n for n in SHAPE_NAMES if n.endswith("Left") and not n.startswith(("jaw", "mouthLeft"))]
)
def test_sided_shape_moves_its_side_only(head, name):
    reach = np.linalg.norm(head.delta(name), axis=1)
    other = head.vertices[:, 0] < -7.5
    assert reach[other].max() < 1e-6
    assert reach[head.vertices[:, 0] > 0].max() > 1.2


def test_jaw_opens_about_its_hinge(head):
    opened = head.pose(jawOpen=1)
    assert 30 <= head.span(62, 66, opened) <= 40
    lower = head.part("teeth_lower")
    before = head.vertices[lower] - head.arrays["jaw_hinge"] * 1000
    after = opened[lower] - head.arrays["jaw_hinge"] * 1000
    assert np.allclose(np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1), atol=0.05)
    assert np.abs(head.delta("jawOpen")[head.part("teeth_upper")]).max() == 0
    drop = head.delta("jawOpen")[head.arrays["landmarks68"]][:, 2]
    assert drop[54] / drop[66] == pytest.approx(0.5, abs=0.15)


def test_mouth_close_seals_the_lips_on_the_dropped_jaw(head):
    for weight in (0.3, 0.6, 1.0):
        closed = head.pose(jawOpen=weight, mouthClose=weight)
        assert head.span(62, 66, closed) < 0.3
        assert head.span(61, 67, closed) < 0.5
        assert head.span(63, 65, closed) < 0.5
    assert head.span(8, 33, head.pose(jawOpen=1, mouthClose=1)) > head.span(8, 33) + 20


def test_mouth_close_seals_the_lips_all_along(head):
    rings = build_half().skin.mouth  # the half head's vertices are the head's first
    height = head.pose(jawOpen=1, mouthClose=1)[rings[mouth.CONTACT_RING], 2]
    assert np.abs(height - height[::-1]).max() < 0.2


def test_blink_seals_the_lid(head):
    shut = head.pose(eyeBlinkLeft=1, eyeBlinkRight=1)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        assert head.span(upper, lower, shut) < 0.9  # landmark pairs are not quite opposite each other
        assert abs(head.landmark(upper, shut)[2] - head.landmark(lower, shut)[2]) < 0.3
        assert head.span(upper, lower) > 6


def test_lids_stay_outside_the_eyeball_on_the_way(head):
    lids = (head.group("eyelids") > 0.9) & (head.vertices[:, 0] > 0)
    centre = head.arrays["eye_centers"][0] * 1000
    radius = float(head.arrays["eye_radius"]) * 1000
    for weight in np.linspace(0, 1, 9):
        gap = np.linalg.norm(head.pose(eyeBlinkLeft=weight)[lids] - centre, axis=1) - radius
        assert gap.min() > 0.0


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [("eyeLookUpLeft", 2, 1), ("eyeLookDownLeft", 2, -1), ("eyeLookInLeft", 0, -1), ("eyeLookOutLeft", 0, 1)],
)
def test_eyeball_turns_rigidly(head, name, axis, sign):
    ball = head.part("eye_left")
    centre = head.arrays["eye_centers"][0] * 1000
    before, after = head.vertices[ball] - centre, head.pose(**{name: 1})[ball] - centre
    u, _, vt = np.linalg.svd(before.T @ after)
    turn = (u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt).T
    assert np.abs(before @ turn.T - after).max() < 0.01
    gaze = turn @ np.array([0.0, -1.0, 0.0])
    assert sign * gaze[axis] > np.sin(np.radians(18))


def test_lip_shapes_go_where_apple_says(head):
    move = {name: head.delta(name)[head.arrays["landmarks68"]] for name in head.names}
    assert move["mouthSmileLeft"][54][2] > 4
    assert move["mouthFrownLeft"][54][2] < -4
    assert move["mouthStretchLeft"][54][0] > 4
    assert move["mouthPucker"][54][0] < -5
    assert move["mouthPucker"][51][1] < -4
    assert head.span(62, 66, head.pose(mouthFunnel=1)) > 8
    assert head.span(48, 54, head.pose(mouthFunnel=1)) < head.span(48, 54) - 6
    assert move["mouthUpperUpLeft"][52][2] > 2
    assert move["mouthLowerDownLeft"][56][2] < -2
    assert move["mouthRollLower"][57][2] > 3
    assert move["mouthRollUpper"][51][2] < -2
    assert move["jawForward"][8][1] < -4
    assert move["jawLeft"][8][0] > 5
    assert move["mouthLeft"][51][0] > 5
    assert move["mouthRight"][51][0] < -5
    assert move["browInnerUp"][22][2] > 3
    assert move["browDownLeft"][23][2] < -2
    assert move["browOuterUpLeft"][25][2] > 3
    assert move["noseSneerLeft"][35][2] > 1


@pytest.mark.parametrize(
    "name", ["mouthPucker", "mouthSmileLeft", "mouthPressLeft", "mouthShrugLower", "cheekPuff", "mouthLeft"]
)
def test_closed_lip_shapes_keep_the_lips_closed(head, name):
    assert head.span(62, 66, head.pose(**{name: 1})) < 0.3


def test_tongue_comes_out_between_the_lips(head):
    out = head.pose(tongueOut=1)
    tongue = out[head.part("tongue")]
    lips = min(head.landmark(62, out)[1], head.landmark(66, out)[1])
    assert lips - tongue[:, 1].min() > 12
    assert head.span(62, 66, out) > 8
