"""The two ONNX graphs of our own network, see `training.networks.lipwright`.

The face graph ends with the sealed coefficients of the project's motion basis, so that whoever runs it gets
lips that meet; nothing is left to the program around it.

What the articulation layer makes of the sound alone does not depend on emotion, so the exported code carries
it beside the network's own: the face graph, which runs anew for every emotion, is left a third of the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.recording_colour import CEPSTRA
from training.export.contact import (
    contact_nodes,
    highest_nodes,
    linear_nodes,
    logit_nodes,
    share_nodes,
)
from training.export.eight_bits import eight_bit_frames, seen_frames
from training.export.graph_builder import GraphBuilder, as_array
from training.export.recogniser import recogniser_nodes
from training.networks.contact_share import CONTACT_REACH
from training.networks.expression import LETTING_GO, UNLIMITED
from training.networks.lipwright import (
    AUDIBLE,
    BELIEVABLE,
    BESIDE_TEETH,
    CALM_FRAMES,
    CALM_REACH,
    CONTACTS,
    CUT,
    DOUBT,
    FACE_FIELD,
    LIP_PAIRS,
    REACH,
    REST_FRAMES,
    REST_REACH,
    REST_TAPS,
    RESTING,
    SECOND_EAR,
    SMOOTHING,
    TAKEN_OVER,
    WIDTH,
)
from training.networks.speech_trunk import LOOKS, SPEECH_FIELD, SPEECH_STRIDE, STEM_KERNEL, as_matrix

#: Receptive field in feature frames, and channels, of the exported speech graph: the network's code, as wide
#: what the articulation layer makes of it, and how far lips and teeth are to meet.
EXPORTED_FIELD = SPEECH_FIELD + (FACE_FIELD - 1 + 2 * REACH) * SPEECH_STRIDE
EXPORTED_CHANNELS = 2 * WIDTH + CONTACTS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from training.networks.expression import Expression
    from training.networks.lipwright import Network
    from training.networks.speech_trunk import SpeechTrunk


def motion_nodes(build: GraphBuilder, features: str, trunk: SpeechTrunk) -> str:
    """Return the code [1, 192, M] of features [1, N, C]; inside it is one matrix [M, 192]."""
    x = build.add("Squeeze", [features, build.weight(np.zeros(1, np.int64))])
    x = build.add("Relu", [_frames(build, x, trunk.stem[0], (STEM_KERNEL, 1, 1))])
    for number, (layer, look) in enumerate(zip((trunk.stem[1], *trunk.context), LOOKS, strict=True)):
        rounded = trunk.rounded[number] if trunk.rounded else None
        heard = eight_bit_frames(build, x, rounded, look) if rounded else _frames(build, x, layer, look)
        # Not `Relu`: onnxruntime would join it with the product before it sees the eight bits.
        heard = build.add("Max", [heard, build.weight(np.zeros(1, np.float32))])
        dilation = look[2]
        x = build.add("Add", [build.slice(x, 0, dilation, -dilation), heard]) if number else heard
    x = build.add("Transpose", [x], perm=[1, 0])
    return build.add("Unsqueeze", [x, build.weight(np.zeros(1, np.int64))])


def _frames(build: GraphBuilder, x: str, layer: nn.Conv1d, look: tuple[int, int, int]) -> str:
    """Return a convolution over time [N, C] by taps, stride and dilation."""
    weights = [build.weight(as_array(as_matrix(layer.weight)).T), build.weight(as_array(layer.bias))]
    return build.add("Gemm", [seen_frames(build, x, look), *weights])


def _code(build: GraphBuilder, features: str, contact: str, network: Network) -> str:
    """Return the calm code [1, 192, M] that the pose follows, by features [1, N, C] and contact's trunk."""
    edge = REST_REACH - CALM_REACH  # beyond it only rest looks
    code = motion_nodes(
        build, build.slice(features, 1, edge * SPEECH_STRIDE, -edge * SPEECH_STRIDE), network.speech
    )
    if network.code_from_contact.weight.any():
        more = linear_nodes(
            build, build.slice(contact, 1, edge, -edge), network.code_from_contact, TAKEN_OVER
        )
        code = build.add("Add", [code, build.add("Transpose", [more], perm=[0, 2, 1])])
    for _ in range(2):
        code = build.add("AveragePool", [code], kernel_shape=[CALM_FRAMES])
    return code


