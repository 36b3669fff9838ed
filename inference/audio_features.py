"""What the network hears: one vector per 8 ms, as short-time autocorrelation or as log-mel bands."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .array_types import DoubleArray, FloatArray
from .errors import LipwrightError
from .power_spectrum import power_spectrum
from .recording_colour import CEPSTRA, with_colour
from .steady_noise import without_steady_noise

FEATURE_KINDS = ("autocorrelation", "log_mel")
_FRAMES_PER_BLOCK = 512
"""Frames computed at once: their spectra stay in a core's cache, which halves the time."""
_MAX_WINDOW = 8192
_MAX_CHANNELS = 512
_MAX_REDUCTION_DB = 60.0


@dataclass(frozen=True)
class FeatureSettings:
    """Everything that decides the features; written into the model bundle.

    Attributes:
        kind: "autocorrelation" (Karras et al. 2017, section 3.2) or "log_mel".
        sample_rate: Hertz.
        win_length: samples per window.
        hop_length: samples from one window to the next.
        channels: autocorrelation lags, or mel bands.
        floor_db: energy, in dB of full scale, that is added to each window's, so that silence and faint
            background look alike.
        fmin: lowest mel band's lower edge, Hertz (log_mel only).
        fmax: highest mel band's upper edge, Hertz (log_mel only).
        mean: subtracted per channel, [channels], or None.
        std: divided by per channel, [channels], or None.
        colour: whether the recording's colour stands behind the channels, as it is, see `recording_colour`
            (log_mel only).
        noise_reduction_db: by how much steady noise is lowered at most, see `steady_noise`; 0 leaves all as
            it is (log_mel only).
    """

    kind: str = "autocorrelation"
    sample_rate: int = 16_000
    win_length: int = 256
    hop_length: int = 128
    channels: int = 32
    floor_db: float = -60.0
    fmin: float = 50.0
    fmax: float = 7600.0
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    colour: bool = False
    noise_reduction_db: float = 0.0

    @property
    def width(self) -> int:
        """Numbers per frame: the channels, and the colour's behind them."""
        return self.channels + (CEPSTRA if self.colour else 0)

    def __post_init__(self) -> None:
        """Refuses settings that cannot be computed, before anything is allocated.

        Raises:
            LipwrightError: naming the setting.
        """
        for name, problem in self._problems():
            raise LipwrightError(
                f"feature setting '{name}' {problem}: choose another model or export it again"
            )

    def _problems(self) -> Iterator[tuple[str, str]]:
        if self.kind not in FEATURE_KINDS:
            yield "kind", f"is '{self.kind}', not one of {', '.join(FEATURE_KINDS)}"
        if not 2 <= self.win_length <= _MAX_WINDOW:  # noqa: PLR2004 - a window needs two samples
            yield "win_length", f"is {self.win_length}, not 2 to {_MAX_WINDOW}"
        if not 1 <= self.hop_length <= self.win_length:
            yield "hop_length", f"is {self.hop_length}, not 1 to the window's {self.win_length}"
        if not 1 <= self.channels <= min(_MAX_CHANNELS, self.win_length):
            yield "channels", f"is {self.channels}, not 1 to {min(_MAX_CHANNELS, self.win_length)}"
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            yield "fmax", "must lie above fmin and at most at half the sample rate"
        if not 0 <= self.noise_reduction_db <= _MAX_REDUCTION_DB:
            yield "noise_reduction_db", f"is {self.noise_reduction_db}, not 0 to {_MAX_REDUCTION_DB:g}"
        if self.kind != "log_mel":
            for name in ("colour", "noise_reduction_db"):
                if getattr(self, name):
                    yield name, "goes with the kind log_mel alone"
        yield from self._statistics_problems()

    def _statistics_problems(self) -> Iterator[tuple[str, str]]:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and (len(values) != self.channels or not np.isfinite(values).all()):
                yield name, f"must hold {self.channels} finite numbers"
        if self.std is not None and min(self.std) <= 0:
            yield "std", "must be above zero"

    def with_statistics(self, features: FloatArray) -> "FeatureSettings":
        """Returns settings whose mean and std normalise `features` [N, C], which these settings produced."""
        mean = features.mean(axis=0, dtype=np.float64)
        std = np.maximum(features.std(axis=0, dtype=np.float64), 1e-4)
        return replace(self, mean=tuple(mean.tolist()), std=tuple(std.tolist()))

    def to_json(self) -> dict[str, Any]:
        """Returns plain values for `model.json`."""
        values = asdict(self)
        del values["sample_rate"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: dict[str, Any], sample_rate: int) -> "FeatureSettings":
        """Reads what `to_json` wrote.

        Raises:
            LipwrightError: for unknown or impossible settings.
        """
        known = set(cls.__dataclass_fields__) - {"sample_rate"}
        unknown = sorted(set(values) - known)
        if unknown:
            raise LipwrightError(f"feature setting '{unknown[0]}' is unknown: update Lipwright")
        try:
            plain = {name: _plain(name, value) for name, value in values.items()}
            return cls(sample_rate=sample_rate, **plain)
        except (TypeError, ValueError, OverflowError) as error:
            raise LipwrightError(f"a feature setting has the wrong type: {error}") from error


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON values
    if value is None and name in {"mean", "std"}:
        return None
    if name == "kind":
        return str(value)
    if name == "colour":
        if not isinstance(value, bool):
            raise TypeError("colour must be true or false")
        return value
    if name in {"mean", "std"}:
        return tuple(float(item) for item in value)
    if name in {"win_length", "hop_length", "channels"}:
        if not isinstance(value, int):
            raise TypeError(f"{name} must be a whole number")
        return value
    return float(value)


