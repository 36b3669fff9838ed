"""How likely each state of each phone is, as a speech recogniser that heard very many voices judges it.

A network that learned from dozens of voices knows their p from their t; a stranger's it takes for either. The
Gaussians of a recogniser (see `training.second_ear.gaussian_teacher`) heard far more. They know no context
and tell phones apart less surely, but no less surely in a stranger. This small network learns to answer as
they do, frame by frame, on sound of every kind they know (`training.second_ear.recogniser_lesson`), and no
more after that.

It hears cepstra less the recording's colour: its mean over the whole of what is given, or, in the exported
graph, over some seconds around (`inference.recording_colour`).
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from inference.recording_colour import AROUND, CEPSTRA, band_weights, cepstral_weights
from training.networks.eight_bits import EightBitLinear
from training.second_ear.acoustic_model import STATES, STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.audio_features import FeatureSettings

#: Phones of the recogniser: 39 of speech, silence and two kinds of noise.
PHONE_COUNT = 42
#: Neurons of both layers.
NEURONS = 384
#: How far slopes look, in feature frames of 8 ms: 20 ms; and bends, 30 and 10 (CMU Sphinx's usual features).
_SLOPE, _BEND, _NEAR_BEND = 2.5, 3.75, 1.25
#: Frames to both sides of a code frame that slopes and bends look at.
LOOK = 4
#: Frames that one code frame sees in all, and to the next.
FIELD, STRIDE = 2 * LOOK + 3, 2
#: Gaussians are far too sure of themselves: log-likelihoods count so much less, and much less.
SURE, DOUBTFUL = 0.5, 0.25
#: The least log-probability that is told apart from none, and what brings them all to a range around zero.
LEAST, SPREAD, MIDDLE = -15.0, 4.0, 1.5
#: Numbers per code frame.
LIKELIHOODS = 2 * STATES * PHONE_COUNT


def stream_taps() -> Tensor:
    """Return what makes cepstra, slopes and bends of nine neighbouring frames, [3, 9]."""
    slope = ((_SLOPE, 1.0), (-_SLOPE, -1.0))
    bend = ((_BEND, 1.0), (-_BEND, 1.0), (_NEAR_BEND, -1.0), (-_NEAR_BEND, -1.0))
    taps = torch.zeros(STREAMS, 2 * LOOK + 1)
    for stream, offsets in enumerate((((0.0, 1.0),), slope, bend)):
        for offset, weight in offsets:
            low = math.floor(offset)
            share = offset - low
            taps[stream, LOOK + low] += weight * (1 - share)
            if share:
                taps[stream, LOOK + low + 1] += weight * share
    return taps


def told_apart(likely: Tensor) -> Tensor:
    """Return log-likelihoods of states [..., 126] as the second ear gets them, [..., 252].

    Log-probabilities brought to a range around zero, and probabilities when the recogniser is doubted.
    """
    sure = torch.log_softmax(SURE * likely, -1).clamp(min=LEAST) / SPREAD + MIDDLE
    return torch.cat([sure, SPREAD * torch.softmax(DOUBTFUL * likely, -1)], -1)


class PhoneLikelihoods(nn.Module):
    """Log-mel features to what a recogniser would say of them."""

    def __init__(self, channels: int) -> None:
        """Create the layers for so many mel bands; `tell` says how the features are made."""
        super().__init__()
        bands = band_weights(channels, 0.0, 1.0).shape[1]
        sizes = {
            "mean": (channels,),
            "std": (channels,),
            "bands": (channels, bands),
            "emphasis": (bands,),
            "cosines": (bands, CEPSTRA),
            "stream_mean": (STREAMS * CEPSTRA,),
            "stream_std": (STREAMS * CEPSTRA,),
        }
        for name, size in sizes.items():
            self.register_buffer(name, torch.zeros(size))
        self.register_buffer("taps", stream_taps())
        sizes_of_layers = (STREAMS * CEPSTRA, NEURONS, NEURONS, STATES * PHONE_COUNT)
        self.layers: Sequence[nn.Linear] = nn.ModuleList(  # type: ignore[assignment]
            nn.Linear(*pair) for pair in itertools.pairwise(sizes_of_layers)
        )

        self.rounded: Sequence[EightBitLinear] = nn.ModuleList()  # type: ignore[assignment]

    def tell(self, settings: FeatureSettings) -> None:
        """Say how the features are made."""
        emphasis, cosines = cepstral_weights()
        values = {
            "mean": settings.mean,
            "std": settings.std,
            "bands": band_weights(settings.channels, settings.fmin, settings.fmax),
            "emphasis": emphasis,
            "cosines": cosines,
        }
        for name, value in values.items():
            self.get_buffer(name).copy_(torch.as_tensor(value))

    def get_used_to(self, streams: Tensor) -> None:
        """Take over the range of frames [N, 39]; from then on the network counts as one that learned."""
        self.get_buffer("stream_mean").copy_(streams.mean(0))
        self.get_buffer("stream_std").copy_(streams.std(0))

    @property
    def learned(self) -> bool:
        """Whether it learned to answer as a recogniser does."""
        return bool(self.get_buffer("stream_std").any())

    def forward(self, features: Tensor, colour: Tensor | None = None) -> Tensor:
        """Map features to what a recogniser would say of every other frame.

        Args:
            features: [B, N, C] normalised log-mel.
            colour: [B, N, 13] mean cepstra around; None for the mean over all of them.

        Returns:
            [B, (N - 11) // 2 + 1, 252], see `told_apart`.
        """
        with torch.autocast(features.device.type, enabled=False):  # cepstra do not bear half precision
            return told_apart(self.log_likelihoods(self.streams(features.float(), colour)))

    def log_likelihoods(self, streams: Tensor) -> Tensor:
        """Return the log-likelihoods of all states [..., 126] of frames [..., 39], but for a constant."""
        code = torch.relu(self.layers[0](self._even(streams)))
        middle, last = self.rounded or self.layers[1:]
        likely: Tensor = last(torch.relu(middle(code)))
        return likely

    def _even(self, streams: Tensor) -> Tensor:
        return (streams - self.get_buffer("stream_mean")) / self.get_buffer("stream_std")

    def round_off(self, features: Tensor) -> None:
        """Compute all but the first layer in eight bits from now on, in steps for features [B, N, C]."""
        with torch.no_grad():
            code = self._even(self.streams(features))
            rounded: list[EightBitLinear] = []
            for before, layer in itertools.pairwise(self.layers):
                code = torch.relu((rounded[-1] if rounded else before)(code))
                rounded.append(EightBitLinear(layer.weight, layer.bias, code))
            self.rounded = nn.ModuleList(rounded)  # type: ignore[assignment]

    def streams(self, features: Tensor, colour: Tensor | None = None) -> Tensor:
        """Return cepstra, slopes and bends [B, (N - 11) // 2 + 1, 39] of features [B, N, C]."""
        cepstra = self.cepstra(features)
        cepstra = cepstra - (cepstra.mean(1, keepdim=True) if colour is None else colour[:, 1:-1])
        streams = cepstra.unfold(1, 2 * LOOK + 1, STRIDE) @ self.get_buffer("taps").T  # [B, M, 13, 3]
        return streams.transpose(2, 3).flatten(2)

    def cepstra(self, features: Tensor) -> Tensor:
        """Return the cepstra [B, N - 2, 13] of features [B, N, C], with the recording's colour."""
        power = torch.exp(features * self.get_buffer("std") + self.get_buffer("mean"))
        before, there, behind = (power[:, k : power.shape[1] - 2 + k] for k in range(3))
        around = AROUND[0] * before + AROUND[1] * there + AROUND[2] * behind
        bands = torch.log(around @ self.get_buffer("bands")) + self.get_buffer("emphasis")
        cepstra: Tensor = bands @ self.get_buffer("cosines")
        return cepstra
