"""The list of learned points to try out."""

import numpy as np

from inference.learned_points import telling_points

NAMES = ("joy", "fear", "anger")
VECTORS = np.eye(3, 8, dtype=np.float32)


def test_points_that_differ_most_come_first_with_what_they_feel_like():
    database = np.array(
        [
            0.05 * VECTORS[0],
            0.9 * VECTORS[0] + 0.3 * VECTORS[1],
            0.88 * VECTORS[0] + 0.3 * VECTORS[1],
            1.2 * VECTORS[2],
        ],
        np.float32,
    )
    points = telling_points(NAMES, VECTORS, database, 3)
    assert [point.row for point in points] == [3, 1, 0]
    assert [point.title for point in points] == ["anger 1.2", "joy 0.9, fear 0.3", "near neutral"]


def test_no_more_points_than_there_are_and_none_twice():
    database = np.repeat(VECTORS, 2, axis=0)
    points = telling_points(NAMES, VECTORS, database, 24)
    assert len(points) == 3
    assert telling_points(NAMES, VECTORS, np.zeros((0, 8), np.float32), 24) == []


def test_points_of_a_model_without_names():
    points = telling_points((), np.zeros((0, 8), np.float32), VECTORS, 2)
    assert [point.title for point in points] == ["near neutral"] * 2
