"""Altered copies of a sound and of its features, so that a network trained on one voice follows others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import fftconvolve, resample_poly
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Resampling factors (up, down): above 1 slower and deeper, below 1 faster and higher, formants included.
SPEEDS = ((1, 1), (23, 20), (11, 10), (19, 20), (9, 10), (17, 20), (4, 5), (3, 4))


#: Shares of altered sounds with a room, of noises with a hum, and of chunks with shifted channels.
ROOM_SHARE, HUM_SHARE, SHIFT_SHARE = 0.4, 0.4, 0.7


@dataclass(frozen=True)
class AlteredSound:
    """A copy of a recording.

    Attributes:
        samples: [N] float32, mono.
        time_scale: Seconds of the recording per second of the copy.
    """

    samples: NDArray[np.float32]
    time_scale: float


def alter_sound(samples: NDArray[np.float32], sample_rate: int, rng: np.random.Generator) -> AlteredSound:
    """Return a copy with other speed and formants, another tone, a room, and background noise.

    Args:
        samples: [N] mono sound.
        sample_rate: Hertz.
        rng: Source of all choices.
    """
    up, down = SPEEDS[rng.integers(len(SPEEDS))]
    sound = resample_poly(samples.astype(np.float64), up, down)
    sound = _tone(sound, sample_rate, rng)
    if rng.random() < ROOM_SHARE:
        sound = _room(sound, sample_rate, rng)
    return AlteredSound(_noisy(sound, sample_rate, rng).astype(np.float32), down / up)


def silence(count: int, _sample_rate: int, _rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of digital silence."""
    return np.zeros(count)


def noise(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of steady coloured noise (white to brown, sometimes with a hum), RMS 1."""
    length = next_fast_len(count, real=True)
    frequency = rfftfreq(length, 1 / sample_rate)
    slope = rng.uniform(0, 1.2)
    shape = 1 / np.maximum(frequency, 50) ** slope * _curve(frequency, rng, 6.0)
    spectrum = shape * (rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency)))
    sound = irfft(spectrum, length)[:count]
    sound /= np.sqrt((sound**2).mean()) + 1e-12
    if rng.random() < HUM_SHARE:
        base, t = rng.uniform(45, 220), np.arange(count) / sample_rate
        hum = sum(
            rng.uniform(0, 1) / k * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) for k in range(1, 9)
        )
        sound = sound + rng.uniform(0.2, 2) * np.asarray(hum)
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def chords(count: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return `count` samples of chords in many timbres that change a few times a second, RMS 1."""
    t, sound, begin = np.arange(count) / sample_rate, np.zeros(count), 0
    while begin < count:
        end = min(count, begin + int(rng.uniform(0.15, 1.2) * sample_rate))
        part, decay = t[begin:end] - t[begin], rng.uniform(0, 4)
        for _ in range(rng.integers(1, 5)):
            pitch = 55 * 2 ** (rng.integers(0, 48) / 12)
            bright = rng.uniform(0.8, 2.5)
            vibrato = rng.uniform(0, 0.5) * np.sin(2 * np.pi * rng.uniform(3, 7) * part)
            tones = [np.sin(2 * np.pi * pitch * k * part + k * vibrato) / k**bright for k in range(1, 9)]
            sound[begin:end] += rng.uniform(0.3, 1) * np.sum(tones, 0) * np.exp(-decay * part)
        begin = end
    return np.asarray(sound / (np.sqrt((sound**2).mean()) + 1e-12))


def _curve(
    frequency: NDArray[np.float64], rng: np.random.Generator, deviation_db: float
) -> NDArray[np.float64]:
    """Return a smooth random gain over `frequency` (Hertz), `deviation_db` at one standard deviation."""
    knots = np.array([50, 120, 300, 700, 1500, 3000, 5000, 8000], np.float64)
    gains = rng.normal(0, deviation_db, len(knots))
    return np.asarray(10.0 ** (np.interp(np.log(frequency + 20), np.log(knots), gains) / 20))


def _tone(sound: NDArray[np.float64], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    length = next_fast_len(len(sound), real=True)
    frequency = rfftfreq(length, 1 / sample_rate)
    return np.asarray(irfft(rfft(sound, length) * _curve(frequency, rng, 4.0), length)[: len(sound)])


def _room(sound: NDArray[np.float64], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    count = int(0.25 * sample_rate)
    decay = rng.uniform(0.03, 0.12)
    tail = rng.standard_normal(count) * np.exp(-np.arange(count) / sample_rate / decay)
    tail[: int(0.004 * sample_rate)] = 0
    tail *= rng.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return np.asarray(fftconvolve(sound, tail)[: len(sound)])


def _noisy(sound: NDArray[np.float64], sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    level = np.sqrt((sound**2).mean()) * 10 ** (-rng.uniform(12, 45) / 20)
    return np.asarray(sound + level * noise(len(sound), sample_rate, rng))


@dataclass(frozen=True)
class FeatureAugmentation:
    """Changes made to a batch of features while training.

    Attributes:
        kind: Feature kind; levels, tilt and formant shifts apply to "log_mel" alone.
        mean: [C] what was subtracted from the features.
        std: [C] what they were divided by.
        noise_octaves: Standard deviation of multiplicative noise.
        channel_shift: Largest shift of the mel channels.
        colour: Standard deviation of changes in level and tilt.
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
            altered = self._colour(altered, generator)
            altered = _shift_channels(altered, self.channel_shift, generator)
        altered = _mask(altered, self.mask_share, generator)
        chosen = torch.rand(len(features), generator=generator) < share.cpu()
        return torch.where(chosen.to(features.device)[:, None, None], altered, features)

    def _noise(self, features: Tensor, generator: torch.Generator) -> Tensor:
        octaves = torch.randn(features.shape, generator=generator).to(features) * self.noise_octaves
        if self.kind == "log_mel":
            return features + octaves * math.log(2) / self.std
        raw = features * self.std + self.mean
        lags = raw[..., 1:] * 2 ** octaves[..., 1:]
        energy = raw[..., :1] + octaves[..., :1] * math.log(2)  # the first channel is a logarithm
        return (torch.cat([energy, lags], -1) - self.mean) / self.std

    def _colour(self, features: Tensor, generator: torch.Generator) -> Tensor:
        batch, _, channels = features.shape
        level = torch.randn(batch, 1, 2, generator=generator).to(features) * self.colour
        tilt = torch.linspace(-1, 1, channels, device=features.device)
        return features + level[:, :, :1] + level[:, :, 1:] * tilt


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
