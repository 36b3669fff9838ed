"""From a trained karras2017 to the two ONNX graphs of a model bundle, built node by node with `onnx.helper`.

The speech graph holds the formant analysis and the first articulation layer, which no emotion reaches; the
face graph holds the rest as dilated convolutions over a whole line. The final linear layer ("linear to 3V")
is no part of a graph: its weights are the bundle's basis, so that vertices are made only on demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from training.networks.karras2017 import ARTICULATION, FACE_STRIDE, FORMANT_CHANNELS, SPEECH_STRIDE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from training.networks.karras2017 import Network

#: ONNX operator set and file version: old enough for every onnxruntime of the last years.
OPSET, IR_VERSION = 17, 8


class GraphBuilder:
    """Collects nodes and weights of one graph."""

    def __init__(self) -> None:
        """Start empty."""
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def weight(self, values: NDArray[np.generic]) -> str:
        """Add a constant, once, and return its name: each takes a program time to read and to check."""
        content = str(values.dtype), values.shape, values.tobytes()
        name = self._names.setdefault(content, f"w{len(self.weights)}")
        if name == f"w{len(self.weights)}":
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        """Add a constant [1] and return its name."""
        return self.weight(np.full(1, value, np.float32))

    def add(self, operator: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:  # noqa: ANN401 - as ONNX has them
        """Add a node with one output and return that output's name."""
        output = output or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def slice(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """Add `x[..., start:stop:step]` along `axis`."""
        parts = [self.weight(np.array([v], np.int64)) for v in (start, stop, axis, step)]
        return self.add("Slice", [x, *parts])

    def finish(
        self, name: str, inputs: dict[str, list[int | str]], outputs: dict[str, list[int | str]]
    ) -> bytes:
        """Return the checked graph as bytes."""
        kind = TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(k, kind, shape) for k, shape in inputs.items()],
            [helper.make_tensor_value_info(k, kind, shape) for k, shape in outputs.items()],
            self.weights,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="lipwright",
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


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


def as_array(values: Tensor | nn.Module | None) -> NDArray[np.float32]:
    """Return a parameter or buffer as a float32 array."""
    assert isinstance(values, torch.Tensor)  # noqa: S101 - nn.Module types its members loosely
    return np.asarray(values.detach().cpu().numpy(), np.float32)
