"""How loud sounds are, and mixing them at a given distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Frames this far under the loudest one (dB) are pauses.
_PAUSE_DB = 35.0
_FRAME_SECONDS = 0.02


def rms(samples: NDArray[np.floating[Any]]) -> float:
    """Return the root of the mean square; 0 of no samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def speech_level(samples: NDArray[np.floating[Any]], sample_rate: int) -> float:
    """Return the RMS of speech without its pauses: over the frames within 35 dB of the loudest.

    Args:
        samples: [N] mono.
        sample_rate: Hertz.
    """
    size = int(_FRAME_SECONDS * sample_rate)
    count = len(samples) // size
    if count == 0:
        return rms(samples)
    power = np.square(samples[: count * size].reshape(count, size), dtype=np.float64).mean(1)
    return float(np.sqrt(power[power >= power.max() * 10 ** (-_PAUSE_DB / 10)].mean()))


def mixed(
    speech: NDArray[np.floating[Any]], noise: NDArray[np.floating[Any]], sample_rate: int, snr_db: float
) -> NDArray[np.float64]:
    """Return speech with noise `snr_db` under its level without pauses.

    Args:
        speech: [N].
        noise: [N] of any level.
        sample_rate: Hertz.
        snr_db: Signal to noise ratio.
    """
    gain = speech_level(speech, sample_rate) * 10 ** (-snr_db / 20) / (rms(noise) + 1e-12)
    return np.asarray(speech + gain * noise, np.float64)
