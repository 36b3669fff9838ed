"""An ONNX graph put together node by node with `onnx.helper`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

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


def as_array(values: Tensor | nn.Module | None) -> NDArray[np.float32]:
    """Return a parameter or buffer as a float32 array."""
    assert isinstance(values, torch.Tensor)  # noqa: S101 - nn.Module types its members loosely
    return np.asarray(values.detach().cpu().numpy(), np.float32)
