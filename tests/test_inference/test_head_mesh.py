import numpy as np
import pytest

from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head


@pytest.fixture
def arrays():
    if not default_head_path().exists():
        pytest.skip("the bundled head has not been generated")
    with np.load(default_head_path(), allow_pickle=False) as stored:
        return dict(stored)


def test_the_bundled_head_loads_and_its_hash_follows_its_geometry(arrays, tmp_path):
    head = load_head(default_head_path())
    assert head.shape_deltas.shape == (52, len(head.vertices), 3)
    assert head.hash == load_head(default_head_path()).hash
    arrays["shape_deltas"] = arrays["shape_deltas"] * np.float32(1.001)
    np.savez(tmp_path / "other.npz", **arrays)
    assert load_head(tmp_path / "other.npz").hash != head.hash


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("landmarks68", None, "lacks landmarks68"),
        ("landmarks68", np.full(68, 10**6), "landmarks68 must hold"),
        ("shape_deltas", np.zeros((52, 3, 3), np.float32), "shape_deltas has shape"),
        ("faces", np.array([[0, 1, 2, -1]]), "face_uvs|faces must hold"),
        ("eye_centers", np.full((2, 3), np.nan, np.float32), "finite"),
    ],
)
def test_damaged_heads_get_a_sentence(arrays, tmp_path, name, value, problem):
    arrays.pop(name)
    if value is not None:
        arrays[name] = value
    np.savez(tmp_path / "head.npz", **arrays)
    with pytest.raises(LipwrightError, match=problem) as caught:
        load_head(tmp_path / "head.npz")
    assert "head.npz" in str(caught.value)