def _belief(build: GraphBuilder, heard: str, code: str, network: Network) -> str:
    """Return what the pose of the believed manner adds to the log-odds of lips that touch [1, 1, M].

    The pose is linear in what the articulation layer shows, and so is the gap between its lips.

    Args:
        build: The graph.
        heard: What the articulation layer makes of the sound alone [1, 192, M].
        code: The trunk's code [1, 192, M].
        network: Trained.
    """
    manner = as_array(network.get_buffer("believed_manner"))
    felt = as_array(network.articulation.weight)[:, WIDTH:].sum(2) @ manner
    inside = build.add("Relu", [build.add("Add", [heard, build.weight(felt[None, :, None])])])
    shown = build.add("Add", [inside, code])
    gaps = as_array(network.get_buffer("gaps"))[:, :LIP_PAIRS].mean(1)
    to_output = gaps @ as_array(network.output.weight)
    narrow = as_array(network.bottleneck.weight)
    bias = gaps @ as_array(network.output.bias) + to_output @ (
        as_array(network.bottleneck.bias) + narrow[:, WIDTH:] @ manner
    )
    weight = (to_output @ narrow[:, :WIDTH])[None, :, None]
    gap = build.add("Conv", [shown, build.weight(weight), build.weight(np.array([bias], np.float32))])
    narrowest, widest = (build.weight(np.array([limit], np.float32)) for limit in BELIEVABLE)
    believable = build.add("Min", [build.add("Max", [gap, narrowest]), widest])
    missing = build.add("Sub", [believable, gap])
    return build.add("Mul", [missing, build.weight(np.array([DOUBT], np.float32))])


def _both_ears(build: GraphBuilder, first: str, second: str) -> str:
    """Return the log-odds of contacts [1, M, 2] that both ears decide on, by those that each hears."""
    lips, teeth = (build.slice(first, 2, at, at + 1) for at in range(CONTACTS))
    doubt = build.add("Mul", [build.add("Softplus", [teeth]), build.number(BESIDE_TEETH)])
    again = build.add("Sub", [build.slice(second, 2, 0, 1), doubt])
    parts = [
        build.add("Mul", [x, build.number(share)])
        for x, share in ((lips, 1 - SECOND_EAR), (again, SECOND_EAR))
    ]
    return build.add("Concat", [build.add("Add", parts), teeth], axis=2)


def _rest(build: GraphBuilder, features: str, silence: str, silent_level: float) -> str:
    """Return how far the face rests [1, 1, M - 28] by logits [1, 1, M] of nobody speaking."""
    level = build.add("ReduceMean", [features], axes=[2], keepdims=1)
    margin = SPEECH_FIELD // 2
    level = build.add("Transpose", [build.slice(level, 1, margin, -margin, SPEECH_STRIDE)], perm=[0, 2, 1])
    loudness = build.add("Sub", [level, build.weight(np.full(1, silent_level, np.float32))])
    reach = REST_FRAMES // 2
    awake = build.add("Neg", [_share(build, build.add("Sigmoid", [silence]), RESTING)])
    awake = highest_nodes(build, awake, reach)
    loudest = highest_nodes(build, loudness, reach)
    noise = build.add("Mul", [build.add("Neg", [awake]), _share(build, loudest, AUDIBLE)])
    share = build.add("Max", [noise, _share(build, loudest, CUT)])
    return build.add("Conv", [share, build.weight(np.array(REST_TAPS, np.float32)[None, None])])


def _share(build: GraphBuilder, values: str, limits: tuple[float, float]) -> str:
    """Return how far values lie between two limits, from 0 at the first to 1 at the last."""
    first, span, none, all_of_it = (
        build.weight(np.full(1, number, np.float32)) for number in (limits[0], limits[1] - limits[0], 0, 1)
    )
    share = build.add("Div", [build.add("Sub", [values, first]), span])
    return build.add("Min", [build.add("Max", [share, none]), all_of_it])


