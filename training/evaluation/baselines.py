"""Baselines that every figure stands beside: static mean, ridge regression, loudness drives the jaw.

Another ridge regression does not hear a take but is told its phones: how far a speaker's motion follows from
what is said, and when, by the simplest of means.

All are fitted per speaker on the train split alone; the ridge's strength is chosen on the validation split
(or, for a speaker without one, on the last of several train takes). A speaker without train takes gets what
all speakers' takes give.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_features import FeatureSettings, extract_features
from inference.audio_file import read_audio
from inference.errors import LipwrightError
from inference.loudness import normalise_loudness
from inference.measures import correlation
from training.corpus.phones import spread_all
from training.teaching.phone_windows import phone_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inference.audio_file import AudioClip
    from training.project import Project, Take

    RowsOf = Callable[[Take], NDArray[np.float64]]

TARGET_DB = -20.0
SETTINGS = FeatureSettings(kind="log_mel", channels=32)
CONTEXT_S = np.arange(-10, 11) * 0.024
"""Where the ridge hears the line around a frame: 240 ms either side, every 24 ms."""

ALPHAS = (1e2, 3e2, 1e3, 3e3, 1e4, 3e4)
SMOOTHING_S = 0.04
QUIETEST_DB = -50.0
STEADY_LEVEL = 1e-6
"""A loudness that varies by less drives nothing, and no line can be fitted to it."""


class AudioCache:
    """Normalised log-mel features and loudness of sound files, computed once per file."""

    def __init__(self) -> None:
        """Start empty."""
        self._samples: dict[Path, NDArray[np.float32]] = {}
        self._features: dict[Path, NDArray[np.float32]] = {}
        self._line = Path()

    def add(self, clip: AudioClip) -> None:
        """Make a line in memory known under its path; the line added before it is forgotten."""
        for known in (self._samples, self._features):
            known.pop(self._line, None)
        self._line = clip.path
        self._samples[clip.path] = normalise_loudness(clip.samples, TARGET_DB)

    def samples(self, path: Path) -> NDArray[np.float32]:
        """Samples [N] at 16 kHz, brought to the training level."""
        if path not in self._samples:
            self._samples[path] = normalise_loudness(read_audio(path).samples, TARGET_DB)
        return self._samples[path]

    def features(self, path: Path) -> NDArray[np.float32]:
        """Log-mel features [F, 32], one every 8 ms."""
        if path not in self._features:
            self._features[path] = extract_features(self.samples(path), SETTINGS)
        return self._features[path]

    def loudness(self, path: Path) -> NDArray[np.float64]:
        """Smoothed loudness [F] in dB of full scale, one every 8 ms."""
        frames = np.asarray(self.samples(path), dtype=np.float64)
        hop = SETTINGS.hop_length
        energy = np.add.reduceat(frames**2, np.arange(0, len(frames), hop)) / hop
        reach = round(4 * SMOOTHING_S * SETTINGS.sample_rate / hop)
        steps = np.arange(-reach, reach + 1) * hop / SETTINGS.sample_rate
        kernel = np.exp(-0.5 * (steps / SMOOTHING_S) ** 2)
        smooth = np.convolve(energy, kernel / kernel.sum(), mode="full")[reach : reach + len(energy)]
        level: NDArray[np.float64] = np.maximum(10.0 * np.log10(smooth + 1e-12), QUIETEST_DB)
        return level


def at_times(track: NDArray[np.floating], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sample a feature track [F, ...] linearly at times [T] in seconds, held at both ends."""
    position = np.clip(times * SETTINGS.sample_rate / SETTINGS.hop_length, 0, len(track) - 1)
    low = np.minimum(position.astype(int), max(len(track) - 2, 0))
    high = np.minimum(low + 1, len(track) - 1)
    share = (position - low).reshape((-1,) + (1,) * (track.ndim - 1))
    sampled: NDArray[np.float64] = track[low] * (1.0 - share) + track[high] * share
    return sampled


