import pytest

from inference.neighbours import with_neighbours


@pytest.mark.parametrize("reach", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
def test_each_comes_once_with_those_around_it(count, reach):
    found = [(group, list(around)) for group, around in with_neighbours(range(count), reach)]
    assert found == [(i, list(range(max(0, i - reach), min(count, i + reach + 1)))) for i in range(count)]
