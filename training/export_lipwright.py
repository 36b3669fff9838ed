"""The two ONNX graphs of our own network, see `training.networks.lipwright`.

The face graph ends with the sealed coefficients of the project's motion basis, so that whoever runs it gets
lips that meet; nothing is left to the program around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export_onnx import GraphBuilder, as_array
from training.networks.lipwright import DILATIONS, FACE_FIELD, SPEECH_FIELD, SPEECH_STRIDE, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from training.networks.lipwright import Network


def _conv(build: GraphBuilder, x: str, layer: nn.Conv1d, stride: int = 1, dilation: int = 1) -> str:
    inputs = [x, build.weight(as_array(layer.weight)), build.weight(as_array(layer.bias))]
    return build.add("Relu", [build.add("Conv", inputs, strides=[stride], dilations=[dilation])])


def _linear(build: GraphBuilder, x: str, layer: nn.Linear) -> str:
    product = build.add("MatMul", [x, build.weight(as_array(layer.weight).T)])
    return build.add("Add", [product, build.weight(as_array(layer.bias))])


def speech_graph(network: Network, channels: int) -> bytes:
    """Return the graph features [1, N, C] -> code [1, (N - 93) // 2 + 1, 192].

    Args:
        network: Trained network.
        channels: C.
    """
    build = GraphBuilder()
    x = build.add("Transpose", ["features"], perm=[0, 2, 1])
    for layer, stride in zip(network.stem, (1, SPEECH_STRIDE), strict=True):
        x = _conv(build, x, layer, stride)
    for layer, dilation in zip(network.context, DILATIONS, strict=True):
        inside = build.slice(x, 2, dilation, -dilation)
        x = build.add("Add", [inside, _conv(build, x, layer, 1, dilation)])
    build.add("Transpose", [x], "code", perm=[0, 2, 1])
    assert SPEECH_FIELD % 2 == 1  # noqa: S101 - a window needs a middle
    return build.finish("speech", {"features": [1, "N", channels]}, {"code": [1, "M", WIDTH]})


def face_graph(network: Network, neutral: NDArray[np.float32]) -> bytes:
    """Return the graph code [1, M, 192], emotion [1, M, E] -> sealed coefficients [1, M - 2, R].

    Args:
        network: Trained network.
        neutral: [E] latent vector that the zero emotion of the bundle stands for.
    """
    build, margin = GraphBuilder(), (FACE_FIELD - 1) // 2
    emotion = build.add("Add", ["emotion", build.weight(neutral.astype(np.float32))])
    joined = build.add("Transpose", [build.add("Concat", ["code", emotion], axis=2)], perm=[0, 2, 1])
    heard = build.add("Transpose", [_conv(build, joined, network.articulation)], perm=[0, 2, 1])
    code = build.slice("code", 1, margin, -margin)
    x = build.add("Add", [heard, code])
    x = build.add("Concat", [x, build.slice(emotion, 1, margin, -margin)], axis=2)
    pose = _linear(build, _linear(build, x, network.bottleneck), network.output)
    touch = build.add("Sigmoid", [_linear(build, code, network.touch)])
    gap = build.add("MatMul", [pose, build.weight(as_array(network.get_buffer("gaps")))])
    apart = build.add("Sub", [build.weight(np.ones(1, np.float32)), touch])
    wanted = build.add("Mul", [build.add("Relu", [gap]), apart])
    change = build.add("Sub", [wanted, gap])
    closing = build.weight(as_array(network.get_buffer("closing")))
    build.add("Add", [pose, build.add("MatMul", [change, closing])], "coefficients")
    size, outputs = network.emotion_size, network.output.weight.shape[0]
    return build.finish(
        "face", {"code": [1, "M", WIDTH], "emotion": [1, "M", size]}, {"coefficients": [1, "T", outputs]}
    )