def _drawn(build: GraphBuilder, x: str, share: str, to: NDArray[np.float32]) -> str:
    """Return channels [1, C, M] drawn to constants [C] by a share [1, 1, M]."""
    missing = build.add("Sub", [build.weight(to[None, :, None]), x])
    return build.add("Add", [x, build.add("Mul", [share, missing])])


def _expression(
    build: GraphBuilder, expression: Expression, pose: str, code: str, latent: str
) -> tuple[str, str]:
    """Return what emotion adds to a pose [1, T, R], and the share of lip contact that it leaves [1, T, 1]."""
    length = build.add("ReduceL2", [latent], axes=[2], keepdims=1)
    length = build.add("Max", [length, build.weight(np.array([1 / UNLIMITED], np.float32))])
    reach = build.weight(as_array(expression.get_buffer("reach")))
    short = build.add("Min", [build.add("Div", [reach, length]), build.weight(np.ones(1, np.float32))])
    latent = build.add("Mul", [latent, short])
    scale = build.weight(as_array(expression.get_buffer("pose_scale")))
    seen = build.add("Concat", [build.add("Div", [pose, scale]), code], axis=2)
    spoken = linear_nodes(build, seen, expression.spoken)
    felt = build.add("MatMul", [latent, build.weight(as_array(expression.felt.weight).T)])
    seen_so = build.add("Add", [spoken, felt]), spoken
    hidden = [
        build.add("Relu", [linear_nodes(build, build.add("Relu", [x]), expression.mixed)]) for x in seen_so
    ]
    moved = build.add("Sub", hidden)
    change, let_go = (
        build.add("MatMul", [moved, build.weight(as_array(layer.weight).T)])
        for layer in (expression.change, expression.release)
    )
    none, all_of_it = (build.weight(np.full(1, share, np.float32)) for share in LETTING_GO)
    span = build.weight(np.full(1, LETTING_GO[1] - LETTING_GO[0], np.float32))
    inside = build.add("Min", [build.add("Max", [let_go, none]), all_of_it])
    return change, build.add("Div", [build.add("Sub", [all_of_it, inside]), span])


def speech_graph(network: Network, channels: int) -> bytes:
    """Return the graph features [1, N, C] -> code [1, (N - 185) // 2 + 1, 386].

    With a second ear the recording's colour stands behind the features, [1, N, C + 13].

    Args:
        network: Trained network.
        channels: C.
    """
    build = GraphBuilder()
    width, features = channels, "features"
    if network.has_second_ear:
        width, features = channels + CEPSTRA, build.slice("features", 2, 0, channels)
    contact = contact_nodes(build, features, network.contact)
    x = _code(build, features, contact, network)
    touch = logit_nodes(build, contact, network.touch, network.phones)
    if network.has_second_ear:
        again = recogniser_nodes(build, "features", network.recogniser, channels)
        again = logit_nodes(build, again, network.touch_again, network.phones_again)
        touch = _both_ears(build, touch, again)
    touch = build.add("Transpose", [touch], perm=[0, 2, 1])
    layer, margin = network.articulation, (FACE_FIELD - 1) // 2
    edge = REST_REACH + margin - len(SMOOTHING) // 2
    taps = np.tile(np.array(SMOOTHING, np.float32), (CONTACTS, 1, 1))
    logit = build.add("Conv", [build.slice(touch, 2, edge, -edge), build.weight(taps)], group=CONTACTS)
    rest = None
    if network.silent_code is not None:
        silence = build.add("Transpose", [linear_nodes(build, contact, network.silence)], perm=[0, 2, 1])
        rest = _rest(build, features, silence, float(as_array(network.silent_level)))
        x = _drawn(build, x, rest, as_array(network.silent_code))
    code = build.slice(x, 2, margin, -margin)  # and of as many frames more as contact looks ahead and back
    weights = [as_array(layer.weight)[:, :WIDTH], as_array(layer.bias)]
    heard = build.add("Conv", [x, *(build.weight(w) for w in weights)])
    lips, teeth = (build.slice(logit, 1, at, at + 1) for at in range(CONTACTS))
    lips = build.add("Add", [lips, _belief(build, heard, code, network)])
    touch = share_nodes(build, build.add("Concat", [lips, teeth], axis=1))
    if rest is not None and network.silent_share is not None:
        edge = margin + CONTACT_REACH
        touch = _drawn(build, touch, build.slice(rest, 2, edge, -edge), as_array(network.silent_share))
    code, heard = (build.slice(part, 2, CONTACT_REACH, -CONTACT_REACH) for part in (code, heard))
    build.add("Transpose", [build.add("Concat", [code, heard, touch], axis=1)], "code", perm=[0, 2, 1])
    assert EXPORTED_FIELD % 2 == 1  # noqa: S101 - a window needs a middle
    return build.finish("speech", {"features": [1, "N", width]}, {"code": [1, "M", EXPORTED_CHANNELS]})


