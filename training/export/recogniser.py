"""The ONNX nodes of the second ear for contact, see `training.networks.recogniser_trunk`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.recording_colour import AROUND, CEPSTRA
from training.export.contact import blocks_nodes
from training.export.eight_bits import END, eight_bits
from training.export.graph_builder import GraphBuilder, as_array
from training.networks.eight_bits import EightBitLinear
from training.networks.phone_likelihoods import (
    DOUBTFUL,
    LEAST,
    MIDDLE,
    SPREAD,
    STRIDE,
    SURE,
)
from training.networks.recogniser_trunk import BEYOND
from training.second_ear.acoustic_model import STREAMS

if TYPE_CHECKING:
    from torch import nn

    from training.networks.phone_likelihoods import PhoneLikelihoods
    from training.networks.recogniser_trunk import RecogniserTrunk


def recogniser_nodes(build: GraphBuilder, features: str, trunk: RecogniserTrunk, bands: int) -> str:
    """Add the trunk to a graph.

    Args:
        build: The graph.
        features: Name of the features [1, N, C + 13] in it, the recording's colour last.
        trunk: Trained.
        bands: C.

    Returns:
        Name of what the second ear hears [1, M, 128], at the moments of the first.
    """
    x = build.add("Squeeze", [features, build.weight(np.zeros(1, np.int64))])
    x = build.slice(x, 0, BEYOND, -BEYOND)
    said = _likelihood_nodes(
        build, build.slice(x, 1, 0, bands), build.slice(x, 1, bands, END), trunk.likelihoods
    )
    code = _layer(build, said, trunk.stem if trunk.rounded is None else trunk.rounded)
    return blocks_nodes(build, code, trunk.blocks, trunk.norm)


def _likelihood_nodes(build: GraphBuilder, features: str, colour: str, likelihoods: PhoneLikelihoods) -> str:
    """Return what a recogniser would say [M, 252] of features [N, C] and their colour [N, 13]."""
    seen = _streams(build, features, colour, likelihoods)
    total = _answer(build, seen, likelihoods)
    sure = build.add("LogSoftmax", [build.add("Mul", [total, build.number(SURE)])], axis=1)
    sure = build.add("Div", [build.add("Max", [sure, build.number(LEAST)]), build.number(SPREAD)])
    doubtful = build.add("Softmax", [build.add("Mul", [total, build.number(DOUBTFUL)])], axis=1)
    doubtful = build.add("Mul", [doubtful, build.number(SPREAD)])
    return build.add("Concat", [build.add("Add", [sure, build.number(MIDDLE)]), doubtful], axis=1)


def _answer(build: GraphBuilder, seen: str, likelihoods: PhoneLikelihoods) -> str:
    """Return the log-likelihoods of all states [M, 126] of frames [M, 39]."""
    mean, std = (build.weight(as_array(likelihoods.get_buffer(f"stream_{name}"))) for name in ("mean", "std"))
    code = build.add("Div", [build.add("Sub", [seen, mean]), std])
    first, *others = likelihoods.layers
    code = _layer(build, code, first)
    for layer in likelihoods.rounded or others:
        code = _layer(build, build.add("Relu", [code]), layer)
    return code


def _layer(build: GraphBuilder, code: str, layer: nn.Linear | EightBitLinear) -> str:
    """Return what a layer makes of frames [M, C]."""
    if isinstance(layer, EightBitLinear):
        return eight_bits(build, code, layer)
    weight, bias = build.weight(as_array(layer.weight).T), build.weight(as_array(layer.bias))
    return build.add("Gemm", [code, weight, bias])


def _streams(build: GraphBuilder, features: str, colour: str, likelihoods: PhoneLikelihoods) -> str:
    """Return cepstra, slopes and bends, [M, 39]."""
    mean, std, bands, emphasis, cosines, taps = (
        as_array(likelihoods.get_buffer(name))
        for name in ("mean", "std", "bands", "emphasis", "cosines", "taps")
    )
    raw = build.add("Add", [build.add("Mul", [features, build.weight(std)]), build.weight(mean)])
    power = build.add("Exp", [raw])
    parts = [
        build.add("Mul", [build.slice(power, 0, start, start - 2 or END), build.number(weight)])
        for start, weight in enumerate(AROUND)
    ]
    around = build.add("Add", [build.add("Add", parts[:2]), parts[2]])
    logs = build.add("Log", [build.add("MatMul", [around, build.weight(bands)])])
    cepstra = build.add("MatMul", [build.add("Add", [logs, build.weight(emphasis)]), build.weight(cosines)])
    cepstra = build.add("Sub", [cepstra, build.slice(colour, 0, 1, -1)])
    along = build.add(
        "Unsqueeze", [build.add("Transpose", [cepstra], perm=[1, 0]), build.weight(np.ones(1, np.int64))]
    )
    kernel = build.weight(taps[:, None])  # every coefficient is a batch of one channel: [13, 1, N]
    seen = build.add("Conv", [along, kernel], strides=[STRIDE])  # [13, 3, M]
    seen = build.add("Transpose", [seen], perm=[2, 1, 0])  # [M, 3, 13]
    return build.add("Reshape", [seen, build.weight(np.array([-1, STREAMS * CEPSTRA], np.int64))])
