"""The pitch of recorded speech, without what noise and mistaken octaves make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from training.sound_conditions.pitch import pitch_track
from training.sound_conditions.spectra import spectrogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RATE = 16000
#: A voice is this near to the loudest of a line (dB); what is quieter is noise as often as voice.
VOICED_DB = 25.0
#: Pitches above (Hertz) are the shortest period looked for, which noise fits best.
HIGHEST = 440.0
#: What lies farther from the middle (semitones) is oftener a mistaken octave than a melody.
FARTHEST = 8.0
#: A line with fewer voiced frames of 8 ms is not spoken.
FEWEST = 10
_SMOOTHING = 3.0  # frames


def voiced_pitch(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the pitch [F] of every 8 ms in Hertz; 0 where nothing is surely voiced.

    Args:
        samples: [N] speech, 16 kHz.
    """
    track = pitch_track(samples, _RATE)
    power = (np.abs(spectrogram(samples)) ** 2).sum(1)
    sure = (track > 0) & (track < HIGHEST) & (power > power.max() * 10 ** (-VOICED_DB / 10))
    if sure.sum() < FEWEST:
        return np.zeros(len(track))
    away = 12 * np.abs(np.log2(np.maximum(track, 1) / np.median(track[sure])))
    return np.asarray(np.where(sure & (away < FARTHEST), track, 0.0), np.float64)


def melody(samples: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return by how many semitones the pitch lies above its middle [F], bridged where nothing is voiced.

    Args:
        samples: [N] speech, 16 kHz; None is returned where it has no voice.
    """
    track = voiced_pitch(samples)
    voiced = np.flatnonzero(track > 0)
    if not len(voiced):
        return None
    height = 12 * np.log2(track[voiced] / np.median(track[voiced]))
    return np.asarray(
        gaussian_filter1d(np.interp(np.arange(len(track)), voiced, height), _SMOOTHING), np.float64
    )