def face_graph(network: Network, neutral: NDArray[np.float32]) -> bytes:
    """Return the graph code [1, M, 386], emotion [1, M, E] -> sealed coefficients [1, M - 2, R].

    Args:
        network: Trained network.
        neutral: [E] latent vector that the zero emotion of the bundle stands for.
    """
    build, margin = GraphBuilder(), (FACE_FIELD - 1) // 2
    whole = build.add("Add", ["emotion", build.weight(neutral.astype(np.float32))])
    emotion = build.slice(whole, 2, 0, network.manner_size)
    kernel = build.weight(as_array(network.articulation.weight)[:, WIDTH:])
    felt = build.add("Conv", [build.add("Transpose", [emotion], perm=[0, 2, 1]), kernel])
    inside = build.slice("code", 1, margin, -margin)
    code, heard = (build.slice(inside, 2, start, start + WIDTH) for start in (0, WIDTH))
    shown = build.add("Relu", [build.add("Add", [heard, build.add("Transpose", [felt], perm=[0, 2, 1])])])
    x = build.add("Add", [shown, code])
    x = build.add("Concat", [x, build.slice(emotion, 1, margin, -margin)], axis=2)
    pose = linear_nodes(build, linear_nodes(build, x, network.bottleneck), network.output)
    lips, teeth = (build.slice(inside, 2, at, at + 1) for at in (2 * WIDTH, 2 * WIDTH + 1))
    if network.expression is not None:
        latent = build.slice(
            build.slice(whole, 1, margin, -margin), 2, network.manner_size, network.emotion_size
        )
        change, left = _expression(build, network.expression, pose, code, latent)
        pose, lips = build.add("Add", [pose, change]), build.add("Mul", [lips, left])
    release, toward = (build.weight(as_array(network.get_buffer(f"teeth_{n}"))) for n in ("release", "pose"))
    change = build.add("Sub", [toward, build.add("MatMul", [pose, release])])
    pose = build.add("Add", [pose, build.add("Mul", [teeth, change])])
    gap = build.add("MatMul", [pose, build.weight(as_array(network.get_buffer("gaps")))])
    height, depth = build.slice(gap, 2, 0, LIP_PAIRS), build.slice(gap, 2, LIP_PAIRS, 2 * LIP_PAIRS)
    parted = build.add("Concat", [build.add("Relu", [height]), depth], axis=2)
    share = build.add("Sub", [build.weight(np.ones(1, np.float32)), lips])
    wanted = build.add("Mul", [parted, share])
    change = build.add("Sub", [wanted, gap])
    closing = build.weight(as_array(network.get_buffer("closing")))
    build.add("Add", [pose, build.add("MatMul", [change, closing])], "coefficients")
    size, outputs = network.emotion_size, network.output.weight.shape[0]
    return build.finish(
        "face",
        {"code": [1, "M", EXPORTED_CHANNELS], "emotion": [1, "M", size]},
        {"coefficients": [1, "T", outputs]},
    )
