from dataclasses import replace

import numpy as np
import pytest

from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from inference.model_bundle import load_bundle
from training.export.bundle import BundleLabel, export_bundle
from training.rehead import rehead, shape_mixture
from training.trainer import train_project


@pytest.fixture(scope="module")
def model(small_project, small_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehead")
    trained = train_project(small_project, replace(small_config, steps=5), folder / "run")
    export_bundle(trained, folder / "small.lipmodel", BundleLabel("small"))
    return folder / "small.lipmodel"


def write_head(path, change):
    with np.load(default_head_path()) as archive:
        arrays = {key: archive[key] for key in archive.files}
    change(arrays)
    np.savez(path, **arrays)


def test_a_model_moves_a_larger_head_by_larger_steps(model, tmp_path):
    def grow(arrays):
        arrays["vertices"] *= 1.5
        arrays["shape_deltas"] *= 1.5

    write_head(tmp_path / "large.npz", grow)
    rehead(model, tmp_path / "large.npz", tmp_path / "large.lipmodel")
    before, after = load_bundle(model), load_bundle(tmp_path / "large.lipmodel")
    assert after.manifest.head_hash == load_head(tmp_path / "large.npz").hash
    np.testing.assert_allclose(after.basis, 1.5 * before.basis, atol=1e-6)
    np.testing.assert_allclose(after.mean_offset, 1.5 * before.mean_offset, atol=1e-6)
    assert after.graphs == before.graphs


def test_a_shape_that_was_redrawn_is_redrawn_in_the_model(model, tmp_path):
    head = load_head(default_head_path())
    jaw = head.shape_names.index("jawOpen")

    def redraw(arrays):
        arrays["shape_deltas"][jaw] *= 2

    write_head(tmp_path / "other.npz", redraw)
    rehead(model, tmp_path / "other.npz", tmp_path / "other.lipmodel")
    before, after = load_bundle(model), load_bundle(tmp_path / "other.lipmodel")
    extra = (after.basis - before.basis).reshape(len(before.basis), -1)
    shape = head.shape_deltas[jaw].ravel()
    along = extra @ shape / (shape @ shape)
    assert np.abs(along).max() > 1e-3
    np.testing.assert_allclose(extra, np.outer(along, shape), atol=1e-6)


def test_motion_beyond_the_shapes_asks_for_training(model):
    bundle = load_bundle(model)
    wild = bundle.basis + 0.01 * np.random.default_rng(0).standard_normal(bundle.basis.shape).astype(
        np.float32
    )
    with pytest.raises(LipwrightError, match="train it again"):
        shape_mixture(replace(bundle, basis=wild))
