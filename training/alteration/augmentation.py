"""Altered copies of a sound and of its features, so that a network trained on one voice follows others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from training.alteration.feature_places import FeaturePlaces
from training.alteration.made_up_sounds import band_music, bursts, chords, gusts, noise, silence
from training.alteration.sound_alteration import AlteredSound, alter_sound

#: What alters sounds is written elsewhere, without torch; callers find all of it here.
__all__ = [
    "AlteredSound",
    "FeatureAugmentation",
    "alter_sound",
    "band_music",
    "bursts",
    "chords",
    "gusts",
    "noise",
    "silence",
]

#: Share of chunks with shifted channels.
SHIFT_SHARE = 0.7
#: A chunk's tone is a sum of this many cosines over the channels, the finer the weaker.
TONE_WAVES, TONE_FALL = 7, 0.35
#: Shares of chunks that lose their lowest and their highest channels, as narrow microphones and lines do; the
#: largest loss, in deviations of the features, and over how many channels it may reach.
LOW_CUT_SHARE, HIGH_CUT_SHARE, LARGEST_CUT, CUT_CHANNELS = 0.4, 0.2, 2.5, 9.0


@dataclass(frozen=True)
class FeatureAugmentation:
    """Changes made to a batch of features while training.

    Attributes:
        kind: Feature kind; places, tone and formant shifts apply to "log_mel" alone.
        mean: [C] what was subtracted from the features.
        std: [C] what they were divided by.
        noise_octaves: Standard deviation of multiplicative noise.
        channel_shift: Largest shift of the mel channels.
        colour: Standard deviation of changes in tone.
        mask_share: Share of altered chunks that lose a band of channels and a stretch of time.
    """

    kind: str
    mean: Tensor
    std: Tensor
    noise_octaves: float
    channel_shift: float
    colour: float
    mask_share: float

    def __call__(self, features: Tensor, share: Tensor, generator: torch.Generator) -> Tensor:
        """Return a changed copy of features.

        Args:
            features: [B, N, C].
            share: [B] odds of each chunk to be altered by more than noise.
            generator: Source of every draw, on the CPU.
        """
        features = self._noise(features, generator)
        altered = features
        if self.kind == "log_mel":
            altered = FeaturePlaces(self.mean, self.std)(altered, generator)
            altered = self._colour(altered, generator)
            altered = _shift_channels(altered, self.channel_shift, generator)
        altered = _mask(altered, self.mask_share, generator)
        chosen = torch.rand(len(features), generator=generator) < share.cpu()
        return torch.where(chosen.to(features.device)[:, None, None], altered, features)

    def _noise(self, features: Tensor, generator: torch.Generator) -> Tensor:
        if not self.noise_octaves:
            return features
        octaves = torch.randn(features.shape, generator=generator).to(features) * self.noise_octaves
        if self.kind == "log_mel":
            return features + octaves * math.log(2) / self.std
        raw = features * self.std + self.mean
        lags = raw[..., 1:] * 2 ** octaves[..., 1:]
        energy = raw[..., :1] + octaves[..., :1] * math.log(2)  # the first channel is a logarithm
        return (torch.cat([energy, lags], -1) - self.mean) / self.std

    def _colour(self, features: Tensor, generator: torch.Generator) -> Tensor:
        batch, _, channels = features.shape
        wave = torch.arange(TONE_WAVES)
        strength = torch.randn(batch, TONE_WAVES, generator=generator) * self.colour / (1 + TONE_FALL * wave)
        curve = strength @ torch.cos(math.pi * wave[:, None] * torch.linspace(0, 1, channels))
        channel = torch.arange(channels)
        curve -= _cut(channel, LOW_CUT_SHARE, batch, generator)
        curve -= _cut(channels - 1 - channel, HIGH_CUT_SHARE, batch, generator)
        return features + curve[:, None].to(features)


def _cut(from_edge: Tensor, share: float, batch: int, generator: torch.Generator) -> Tensor:
    """Return what chunks lose [B, C] towards an edge that the channels lie `from_edge` [C] away from."""
    hit, loss, width = torch.rand(3, batch, 1, generator=generator)
    slope = (1 - from_edge / (1 + CUT_CHANNELS * width)).clamp(min=0)
    lost: Tensor = (hit < share) * LARGEST_CUT * loss * slope
    return lost


def _shift_channels(features: Tensor, largest: float, generator: torch.Generator) -> Tensor:
    """Move each chunk's spectrum by up to `largest` mel channels: another length of vocal tract."""
    batch, _, channels = features.shape
    shift = (
        (torch.rand(batch, 1, generator=generator) * 2 - 1)
        * largest
        * (torch.rand(batch, 1, generator=generator) < SHIFT_SHARE)
    )
    at = (torch.arange(channels)[None] + shift).clamp(0, channels - 1).to(features.device)
    low = at.floor().long().clamp(max=channels - 2)
    share = (at - low)[:, None]
    index = low[:, None].expand(-1, features.shape[1], -1)
    return features.gather(2, index) * (1 - share) + features.gather(2, index + 1) * share


def _mask(features: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Set up to 6 channels and up to 12 frames (0.1 s) to the mean, in a share of chunks."""
    batch, frames, channels = features.shape
    draw = torch.rand(5, batch, generator=generator)
    hit = draw[4] < share
    band, stretch = draw[0] * 6, draw[1] * 12
    first_channel, first_frame = draw[2] * channels, draw[3] * frames
    c, n = torch.arange(channels)[None], torch.arange(frames)[None]
    in_band = (c >= first_channel[:, None]) & (c < (first_channel + band)[:, None]) & hit[:, None]
    in_time = (n >= first_frame[:, None]) & (n < (first_frame + stretch)[:, None]) & hit[:, None]
    masked = in_band[:, None, :] | in_time[:, :, None]
    return features.masked_fill(masked.to(features.device), 0.0)
