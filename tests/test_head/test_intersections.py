"""The intersection checker finds what was planted and nothing else."""

from __future__ import annotations

import numpy as np

from assets.head.generator.intersections import intersecting_quads, intersecting_triangles


def _grid(size, height):
    axis = np.linspace(-1, 1, size)
    x, y = np.meshgrid(axis, axis)
    vertices = np.stack([x, y, height(x, y)], axis=-1).reshape(-1, 3)
    number = np.arange(size * size).reshape(size, size)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1).reshape(
        -1, 4
    )
    return vertices, quads


def test_finds_a_planted_triangle_through_a_sheet():
    vertices, quads = _grid(12, lambda x, y: 0 * x * y)
    spike = np.array([[0.05, 0.03, -0.4], [0.09, 0.05, 0.5], [0.06, 0.09, 0.5], [0.03, 0.07, 0.4]])
    all_vertices = np.concatenate([vertices, spike])
    all_quads = np.concatenate([quads, np.array([[0, 1, 2, 3]]) + len(vertices)])
    pairs = intersecting_quads(all_vertices, all_quads)
    assert len(pairs) > 0
    assert (pairs == len(quads)).any(axis=1).all()


def test_two_close_sheets_do_not_meet_and_crossing_ones_do():
    flat, quads = _grid(15, lambda x, y: 0.1 * x * y)
    for lift, meets in ((0.001, False), (0.0, True)):
        tilt = 0.05 if meets else 0.0
        other = (
            flat
            + np.array([0.013, 0.017, 0]) * meets
            + np.stack([0 * flat[:, 0]] * 2 + [lift + tilt * flat[:, 0]], axis=1)
        )
        pairs = intersecting_quads(np.concatenate([flat, other]), np.concatenate([quads, quads + len(flat)]))
        assert (len(pairs) > 0) == meets


def test_agrees_with_brute_force_on_random_triangles():
    random = np.random.default_rng(3)
    vertices = random.normal(size=(60, 3))
    triangles = np.arange(60).reshape(-1, 3)
    found = {tuple(pair) for pair in intersecting_triangles(vertices, triangles)}
    expected = set()
    for a in range(len(triangles)):
        for b in range(a + 1, len(triangles)):
            if _meet(vertices[triangles[a]], vertices[triangles[b]]):
                expected.add((a, b))
    assert found == expected
    assert expected


def _meet(a, b):
    for one, other in ((a, b), (b, a)):
        for i in range(3):
            start, ray = one[i], one[(i + 1) % 3] - one[i]
            matrix = np.stack([other[1] - other[0], other[2] - other[0], -ray], axis=1)
            u, v, t = np.linalg.solve(matrix, start - other[0])
            if u >= 0 and v >= 0 and u + v <= 1 and 0 <= t <= 1:
                return True
    return False


def test_neighbours_are_not_reported():
    vertices, quads = _grid(6, lambda x, y: x**2 + y)
    assert len(intersecting_quads(vertices, quads)) == 0


def test_planted_fold_in_the_head_is_found(head):
    pushed = head.vertices.copy()
    tongue = head.part("tongue")
    pushed[tongue] += np.array([0.0, -25.0, 0.0])
    assert len(intersecting_quads(pushed, head.arrays["faces"])) > 10
