"""The ONNX nodes of contact: of the trunk that listens for it, and of how far it is acted on.

See `training.networks.contact_trunk` and `contact_share`. Inside, the trunk is one matrix [M, C].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.export.eight_bits import END, eight_bit_frames, eight_bits, seen_frames
from training.export.graph_builder import GraphBuilder, as_array
from training.networks.contact_share import (
    CERTAIN,
    HOLD,
    LEAST_BELIEF,
    NOTHING,
    PEAK_REACH,
    RAMP,
    SHARPNESS,
)
from training.networks.contact_trunk import TAPS
from training.networks.phone_contacts import DOUBTED, PHONE_SHARE, POSSIBLE, TOUCHING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from training.networks.contact_trunk import Block, ContactTrunk, Frames


def contact_nodes(build: GraphBuilder, features: str, trunk: ContactTrunk) -> str:
    """Add the trunk to a graph.

    Args:
        build: The graph.
        features: Name of the features [1, N, C] in it.
        trunk: Trained.

    Returns:
        Name of what listens for contact [1, M, 256].
    """
    x = build.add("Squeeze", [features, build.weight(np.zeros(1, np.int64))])
    x = build.add("Relu", [_frames(build, x, trunk.stem[0])])
    x = _frames(build, x, trunk.stem[1])
    return blocks_nodes(build, x, trunk.blocks, trunk.norm)


def blocks_nodes(build: GraphBuilder, x: str, blocks: Iterable[Block], norm: nn.LayerNorm) -> str:
    """Add blocks over [M, C] and the layer that ends a trunk, and return what is heard, [1, M', C]."""
    for block in blocks:
        x = _block(build, x, block)
    heard = build.add("Relu", [_layer_norm(build, x, as_array(norm.weight), as_array(norm.bias), norm.eps)])
    return build.add("Unsqueeze", [heard, build.weight(np.zeros(1, np.int64))])


def logit_nodes(build: GraphBuilder, heard: str, touch_layer: nn.Linear, phone_layer: nn.Linear) -> str:
    """Add the log-odds of contact [1, M, 2] by what an ear hears [1, M, C], and return their name."""
    touch, phones = (linear_nodes(build, heard, layer) for layer in (touch_layer, phone_layer))
    named = build.add("Softmax", [phones], axis=2)
    sure, possible = (
        build.add("MatMul", [named, build.weight(as_array(which))]) for which in (TOUCHING, POSSIBLE)
    )
    odds = build.add("Add", [sure, build.add("Mul", [possible, build.add("Sigmoid", [touch])])])
    least, most, one, share, rest = (
        build.weight(np.full(1, number, np.float32))
        for number in (DOUBTED, 1 - DOUBTED, 1, PHONE_SHARE, 1 - PHONE_SHARE)
    )
    odds = build.add("Min", [build.add("Max", [odds, least]), most])
    logit = build.add("Log", [build.add("Div", [odds, build.add("Sub", [one, odds])])])
    return build.add("Add", [build.add("Mul", [touch, rest]), build.add("Mul", [logit, share])])


def share_nodes(build: GraphBuilder, logit: str) -> str:
    """Add how far contacts are acted on [1, 2, M - 16] by their log-odds [1, 2, M], and return its name."""
    least, power, nothing, rest, zero, one = (
        build.weight(np.full(1, number, np.float32))
        for number in (LEAST_BELIEF, SHARPNESS, NOTHING, 1 - NOTHING, 0, 1)
    )
    certain = build.weight(np.array(CERTAIN, np.float32)[None, :, None])
    belief = build.add("Sigmoid", [logit])
    peak = build.add("Max", [highest_nodes(build, belief, PEAK_REACH), least])
    belief = build.slice(belief, 2, PEAK_REACH, -PEAK_REACH)
    sharp = build.add("Pow", [build.add("Div", [belief, peak]), power])
    share = build.add("Min", [build.add("Div", [build.add("Mul", [belief, sharp]), certain]), one])
    over = build.add("Div", [build.add("Sub", [build.add("Div", [peak, certain]), nothing]), rest])
    acted_on = build.add("Min", [build.add("Max", [over, zero]), one])
    share = build.add("Mul", [share, acted_on])
    taps = build.weight(np.tile(np.array(RAMP, np.float32), (2, 1, 1)))
    ramped = build.add("Conv", [highest_nodes(build, share, HOLD), taps], group=2)
    return build.add("Min", [ramped, one])


def highest_nodes(build: GraphBuilder, values: str, reach: int) -> str:
    """Return the highest of the neighbouring values [1, K, M - 2 * reach]."""
    return build.add("MaxPool", [values], kernel_shape=[2 * reach + 1], strides=[1])


def linear_nodes(build: GraphBuilder, x: str, layer: nn.Linear, scale: float = 1.0) -> str:
    """Add a layer over [1, M, C], scaled, and return the name of what it makes; a `Gemm` takes no batch."""
    product = build.add("MatMul", [x, build.weight(scale * as_array(layer.weight).T)])
    return build.add("Add", [product, build.weight(scale * as_array(layer.bias))])


def _linear(build: GraphBuilder, x: str, layer: nn.Linear) -> str:
    inputs = [x, build.weight(as_array(layer.weight).T), build.weight(as_array(layer.bias))]
    return build.add("Gemm", inputs)


def _frames(build: GraphBuilder, x: str, layer: Frames) -> str:
    """Return a convolution over time [N, C]; a `Conv` would need the channels first."""
    look = (layer.taps, layer.stride, 1)
    if layer.rounded is not None:
        return eight_bit_frames(build, x, layer.rounded, look)
    return _linear(build, seen_frames(build, x, look), layer)


def _block(build: GraphBuilder, x: str, block: Block) -> str:
    ends = [(tap - TAPS + 1) * block.dilation or END for tap in range(TAPS)]
    seen = [build.slice(x, 0, tap * block.dilation, end) for tap, end in enumerate(ends)]
    weights = [build.weight(weight) for weight in as_array(block.taps)]
    first, middle, last = (
        build.add("Mul", [part, weight]) for part, weight in zip(seen, weights, strict=True)
    )
    around = build.add("Add", [build.add("Add", [first, middle]), last])
    if block.rounded:
        widen, narrow = block.rounded
        ones = np.ones(widen.get_buffer("weight").shape[1], np.float32)
        normal = _layer_norm(build, around, ones, 0 * ones, block.norm.eps)
        heard = eight_bits(build, build.add("Relu", [eight_bits(build, normal, widen)]), narrow)
    else:
        scale, shift = as_array(block.norm.weight), as_array(block.norm.bias)
        normal = _layer_norm(build, around, scale, shift, block.norm.eps)
        heard = _linear(build, build.add("Relu", [_linear(build, normal, block.widen)]), block.narrow)
    return build.add("Add", [seen[TAPS // 2], heard])


def _layer_norm(build: GraphBuilder, x: str, scale: np.ndarray, shift: np.ndarray, eps: float) -> str:
    inputs = [x, build.weight(scale), build.weight(shift)]
    return build.add("LayerNormalization", inputs, axis=-1, epsilon=eps)
