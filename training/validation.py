"""The few figures that a training run prints on its validation takes; the full report is `evaluate`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.audio_features import silence_features
from inference.audio_file import read_audio
from training.alteration.altered_copies import features_of
from training.dataset import HOP_LENGTH, SAMPLE_RATE
from training.networks import lipwright

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.audio_features import FeatureSettings
    from training.networks import FaceNetwork
    from training.preparation import Prepared
    from training.project import Take

#: Deviation of a curve under which it has no correlation.
MOTIONLESS = 1e-9
NAMES = ("gap", "width", "chin")
#: By how much a line's steady noise is lowered at most before our own network hears it (dB). Motion would
#: follow more closely with more, but closures are heard by what is faint, and go with the noise.
NOISE_REDUCTION_DB = 3.0


def predict_line(
    network: FaceNetwork, prepared: Prepared, samples: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the neutral coefficients [K, R] of a line at the network's own frame rate, the first at t = 0.

    Args:
        network: In evaluation mode, on the CPU.
        prepared: What it was trained on.
        samples: [N] sound at 16 kHz, at any level.
    """
    code = line_code(network, prepared, samples)
    with torch.no_grad():
        emotion = torch.zeros(1, code.shape[1], network.emotion_size)
        return np.asarray(network.face(code, emotion)[0].numpy(), np.float32)


def line_code(network: FaceNetwork, prepared: Prepared, samples: NDArray[np.float32]) -> torch.Tensor:
    """Return the speech code [1, M, D] of a line, with the frames before and after it that its face needs.

    Args:
        network: In evaluation mode, on the CPU.
        prepared: What it was trained on.
        samples: [N] sound at 16 kHz, at any level.
    """
    with torch.no_grad():
        code: torch.Tensor = network.speech_code(padded_features(network, prepared, samples))
    return code


def padded_features(network: FaceNetwork, prepared: Prepared, samples: NDArray[np.float32]) -> torch.Tensor:
    """Return a line's features [1, N, C] with silence around, so that the first output falls on t = 0.

    Silence around a line has the line's colour, where the network wants that (see `told_settings`).
    """
    settings = told_settings(network, prepared.settings)
    features = features_of(samples, settings, prepared.target_db)
    before, behind = (np.repeat(silence_features(settings)[None], n, 0) for n in _margins(network))
    before[:, settings.channels :] = features[0, settings.channels :]
    behind[:, settings.channels :] = features[-1, settings.channels :]
    return torch.tensor(np.concatenate([before, features, behind]))[None]


def _margins(network: FaceNetwork) -> tuple[int, int]:
    margin = network.window // 2
    return margin, margin + network.hop


def told_settings(network: FaceNetwork, settings: FeatureSettings) -> FeatureSettings:
    """Return how the features of a line are made that a trained network hears as it will in a bundle.

    In training it hears a recording's colour from what it is given; a line is to tell it as it goes. And it
    learned from noise as it is, so that some may stay.
    """
    if not (isinstance(network, lipwright.Network) and network.has_second_ear):
        return settings
    return replace(settings, colour=True, noise_reduction_db=NOISE_REDUCTION_DB)


def predict_take(network: FaceNetwork, prepared: Prepared, take: Take) -> NDArray[np.float32]:
    """Return a take's neutral coefficients [T, R] at its own frame times."""
    out = predict_line(network, prepared, np.asarray(read_audio(take.audio_path).samples, np.float32))
    at = np.clip(take.times * SAMPLE_RATE / HOP_LENGTH / network.hop, 0, len(out) - 1)
    low = np.minimum(at.astype(int), len(out) - 2)
    share = (at - low)[:, None].astype(np.float32)
    return np.asarray(out[low] * (1 - share) + out[low + 1] * share, np.float32)


def validate(network: FaceNetwork, prepared: Prepared) -> dict[str, float]:
    """Return the mean correlation of gap, width and chin over the validation takes, and the jaw's amplitude.

    Returns:
        "r gap", "r width", "r chin" (against the tracked curves where the take has them, else the take's own
        motion) and "gap amplitude" (deviation of the predicted gap over the capture's); empty without takes.
    """
    rows = [_score(network, prepared, take) for take in prepared.validation]
    if not rows:
        return {}
    mean = np.nanmean(np.array(rows), 0)
    return dict(zip([f"r {n}" for n in NAMES] + ["gap amplitude"], map(float, mean), strict=True))


def _score(network: FaceNetwork, prepared: Prepared, take: Take) -> list[float]:
    with torch.no_grad():
        ours = prepared.metric.measures(torch.tensor(predict_take(network, prepared, take))).numpy()
        own = prepared.metric.measures(torch.tensor(np.nan_to_num(take.coefficients))).numpy()
    valid = take.valid.astype(bool)
    truth = np.where(np.isfinite(take.curves), take.curves, own)
    r = [_correlation(ours[valid, k], truth[valid, k]) for k in range(3)]
    return [*r, float(ours[valid, 0].std() / (own[valid, 0].std() + 1e-12))]


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    if min(a.std(), b.std()) < MOTIONLESS:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