def extract_features(samples: FloatArray, settings: FeatureSettings) -> FloatArray:
    """Computes the features of a whole line.

    Args:
        samples: [N] mono at `settings.sample_rate`, at the training level (`loudness.normalise_loudness`).
        settings: see `FeatureSettings`.

    Returns:
        [N // hop_length + 1, width]; frame i is the window centred on sample i * hop_length, with zeros
        beyond the ends. Normalised by mean and std where the settings hold them.
    """
    return np.concatenate(list(feature_blocks([samples], settings)))


def silence_features(settings: FeatureSettings) -> FloatArray:
    """Returns the features of digital silence, [width]: the padding at both ends of every line."""
    silence: FloatArray = next(
        _finished([_compute(np.zeros((1, settings.win_length), np.float32), settings)], settings)
    )[0]
    return silence


def feature_blocks(
    blocks: Iterable[FloatArray], settings: FeatureSettings, gain: float = 1.0
) -> Iterator[FloatArray]:
    """Yields what `extract_features` returns, in pieces, for sound that arrives in blocks [n].

    Args:
        blocks: consecutive samples.
        settings: see `FeatureSettings`.
        gain: factor applied to every sample first.
    """
    yield from _finished(_raw_blocks(blocks, settings, gain), settings)


def _raw_blocks(blocks: Iterable[FloatArray], settings: FeatureSettings, gain: float) -> Iterator[FloatArray]:
    """Yields features [n, channels] that are not normalised."""
    hop, window = settings.hop_length, settings.win_length
    buffer = np.zeros(window // 2, np.float32)
    total = produced = 0
    for block in blocks:
        total += len(block)
        buffer = np.concatenate((buffer, block * np.float32(gain)))
        for features in _whole_frames(buffer, settings):
            produced += len(features)
            yield features
        buffer = buffer[max(0, (len(buffer) - window) // hop + 1) * hop :]
    due = total // hop + 1 - produced
    if due > 0:
        padded = np.concatenate((buffer, np.zeros(window + due * hop, np.float32)))
        yield np.concatenate(list(_whole_frames(padded, settings)))[:due]


def _whole_frames(buffer: FloatArray, settings: FeatureSettings) -> Iterator[FloatArray]:
    if len(buffer) < settings.win_length:
        return
    frames = np.lib.stride_tricks.sliding_window_view(buffer, settings.win_length)[:: settings.hop_length]
    for start in range(0, len(frames), _FRAMES_PER_BLOCK):
        yield _compute(frames[start : start + _FRAMES_PER_BLOCK], settings)


def _compute(frames: FloatArray, settings: FeatureSettings) -> FloatArray:
    """Turns windows [F, win_length] into features [F, channels], not normalised."""
    compute = _autocorrelation if settings.kind == "autocorrelation" else _log_mel
    return compute(frames, settings).astype(np.float32, copy=False)


def _finished(blocks: Iterable[FloatArray], settings: FeatureSettings) -> Iterator[FloatArray]:
    """Yields features [n, width]: steady noise lowered and the colour added as asked, then normalised."""
    if settings.noise_reduction_db:
        blocks = without_steady_noise(blocks, settings.noise_reduction_db)
    if settings.colour:
        blocks = with_colour(blocks, settings.fmin, settings.fmax)
    for features in blocks:
        channels = features[:, : settings.channels]
        if settings.mean is not None:
            channels -= np.array(settings.mean, np.float32)
        if settings.std is not None:
            channels /= np.array(settings.std, np.float32)
        yield features


def _autocorrelation(frames: FloatArray, settings: FeatureSettings) -> FloatArray:
    """Log energy, then lags 1..channels-1 over the energy.

    The paper's 32 coefficients grow with the square of the level; energy and shape apart say the same, and
    stay in a range that a network can learn from. By the Wiener-Khinchin theorem the lags are a cosine
    transform of the power spectrum, whose length leaves room for the longest lag.
    """
    length = settings.win_length + settings.channels
    length += length % 2
    level = (frames - frames.mean(axis=1, keepdims=True)).astype(np.float32, copy=False)
    power = power_spectrum(level, length)
    lags = power @ _lag_matrix(length, settings.channels)
    floor = np.float32(10.0 ** (settings.floor_db / 10.0))
    energy = np.maximum(lags[:, :1], 0.0) + floor
    lags[:, 1:] /= energy
    lags[:, :1] = np.log(energy)
    return lags


def _log_mel(frames: FloatArray, settings: FeatureSettings) -> FloatArray:
    length = 2 << (settings.win_length - 1).bit_length()
    power = power_spectrum(frames, length)
    bands = power @ _mel_matrix(length, settings.sample_rate, settings.channels, settings.fmin, settings.fmax)
    floor = np.float32(10.0 ** (settings.floor_db / 10.0) / settings.channels)
    logarithm: FloatArray = np.log(bands + floor)
    return logarithm


@lru_cache(maxsize=8)
def _lag_matrix(length: int, channels: int) -> FloatArray:
    """Returns the inverse transform of a power spectrum at the first lags, [length // 2 + 1, channels]."""
    bins = np.arange(length // 2 + 1)[:, None]
    sides = np.full((length // 2 + 1, 1), 2.0)
    sides[0] = sides[-1] = 1.0
    cosines: DoubleArray = sides * np.cos(2.0 * np.pi * bins * np.arange(channels) / length)
    return cosines.astype(np.float32)


@lru_cache(maxsize=8)
def _mel_matrix(length: int, sample_rate: int, channels: int, fmin: float, fmax: float) -> FloatArray:
    """Returns triangles, equally wide in mel (2595 log10(1 + f / 700)), [length // 2 + 1, channels]."""
    mel_edges = np.linspace(_mel(fmin), _mel(fmax), channels + 2)
    edges = 700.0 * (10.0 ** (mel_edges / 2595.0) - 1.0)
    frequency = np.arange(length // 2 + 1)[:, None] * sample_rate / length
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    bands: DoubleArray = 2.0 * np.maximum(0.0, np.minimum(rising, falling))
    return bands.astype(np.float32)


def _mel(frequency: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency / 700.0))
