"""Noise, other voices and rooms, added to log-mel features while training.

A copy of a recording in one noise teaches that noise. On features the same is cheap enough to be drawn anew
for every chunk: sounds that meet add their powers, and a room smears power over time with an exponential
decay (Polack's model of late reverberation, 1988).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

#: Seconds from one feature frame to the next.
HOP_SECONDS = 0.008
#: Shares of altered chunks in a room, over noise, and over other voices.
ROOM_SHARE, NOISE_SHARE, VOICES_SHARE = 0.3, 0.45, 0.25
#: Ranges: signal over background (dB), reverberation time (s), direct sound over the room's (dB).
SNR_DB, RT60, DIRECT_DB = (3.0, 30.0), (0.2, 0.9), (-2.0, 12.0)
#: Ranges: tilt of a noise from the lowest to the highest channel (dB; white noise rises by about 12), and the
#: standard deviations of its colour and of its slow swell (dB).
TILT_DB, COLOUR_DB, SWELL_DB = (-25.0, 15.0), 4.0, 4.0
#: How much a steady noise flutters in the lowest and the highest channel (nepers): narrow bands flutter more.
FLUTTER = (0.8, 0.25)
#: Cosines in a colour and in a swell; frames of the room that are followed; voices in a background.
WAVES, ROOM_FRAMES, VOICES = 5, 64, 3
DECIBEL = math.log(10) / 10


@dataclass(frozen=True)
class FeaturePlaces:
    """Puts chunks of log-mel features into noisy and echoing places.

    Attributes:
        mean: [C] what was subtracted from the features.
        std: [C] what they were divided by.
    """

    mean: Tensor
    std: Tensor

    def __call__(self, features: Tensor, generator: torch.Generator) -> Tensor:
        """Return a copy of features [B, N, C] as heard elsewhere; the mean power of each chunk is kept.

        Args:
            features: [B, N, C], normalised.
            generator: Source of every draw, on the CPU.
        """
        power = torch.exp(features * self.std + self.mean)
        before = _mean_power(power)
        draw = torch.rand(3, len(power), 1, 1, generator=generator)
        room, noise, voices = (
            (draw[k] < share).to(power) for k, share in enumerate((ROOM_SHARE, NOISE_SHARE, VOICES_SHARE))
        )
        background = noise * _noise(power, generator) + voices * _voices(power, generator)
        power = torch.where(room.bool(), _in_room(power, generator), power)
        power = power + background * before / _decibels(SNR_DB, power, generator)
        power = power * before / _mean_power(power)
        return (torch.log(power) - self.mean) / self.std


def _mean_power(power: Tensor) -> Tensor:
    """Return the mean power of each chunk [B, 1, 1]."""
    return power.mean((1, 2), keepdim=True)


def _between(limits: tuple[float, float], like: Tensor, generator: torch.Generator) -> Tensor:
    low, high = limits
    return (low + (high - low) * torch.rand(len(like), 1, 1, generator=generator)).to(like)


def _decibels(limits: tuple[float, float], like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a power ratio for each chunk [B, 1, 1]."""
    return torch.exp(_between(limits, like, generator) * DECIBEL)


def _curve(count: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a smooth curve of deviation 1 for each chunk [B, count]."""
    wave = torch.arange(1, WAVES + 1)
    phase = 2 * math.pi * torch.rand(len(like), WAVES, 1, generator=generator)
    size = torch.randn(len(like), WAVES, 1, generator=generator) * math.sqrt(2 / WAVES)
    along = torch.linspace(0, 1, count)
    return (size * torch.cos(math.pi * wave[:, None] * along + phase)).sum(1).to(like)


def _noise(power: Tensor, generator: torch.Generator) -> Tensor:
    """Return noises [B, N, C] of mean power 1: some tilt and colour, flutter, and often a swell."""
    batch, frames, channels = power.shape
    along = torch.linspace(0, 1, channels).to(power)
    tilt, curve = _between(TILT_DB, power, generator), _curve(channels, power, generator)
    colour = tilt * along + COLOUR_DB * curve[:, None]
    swelling = torch.rand(batch, 1, 1, generator=generator) * SWELL_DB
    swell = swelling.to(power) * _curve(frames, power, generator)[..., None]
    raw = torch.randn(batch, frames + 2, channels, generator=generator).to(power)
    flutter = (raw[:, :-2] + raw[:, 1:-1] + raw[:, 2:]) / math.sqrt(3)  # the frames' windows overlap
    depth = FLUTTER[0] + (FLUTTER[1] - FLUTTER[0]) * along
    noise = torch.exp((colour + swell) * DECIBEL + flutter * depth)
    return noise / _mean_power(noise)


def _voices(power: Tensor, generator: torch.Generator) -> Tensor:
    """Return a background [B, N, C] of mean power 1 that other chunks of the batch speak."""
    level = power / _mean_power(power)
    talk = torch.zeros_like(level)
    for _ in range(VOICES):
        other, later, weaker = torch.rand(3, generator=generator).tolist()
        speaker, moment = 1 + int(other * (len(power) - 1)), int(later * power.shape[1])
        talk = talk + 10**-weaker * level.roll((speaker, moment), (0, 1))
    return talk / _mean_power(talk)


def _in_room(power: Tensor, generator: torch.Generator) -> Tensor:
    """Smear each chunk's power [B, N, C] over time, as rooms of drawn size and distance do."""
    batch = len(power)
    decay = 6 * math.log(10) * HOP_SECONDS / _between(RT60, power, generator)[:, :, 0]
    tail = torch.exp(-decay * torch.arange(1, ROOM_FRAMES).to(power))
    wet = 1 / _decibels(DIRECT_DB, power, generator)[:, :, 0]
    kernel = torch.cat([torch.ones_like(wet), wet * tail / tail.sum(1, keepdim=True)], 1)
    late_first = kernel.flip(1)[:, None]  # [B, 1, K]
    rows = torch.nn.functional.pad(power.permute(2, 0, 1), (ROOM_FRAMES - 1, 0), mode="replicate")
    smeared = torch.nn.functional.conv1d(rows, late_first, groups=batch)
    return smeared.permute(1, 2, 0)
