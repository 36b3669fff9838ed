"""The ONNX nodes of layers in eight bits, see `training.networks.eight_bits`, over one matrix [N, C].

They are written as the standard's pairs of `QuantizeLinear` and `DequantizeLinear` around a `Gemm`: runtimes
that know eight bits make one fast product of that, all others compute the same numbers slowly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export.graph_builder import GraphBuilder, as_array

if TYPE_CHECKING:
    from training.networks.eight_bits import EightBitLinear

#: Where a slice ends that goes on to the end.
END = int(np.iinfo(np.int64).max)


def eight_bits(build: GraphBuilder, x: str, layer: EightBitLinear) -> str:
    """Add a layer over [N, C] and return its name."""
    return _product(build, _whole(build, x, layer), layer)


def eight_bit_frames(build: GraphBuilder, x: str, layer: EightBitLinear, look: tuple[int, int, int]) -> str:
    """Add a convolution over time [N, C] and return its name; each frame is rounded once for all taps.

    Args:
        build: The graph.
        x: Name of the frames.
        layer: What to do with those that an output sees, side by side.
        look: Taps, stride and dilation.
    """
    return _product(build, seen_frames(build, _whole(build, x, layer), look), layer)


def seen_frames(build: GraphBuilder, x: str, look: tuple[int, int, int]) -> str:
    """Add the frames [M, taps * C] that the outputs of a convolution see, as `networks.taps` does."""
    taps, stride, dilation = look
    starts = [tap * dilation for tap in range(taps)]
    seen = [build.slice(x, 0, start, (start - starts[-1]) or END, stride) for start in starts]
    return build.add("Concat", seen, axis=1)


def _whole(build: GraphBuilder, x: str, layer: EightBitLinear) -> str:
    return build.add("QuantizeLinear", [x, *_scale(build, layer)])


def _scale(build: GraphBuilder, layer: EightBitLinear) -> list[str]:
    step = as_array(layer.get_buffer("step"))
    return [build.weight(step), build.weight(np.array(layer.zero_point, np.uint8))]


def _product(build: GraphBuilder, whole: str, layer: EightBitLinear) -> str:
    step, rows, weight, bias = (
        as_array(layer.get_buffer(name)) for name in ("step", "row_steps", "weight", "bias")
    )
    # These zero points could be left out, but onnxruntime makes one product only of nodes that have them.
    none = np.zeros(len(rows))
    columns = [build.weight(weight.T.astype(np.int8)), build.weight(rows), build.weight(none.astype(np.int8))]
    sums = [build.weight(n) for n in (bias.astype(np.int32), rows * step, none.astype(np.int32))]
    inputs = [
        build.add("DequantizeLinear", [whole, *_scale(build, layer)]),
        build.add("DequantizeLinear", columns, axis=1),
        build.add("DequantizeLinear", sums, axis=0),
    ]
    return build.add("Gemm", inputs)