def context_rows(features: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the ridge sees of a take: log-mel at every context position, [T, 21 * 32]."""
    columns = [at_times(features, times + shift) for shift in CONTEXT_S]
    return np.concatenate(columns, axis=1)


@dataclass(frozen=True, eq=False)
class Ridge:
    """A fitted linear map from context rows to motion.

    Attributes:
        mean: Of the inputs [D].
        scale: Standard deviation of the inputs [D].
        weights: [D, P].
        intercept: [P].
        alpha: Strength that was chosen.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: NDArray[np.float64]
    alpha: float

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Motion [T, P] of context rows [T, D]."""
        predicted: NDArray[np.float64] = ((rows - self.mean) / self.scale) @ self.weights + self.intercept
        return predicted


def fit_ridge(
    rows: NDArray[np.float64],
    targets: NDArray[np.float64],
    score: Callable[[Ridge], float] | None = None,
    alphas: Sequence[float] = ALPHAS,
) -> Ridge:
    """Ridge regression, with the strength that scores best.

    Args:
        rows: Inputs [N, D].
        targets: [N, P].
        score: Called with every candidate, higher is better; without it the middle strength is taken.
        alphas: Strengths to try, in units of squared standardised inputs.
    """
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    inputs = (rows - mean) / scale
    centre = targets.mean(axis=0)
    values, vectors = np.linalg.eigh(inputs.T @ inputs)
    projected = vectors.T @ (inputs.T @ (targets - centre))
    tried = alphas if score is not None else (alphas[len(alphas) // 2],)
    candidates = [
        Ridge(mean, scale, vectors @ (projected / (np.maximum(values, 0.0) + a)[:, None]), centre, a)
        for a in tried
    ]
    return candidates[0] if score is None else max(candidates, key=score)


def phone_rows(take: Take) -> NDArray[np.float64]:
    """What the ridge is told of a take: the phones round each frame, [T, 17 * 40]."""
    times = take.times
    return phone_windows(spread_all(take.phones), times, float(times[-1])).astype(np.float64)


class Baselines:
    """The baselines of a project."""

    def __init__(
        self,
        project: Project,
        head_curves: Callable[[NDArray[np.float32]], NDArray[np.float64]],
        jaw_direction: NDArray[np.float32],
        audio: AudioCache | None = None,
    ) -> None:
        """Prepare; each speaker is fitted when first asked for.

        Args:
            project: The training project.
            head_curves: Coefficients [T, R] to lip gap, mouth width, chin drop [T, 3], for takes without
                tracked curves.
            jaw_direction: Coefficients [R] of jawOpen at 1.0.
            audio: Shared feature cache.
        """
        self.audio = audio or AudioCache()
        self._project = project
        self._head_curves = head_curves
        self._jaw = jaw_direction.astype(np.float64)
        self._ridges: dict[str, Ridge] = {}
        self._told: dict[str, Ridge] = {}
        self._slopes: dict[str, tuple[float, float]] = {}

    def curves(self, take: Take) -> NDArray[np.float64]:
        """The capture's curves [T, 3]: tracked where the source has landmarks, else the fitted head's."""
        return take.curves.astype(np.float64) if take.has_curves else self._head_curves(take.coefficients)

    @property
    def first_speaker(self) -> str:
        """The speaker who came first into the project: the one that a model's neutral face belongs to."""
        return self._project.takes[0].speaker

    def animate(
        self, name: str, speaker: str, sound: Path, times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """What a baseline makes of a sound.

        Args:
            name: "static", "ridge" or "loudness".
            speaker: Whose train takes it learned from.
            sound: A file, or a line that the audio cache was given.
            times: Frame times [T], seconds.

        Returns:
            Coefficients [T, R], and the curves [T, 3] where the baseline predicts them itself.
        """
        if name == "ridge":
            return self._ridge(speaker, sound, times)
        if name == "loudness":
            return self._loudness(speaker, sound, times), None
        return self._static(speaker, len(times)), None

    def can_tell(self, take: Take) -> bool:
        """Whether a take has phones, and the speaker's train takes have some to learn from."""
        return bool(take.phones) and bool(self._with_phones(take.speaker, "train"))

    def told(self, take: Take) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Motion from a take's phones, without its sound: as `animate` for "ridge".

        Args:
            take: One that `can_tell` allows.
        """
        if take.speaker not in self._told:
            train, chooser = (self._with_phones(take.speaker, split) for split in ("train", "validation"))
            self._told[take.speaker] = self._fit_on(train, chooser, phone_rows)
        return _motion_and_curves(self._told[take.speaker], phone_rows(take))

    def _with_phones(self, speaker: str, split: str) -> list[Take]:
        return [take for take in self._project.split(split) if take.speaker == speaker and take.phones]

    def _static(self, speaker: str, frames: int) -> NDArray[np.float64]:
        """The speaker's mean face: coefficients [T, R], all frames alike."""
        mean = np.concatenate([t.coefficients[t.valid] for t in self._train_takes(speaker)]).mean(axis=0)
        return np.repeat(mean[None].astype(np.float64), frames, axis=0)

    def _ridge(
        self, speaker: str, sound: Path, times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ridge regression: coefficients [T, R], and its own direct prediction of the curves [T, 3]."""
        if speaker not in self._ridges:
            self._ridges[speaker] = self._fit_ridge(speaker)
        return _motion_and_curves(self._ridges[speaker], context_rows(self.audio.features(sound), times))

    def _loudness(self, speaker: str, sound: Path, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Loudness drives the jaw, and nothing else moves: coefficients [T, R]."""
        if speaker not in self._slopes:
            self._slopes[speaker] = self._fit_loudness(speaker)
        slope, height = self._slopes[speaker]
        amount = np.clip(slope * at_times(self.audio.loudness(sound), times) + height, 0.0, 1.0)
        driven: NDArray[np.float64] = amount[:, None] * self._jaw
        return driven

    def _fit_loudness(self, speaker: str) -> tuple[float, float]:
        """Slope and height of the line from loudness, dB, to jawOpen."""
        takes = self._train_takes(speaker)
        level = np.concatenate([self._level(t)[t.valid] for t in takes])
        size = self._jaw @ self._jaw
        opened = np.concatenate([t.coefficients[t.valid] @ self._jaw for t in takes]) / size
        steady = np.ptp(level) < STEADY_LEVEL
        slope, height = (0.0, opened.mean()) if steady else np.polyfit(level, opened, 1)
        return float(slope), float(height)

    def _fit_ridge(self, speaker: str) -> Ridge:
        train = self._train_takes(speaker)
        chooser = [take for take in self._project.split("validation") if take.speaker == speaker]
        if not chooser and len(train) > 1:
            # The strength is chosen on a train take that is kept out for that; then all train takes are used.
            alpha = self._fit_on(train[:-1], train[-1:], self._heard).alpha
            return fit_ridge(*self._stacked(train, self._heard), score=lambda _: 0.0, alphas=(alpha,))
        return self._fit_on(train, chooser, self._heard)

    def _fit_on(self, train: Sequence[Take], chooser: Sequence[Take], rows_of: RowsOf) -> Ridge:
        rows, targets = self._stacked(train, rows_of)
        if not chooser:
            return fit_ridge(rows, targets)
        held = [(rows_of(take), self.curves(take), take.valid) for take in chooser]
        return fit_ridge(rows, targets, score=lambda ridge: _mean_r(ridge, held))

    def _stacked(
        self, takes: Sequence[Take], rows_of: RowsOf
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows = np.concatenate([rows_of(take)[take.valid] for take in takes])
        targets = [np.concatenate([t.coefficients, self.curves(t)], axis=1)[t.valid] for t in takes]
        return rows, np.concatenate(targets)

    def _heard(self, take: Take) -> NDArray[np.float64]:
        return context_rows(self.audio.features(take.audio_path), take.times)

    def _level(self, take: Take) -> NDArray[np.float64]:
        return at_times(self.audio.loudness(take.audio_path), take.times)

    def _train_takes(self, speaker: str) -> list[Take]:
        train = self._project.split("train")
        own = [take for take in train if take.speaker == speaker]
        if not own and not train:
            raise LipwrightError(
                f"{self._project.path}: no take trains, so no baseline can be fitted; import more."
            )
        return own or list(train)


def _motion_and_curves(
    ridge: Ridge, rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients [T, R] of a ridge, and the curves [T, 3] that it predicts beside them."""
    predicted = ridge.predict(rows)
    return predicted[:, :-3], predicted[:, -3:]


def _mean_r(
    ridge: Ridge, held: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]]
) -> float:
    """Mean correlation of a ridge's curves (its last three outputs) with held takes."""
    scores = []
    for rows, curves, valid in held:
        predicted = ridge.predict(rows)[valid, -3:]
        scores += [correlation(predicted[:, i], curves[valid, i]) for i in range(3)]
    return float(np.nanmean(scores))
