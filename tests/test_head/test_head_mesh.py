"""The head's topology, proportions and landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from assets.head.generator.whole_head import build_arrays


def _edges(faces):
    return np.sort(np.concatenate([faces[:, [k, (k + 1) % 4]] for k in range(4)]), axis=1)


def test_size_and_quads(head):
    faces = head.arrays["faces"]
    assert 4000 <= len(head.vertices) <= 8000
    assert faces.shape[1] == 4
    assert all(len(set(quad)) == 4 for quad in faces.tolist())
    assert set(np.unique(faces)) == set(range(len(head.vertices)))


def test_stands_upright_in_metres(head):
    size = np.ptp(head.arrays["vertices"], axis=0)
    assert 0.28 < size[2] < 0.33
    assert 0.16 < size[0] < 0.19
    nose = head.landmark(30)
    assert nose[1] < np.median(head.vertices[:, 1])
    assert head.landmark(27)[2] > head.landmark(8)[2]


def test_no_edge_has_more_than_two_faces_and_winding_agrees(head):
    faces = head.arrays["faces"].astype(np.int64)
    _, counts = np.unique(_edges(faces), axis=0, return_counts=True)
    assert counts.max() == 2
    directed = np.concatenate([faces[:, [k, (k + 1) % 4]] for k in range(4)])
    assert len(np.unique(directed, axis=0)) == len(directed)


def test_borders_are_only_where_intended(head):
    faces = head.arrays["faces"].astype(np.int64)
    edges, counts = np.unique(_edges(faces), axis=0, return_counts=True)
    border = np.unique(edges[counts == 1])
    skin = border[head.part("skin")[border]]
    centres = head.arrays["eye_centers"] * 1000
    collar = head.vertices[skin, 2] < 5
    behind_lid = np.min(np.linalg.norm(head.vertices[skin][:, None] - centres[None], axis=2), axis=1) < 15
    assert (collar | behind_lid).all()
    assert not head.part("tongue")[border].any()


def test_faces_point_outwards(head):
    faces = head.arrays["faces"]
    corners = head.vertices[faces]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    names = head.arrays["part_names"][head.arrays["part"][faces[:, 0]]]
    for side, centre in zip(("eye_left", "eye_right"), head.arrays["eye_centers"] * 1000, strict=True):
        ball = names == side
        outward = corners[ball].mean(axis=1) - centre
        assert (np.sum(outward * normal[ball], axis=1) > 0).all()
    assert normal[names == "brows", 1].mean() < -0.5
    for part in ("teeth_upper", "teeth_lower"):
        mine = names == part
        assert normal[mine][corners[mine].mean(axis=1)[:, 1].argmin(), 1] < -0.5
    crown = corners.mean(axis=1)[:, 2].argmax()
    assert normal[crown, 2] > 0.9


def test_no_degenerate_quads(head):
    corners = head.vertices[head.arrays["faces"]]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    area = 0.5 * np.linalg.norm(
        np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1
    )
    assert sides.min() > 0.02
    assert area.min() > 0.004


def test_mirror_symmetric(head):
    flipped = head.vertices * np.array([-1.0, 1, 1])
    distance, twin = cKDTree(head.vertices).query(flipped)
    assert distance.max() < 1e-3
    assert len(np.unique(twin)) == len(twin)
    for left in (n for n in head.names if n.endswith("Left")):
        right = left.replace("Left", "Right")
        assert np.abs(head.delta(right)[twin] * np.array([-1, 1, 1]) - head.delta(left)).max() < 2e-3, left
    for name in (
        "jawOpen",
        "mouthClose",
        "mouthFunnel",
        "mouthPucker",
        "browInnerUp",
        "cheekPuff",
        "tongueOut",
    ):
        assert np.abs(head.delta(name)[twin] * np.array([-1, 1, 1]) - head.delta(name)).max() < 2e-3, name


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        (62, 66, 0.0, 0.3),  # lips sealed
        (48, 54, 48, 54),  # mouth width
        (36, 45, 84, 94),  # outer eye corners
        (39, 42, 30, 39),  # inner eye corners
        (31, 35, 18, 34),  # nostrils
        (27, 33, 44, 54),  # nose height
        (8, 33, 55, 72),  # lower face
        (51, 62, 6, 12),  # upper lip
        (66, 57, 7, 13),  # lower lip
    ],
)
def test_landmark_distances(head, a, b, low, high):
    assert low <= head.span(a, b) <= high


def test_landmarks_run_left_to_right_as_ibug_has_them(head):
    x = head.landmark(np.arange(68))[:, 0]
    assert (np.diff(x[:17]) > 0).all()
    assert (np.diff(x[17:27]) > 0).all()
    assert (np.diff(x[48:55]) > 0).all()
    assert x[36] < x[39] < 0 < x[42] < x[45]
    assert np.allclose(x[[8, 27, 28, 29, 30, 33, 51, 57, 62, 66]], 0, atol=1e-6)
    assert len(set(head.arrays["landmarks68"].tolist())) == 68


def test_eyeballs_are_spheres_under_the_lids(head):
    radius = float(head.arrays["eye_radius"]) * 1000
    for side, centre in zip(("eye_left", "eye_right"), head.arrays["eye_centers"] * 1000, strict=True):
        gap = np.linalg.norm(head.vertices[head.part(side)] - centre, axis=1)
        assert np.allclose(gap, radius, atol=0.01)
    assert head.arrays["eye_centers"][0, 0] > 0
    iris = head.arrays["faces"][
        head.arrays["material_index"] == head.arrays["material_names"].tolist().index("iris")
    ]
    assert np.ptp(head.vertices[iris][head.vertices[iris][:, 0, 0] > 0][..., 0]) == pytest.approx(
        11.8, abs=0.4
    )


def test_groups_and_uvs(head):
    wanted = {"jaw", "lips_upper", "lips_lower", "eyelids", "eyeballs", "brows", "cheeks", "nose", "ears",
        "neck",
              "teeth_upper", "teeth_lower", "tongue", "head_rigid"}  # fmt: skip
    assert wanted <= set(head.arrays["group_names"].tolist())
    weights = head.arrays["group_weights"]
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert (weights.max(axis=1) > 0.95).all()
    assert head.group("lips_upper")[head.arrays["landmarks68"][62]] > 0.9
    assert head.group("lips_lower")[head.arrays["landmarks68"][66]] > 0.9
    uvs = head.arrays["face_uvs"]
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    a, b = uvs[:, 2] - uvs[:, 0], uvs[:, 3] - uvs[:, 1]
    area = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    assert (area > 0).mean() > 0.98


def test_generator_reproduces_the_committed_head(head):
    built = build_arrays()
    assert set(built) == set(head.arrays)
    for key, array in built.items():
        committed = head.arrays[key]
        assert array.shape == committed.shape, key
        if array.dtype.kind == "f":
            assert np.abs(array - committed).max() < 1e-6, (
                key
            )  # other processors round differently in the last bit
        else:
            assert (array == committed).all(), key
