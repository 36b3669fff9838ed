import copy

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from training.export.contact import contact_nodes
from training.export.graph_builder import GraphBuilder
from training.export.lipwright import motion_nodes
from training.networks.contact_trunk import CONTACT_WIDTH, ContactTrunk
from training.networks.eight_bits import EightBitLinear
from training.networks.lipwright import WIDTH
from training.networks.speech_trunk import SpeechTrunk

CHANNELS = 40


@pytest.fixture(scope="module")
def heard():
    return torch.randn(4, 200, CHANNELS, generator=torch.Generator().manual_seed(1))


def contact_trunk():
    """A trunk whose blocks do something, as after training."""
    torch.manual_seed(2)
    trunk = ContactTrunk(CHANNELS).eval()
    for block in trunk.blocks:
        torch.nn.init.normal_(block.narrow.weight, std=0.03)
        torch.nn.init.normal_(block.norm.weight, 1.0, 0.2)
        torch.nn.init.normal_(block.norm.bias, 0.0, 0.2)
    return trunk


def motion_trunk():
    torch.manual_seed(4)
    return SpeechTrunk(CHANNELS, WIDTH, 0.0).eval()


@pytest.fixture(scope="module", params=[contact_trunk, motion_trunk])
def trunk(request):
    return request.param()


@pytest.fixture(scope="module")
def rounded(trunk, heard):
    trunk = copy.deepcopy(trunk)
    trunk.round_off(heard)
    return trunk


def graph_of(trunk):
    """Return a graph of a trunk alone, from "features" to "heard" [1, M, width]."""
    build = GraphBuilder()
    if isinstance(trunk, ContactTrunk):
        build.add("Identity", [contact_nodes(build, "features", trunk)], "heard")
        width = CONTACT_WIDTH
    else:
        build.add("Transpose", [motion_nodes(build, "features", trunk)], "heard", perm=[0, 2, 1])
        width = WIDTH
    return build.finish("trunk", {"features": [1, "N", CHANNELS]}, {"heard": [1, "M", width]})


def rounded_layers(trunk):
    return sum(isinstance(part, EightBitLinear) for part in trunk.modules())


@pytest.mark.parametrize("lowest", [0.0, -3.0])
def test_a_rounded_layer_computes_what_the_layer_does_within_its_steps(lowest):
    torch.manual_seed(3)
    layer, seen = torch.nn.Linear(32, 16), torch.rand(500, 32) * (3 - lowest) + lowest
    eight = EightBitLinear(layer.weight, layer.bias, seen)
    with torch.no_grad():
        error = (eight(seen) - layer(seen)).abs()
        weight_step, input_step = layer.weight.abs().max() / 63, (3 - lowest) / 255
        assert error.max() < 32 * 0.5 * (weight_step * 3 + input_step * layer.weight.abs().max())
        assert error.mean() < 0.01
    assert set(np.unique(eight.get_buffer("weight"))) <= set(range(-63, 64))


def test_what_lies_beyond_the_steps_counts_as_their_end():
    eight = EightBitLinear(torch.eye(2), torch.zeros(2), torch.tensor([[0.0, 2.0]]))
    far = eight(torch.tensor([[-5.0, 9.0], [0.0, 2.0]]))
    torch.testing.assert_close(far, torch.tensor([[0.0, 2.0], [0.0, 2.0]]))


def test_a_layer_that_hears_nothing_is_its_bias():
    eight = EightBitLinear(torch.zeros(3, 2), torch.tensor([1.0, -2.0, 0.0]), torch.zeros(5, 2))
    torch.testing.assert_close(eight(torch.zeros(1, 2)), torch.tensor([[1.0, -2.0, 0.0]]))


def test_a_rounded_trunk_hears_what_it_heard(trunk, rounded, heard):
    with torch.no_grad():
        exact, about = trunk(heard), rounded(heard)
    assert not torch.equal(exact, about)
    assert (about - exact).std() < 0.06 * exact.std()


def test_rounding_leaves_the_weights_that_learn_alone(trunk, rounded):
    learned = trunk.state_dict()
    assert rounded.state_dict().keys() == learned.keys()
    assert all(torch.equal(value, learned[name]) for name, value in rounded.state_dict().items())


def graph_and_network(trunk, heard):
    """Return what a trunk's graph and the trunk itself make of features, [1, M, width] each."""
    session = onnxruntime.InferenceSession(graph_of(trunk), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        return session.run(None, {"features": heard[:1].numpy()})[0], trunk(heard[:1]).numpy()


def test_the_graph_hears_what_the_network_hears(trunk, heard):
    found, expected = graph_and_network(trunk, heard)
    assert np.abs(found - expected).max() < 1e-4


def test_the_graph_of_a_rounded_trunk_differs_by_less_than_rounding_does(trunk, rounded, heard):
    found, expected = graph_and_network(rounded, heard)
    with torch.no_grad():
        rounding = expected - trunk(heard[:1]).numpy()
    # A sum in the middle between two steps is rounded the other way by some processors, and a step that
    # differs is heard in all frames around it.
    assert np.abs(found - expected).max() < 0.1
    assert (found - expected).std() < 0.5 * rounding.std()


def test_onnxruntime_multiplies_a_rounded_trunk_in_whole_numbers(rounded, tmp_path):
    path, graph = tmp_path / "optimised.onnx", graph_of(rounded)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.optimized_model_filepath = 4, str(path)
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    products = [node.op_type for node in onnx.load(path).graph.node]
    assert products.count("QGemm") == rounded_layers(rounded) >= 6
    assert products.count("Gemm") + products.count("FusedGemm") == 1
