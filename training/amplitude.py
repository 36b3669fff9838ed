"""Gives a trained network the actor's amplitude back.

A network that minimises squared errors hedges: where the sound leaves several faces possible it answers with
their mean, so that it moves less than the actor. Scaling its motion about rest mends most of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from training.validation import predict_line, predict_take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.networks import FaceNetwork
    from training.preparation import Prepared

#: A gain outside is taken for a sign of bad data, not of hedging.
SMALLEST, LARGEST = 1.0, 1.3


def restore_amplitude(network: FaceNetwork, prepared: Prepared) -> float:
    """Scale a network's motion about its face in silence, in place.

    The gain lies midway between that with the least squared error and that with the actor's variance, both on
    the main speaker's validation takes; without such takes nothing is changed.

    Args:
        network: In evaluation mode, on the CPU.
        prepared: What it was trained on.

    Returns:
        The gain.
    """
    main = prepared.motions[0].speaker
    takes = [t for t in prepared.validation if t.speaker == main]
    if not takes:
        return 1.0
    silence = np.zeros(prepared.settings.sample_rate, np.float32)
    rest = predict_line(network, prepared, silence).mean(0)
    ours = np.concatenate([predict_take(network, prepared, t)[t.valid] for t in takes]) - rest
    theirs = np.concatenate([t.coefficients[t.valid] for t in takes]) - rest
    gain = best_gain(ours @ prepared.metric.root.numpy(), theirs @ prepared.metric.root.numpy())
    with torch.no_grad():
        network.output.weight *= gain
        network.output.bias.copy_(gain * network.output.bias + (1 - gain) * torch.tensor(rest))
    return gain


def best_gain(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Return the gain for predicted motion [N, R] about rest, given the captured motion [N, R]."""
    own = float((ours**2).sum()) + 1e-12
    least_squares = float((ours * theirs).sum()) / own
    variance = float(
        np.sqrt(((theirs - theirs.mean(0)) ** 2).sum() / (((ours - ours.mean(0)) ** 2).sum() + 1e-12))
    )
    return float(np.clip((least_squares + variance) / 2, SMALLEST, LARGEST))
