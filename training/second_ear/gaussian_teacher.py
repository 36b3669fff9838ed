"""What the Gaussians of a speech recogniser say of sound, for a network to learn from.

They heard far more voices than there are to train on here. Whatever sound is put to them they have an answer
to: also sound that they draw themselves, which is as varied as all those voices.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from inference.recording_colour import CEPSTRA
from training.second_ear.acoustic_model import DENSITIES, STREAMS

if TYPE_CHECKING:
    from training.second_ear.acoustic_model import AcousticModel

#: Frames answered to at once: what is larger is given back to the system each time, which costs more than it.
_AT_ONCE = 256
#: Keeps logarithms finite.
_TINY = 1e-30


class GaussianTeacher:
    """An acoustic model that answers."""

    def __init__(self, model: AcousticModel) -> None:
        """Take a model."""
        numbers = (model.means, model.variances, model.weights)
        self._means, self._variances, self._weights = (torch.tensor(n) for n in numbers)
        # The logarithm of a Gaussian's density is linear in a frame's squares and the frame itself.
        means, variances = self._means.double(), self._variances.double()
        linear = torch.cat([-0.5 / variances, means / variances], -1).permute(1, 3, 0, 2).flatten(2)
        constants = -0.5 * (means**2 / variances + torch.log(2 * math.pi * variances)).sum(-1)
        self._linear, self._constants = linear.float(), constants.transpose(0, 1).flatten(1).float()

    def log_likelihoods(self, frames: Tensor) -> Tensor:
        """Return the log-likelihoods of all states [N, 3 P] of frames [N, 39]: cepstra, slopes and bends."""
        return torch.cat([self._some(part) for part in torch.split(frames, _AT_ONCE)])

    def _some(self, frames: Tensor) -> Tensor:
        streams = enumerate(frames.reshape(-1, STREAMS, CEPSTRA).unbind(1))
        return torch.stack([self._of_stream(seen, number) for number, seen in streams]).sum(0)

    def drawn(self, count: int, generator: torch.Generator) -> Tensor:
        """Return frames [N, 39] as the model draws them, of every state as many."""
        phones, _, densities, states = self._weights.shape
        phone, state = (torch.randint(0, n, (count,), generator=generator) for n in (phones, states))
        parts = []
        for stream in range(STREAMS):
            share = self._weights[phone, stream, :, state].cumsum(1)
            chosen = (share < torch.rand(count, 1, generator=generator)).sum(1).clamp(max=densities - 1)
            spread = self._variances[phone, stream, chosen].sqrt()
            parts.append(
                self._means[phone, stream, chosen] + spread * torch.randn(count, CEPSTRA, generator=generator)
            )
        return torch.cat(parts, 1)

    def _of_stream(self, seen: Tensor, number: int) -> Tensor:
        """Return what one stream [N, 13] tells of all states [N, 3 P]."""
        each = (torch.cat([seen**2, seen], -1) @ self._linear[number]).add_(self._constants[number])
        highest = each.amax(-1, keepdim=True)
        dense = each.sub_(highest).exp_().reshape(len(seen), -1, DENSITIES)  # in place: it is large
        mixed = torch.einsum("npd,pds->nps", dense, self._weights[:, number])
        return (torch.log(mixed + _TINY) + highest[..., None]).reshape(len(seen), -1)
