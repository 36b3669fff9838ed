import io

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from training.export.karras2017 import face_graph, speech_graph
from training.networks import karras2017


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return karras2017.Network(channels=32, emotion_size=16, components=20, outputs=30, dropout=0.5).eval()


def run(graph, **inputs):
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]


def test_window_is_half_a_second_and_layers_shrink_as_documented(network):
    sizes, size = [], karras2017.WINDOW
    for kernel in (3, 3, 3, 3):
        size = (size - kernel) // 2 + 1
        sizes.append(size)
    assert (karras2017.WINDOW, sizes) == (79, [39, 19, 9, 4])
    assert network(torch.zeros(1, 79, 32), torch.zeros(1, 39, 16)).shape == (1, 1, 30)


@pytest.mark.parametrize("extra", [0, 1, 2, 3, 57])
def test_whole_line_equals_single_windows(network, extra):
    features, emotion = torch.randn(1, 79 + extra, 32), torch.randn(1, 16)
    windows = features[0].unfold(0, 79, 4).transpose(1, 2)
    codes = (features.shape[1] - 3) // 2 + 1
    with torch.no_grad():
        line = network(features, emotion[:, None].expand(-1, codes, -1))[0]
        single = network.forward_window(windows, emotion.expand(len(windows), -1))
    assert line.shape[0] >= len(windows) > extra // 4
    torch.testing.assert_close(line[: len(windows)], single, atol=2e-5, rtol=0)


@pytest.mark.parametrize("channels", [32, 40, 64])
def test_speech_graph_equals_torch(channels):
    torch.manual_seed(channels)
    net = karras2017.Network(channels, 16, 20, 30, 0.0).eval()
    features = np.random.default_rng(0).standard_normal((1, 131, channels)).astype(np.float32)
    with torch.no_grad():
        expected = net.speech_code(torch.tensor(features)).numpy()
    np.testing.assert_allclose(run(speech_graph(net, channels), features=features), expected, atol=2e-5)


@pytest.mark.parametrize("frames", [39, 40, 80, 81])
def test_face_graph_equals_torch_when_the_emotion_changes_over_time(network, frames):
    rng = np.random.default_rng(frames)
    code = rng.random((1, frames, 256), np.float32)
    emotion = rng.standard_normal((1, frames, 16)).astype(np.float32)
    with torch.no_grad():
        expected = network.face(torch.tensor(code), torch.tensor(emotion)).numpy()
        bottleneck = run(face_graph(network, np.zeros(16, np.float32)), code=code, emotion=emotion)
        ours = network.output(torch.tensor(bottleneck)).numpy()
    assert ours.shape[1] == (frames - 39) // 2 + 1
    np.testing.assert_allclose(ours, expected, atol=2e-5)


def test_emotion_reaches_the_face_and_neutral_shifts_it(network):
    code = np.random.default_rng(1).random((1, 39, 256), np.float32)
    zero, one = np.zeros((1, 39, 16), np.float32), np.ones((1, 39, 16), np.float32)
    plain = face_graph(network, np.zeros(16, np.float32))
    shifted = face_graph(network, np.ones(16, np.float32))
    assert np.abs(run(plain, code=code, emotion=one) - run(plain, code=code, emotion=zero)).max() > 1e-2
    np.testing.assert_allclose(
        run(plain, code=code, emotion=one), run(shifted, code=code, emotion=zero), atol=1e-6
    )


def test_graphs_keep_to_old_operators_and_carry_their_weights(network):
    for graph in (speech_graph(network, 32), face_graph(network, np.zeros(16, np.float32))):
        model = onnx.load(io.BytesIO(graph))
        assert model.opset_import[0].version <= 17
        assert all(w.data_location == onnx.TensorProto.DEFAULT for w in model.graph.initializer)


def test_output_starts_from_pca():
    net = karras2017.Network(32, 16, 4, 6, 0.0)
    mean, directions = torch.randn(6), torch.randn(4, 6)
    net.start_from_pca(mean, directions)
    torch.testing.assert_close(net.output(torch.eye(4)), mean + directions)
