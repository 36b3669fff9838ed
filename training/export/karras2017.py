"""From a trained karras2017 to the two ONNX graphs of a model bundle, built node by node.

The speech graph holds the formant analysis and the first articulation layer, which no emotion reaches; the
face graph holds the rest as dilated convolutions over a whole line. The final linear layer ("linear to 3V")
is no part of a graph: its weights are the bundle's basis, so that vertices are made only on demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export.graph_builder import GraphBuilder, as_array
from training.networks.karras2017 import ARTICULATION, FACE_STRIDE, FORMANT_CHANNELS, SPEECH_STRIDE, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.networks.karras2017 import Network


def speech_graph(network: Network, channels: int) -> bytes:
    """Return the graph features [1, N, C] -> code [1, (N - 3) // 2 + 1, 256].

    Args:
        network: Trained network.
        channels: C.
    """
    build = GraphBuilder()
    x = build.add("Unsqueeze", ["features", build.weight(np.array([1], np.int64))])
    ins = (1, *FORMANT_CHANNELS[:-1])
    for layer, width in zip(network.formants.layers, ins, strict=True):
        kernel = as_array(layer.weight).reshape(-1, width, 1, 3)
        inputs = [x, build.weight(kernel), build.weight(as_array(layer.bias))]
        x = build.add("Conv", inputs, strides=[1, 2], pads=[0, 1, 0, 1], kernel_shape=[1, 3])
        x = build.add("Relu", [x])
    collapse = network.formants.collapse
    kernel = as_array(collapse.weight).reshape(WIDTH, FORMANT_CHANNELS[-1], 1, -1)
    x = build.add("Conv", [x, build.weight(kernel), build.weight(as_array(collapse.bias))])
    x = build.add("Squeeze", [build.add("Relu", [x]), build.weight(np.array([3], np.int64))])
    inputs = [x, build.weight(as_array(network.listen.weight)), build.weight(as_array(network.listen.bias))]
    x = build.add("Relu", [build.add("Conv", inputs, strides=[SPEECH_STRIDE])])
    build.add("Transpose", [x], "code", perm=[0, 2, 1])
    return build.finish("speech", {"features": [1, "N", channels]}, {"code": [1, "M", WIDTH]})


def face_graph(network: Network, neutral: NDArray[np.float32]) -> bytes:
    """Return the graph code [1, M, 256], emotion [1, M, E] -> coefficients [1, (M - 39) // 2 + 1, P].

    Args:
        network: Trained network.
        neutral: [E] latent vector that the zero emotion of the bundle stands for.
    """
    build = GraphBuilder()
    size, width = network.emotion_size, network.bottleneck.weight.shape[0]
    shifted = build.add("Add", ["emotion", build.weight(neutral.astype(np.float32))])
    e = build.add("Transpose", [shifted], perm=[0, 2, 1])
    x = build.add("Transpose", ["code"], perm=[0, 2, 1])
    for index, (layer, (taps, dilation)) in enumerate(zip(network.articulation, ARTICULATION, strict=True)):
        stride, margin = (FACE_STRIDE if index == 0 else 1), (taps - 1) * dilation // 2
        joined = build.add("Concat", [x, e], axis=1)
        inputs = [joined, build.weight(as_array(layer.weight)), build.weight(as_array(layer.bias))]
        x = build.add("Relu", [build.add("Conv", inputs, strides=[stride], dilations=[dilation])])
        e = build.slice(e, 2, margin, -margin, stride)
    joined = build.add("Concat", [x, e], axis=1)
    kernel = as_array(network.bottleneck.weight)[:, :, None]
    x = build.add("Conv", [joined, build.weight(kernel), build.weight(as_array(network.bottleneck.bias))])
    build.add("Transpose", [x], "coefficients", perm=[0, 2, 1])
    return build.finish(
        "face", {"code": [1, "M", WIDTH], "emotion": [1, "M", size]}, {"coefficients": [1, "T", width]}
    )


def vertex_output(
    network: Network, basis: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the final linear layer in vertices: basis [P, V, 3] and mean offset [V, 3], metres.

    Args:
        network: Trained network.
        basis: [R, V, 3] the project's motion basis.
    """
    weight = as_array(network.output.weight).astype(np.float64)
    offset = np.tensordot(as_array(network.output.bias).astype(np.float64), basis, axes=1)
    return np.tensordot(weight.T, basis, axes=1).astype(np.float32), offset.astype(np.float32)
