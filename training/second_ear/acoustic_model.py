"""What a speech recogniser knows of how many people sound: the acoustic model that PocketSphinx brings.

Its Gaussians say how likely a frame's cepstra are in each state of each English phone. The files are those of
CMU Sphinx: "s3" parameter files, and a "sendump" of mixture weights, of which only those of phones without
context are read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.errors import LipwrightError
from inference.recording_colour import CEPSTRA

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Cepstra, their slopes and their bends are modelled apart; each phone has so many Gaussians for each.
STREAMS, DENSITIES = 3, 128
#: States of a phone.
STATES = 3
#: Variances are at least this large, as Sphinx reads them.
_LEAST_VARIANCE = 1e-4
#: Mixture weights are stored in eight bits, as logarithms in steps of this.
_WEIGHT_STEP = 1024 * np.log(1.0001)
_END_OF_HEADER = b"endhdr\n"
_BYTE_ORDER = 0x11223344


@dataclass(frozen=True)
class AcousticModel:
    """Gaussians of phones.

    Attributes:
        means: [P, 3, 128, 13] of cepstra, slopes and bends, by phone.
        variances: The same.
        weights: [P, 3 streams, 128, 3 states]; those of a stream and a state sum to 1.
    """

    means: NDArray[np.float32]
    variances: NDArray[np.float32]
    weights: NDArray[np.float32]


def read_acoustic_model(folder: Path | None = None) -> AcousticModel:
    """Read the model.

    Args:
        folder: Of its files; None for that of the installed PocketSphinx.

    Raises:
        LipwrightError: A file is missing or not what is expected.
    """
    folder = folder or _installed()
    try:
        means, variances = (_gaussians((folder / name).read_bytes()) for name in ("means", "variances"))
        weights = _weights((folder / "sendump").read_bytes(), len(means))
    except (OSError, ValueError, struct.error) as error:
        raise LipwrightError(
            f"{folder}: holds no acoustic model that can be read ({error}); install pocketsphinx again"
        ) from error
    return AcousticModel(means, np.maximum(variances, _LEAST_VARIANCE), weights)


def _installed() -> Path:
    from pocketsphinx import get_model_path  # noqa: PLC0415 - only whoever trains needs it

    return Path(get_model_path("en-us")) / "en-us"


def _gaussians(data: bytes) -> NDArray[np.float32]:
    """Return the numbers of a parameter file, [P, 3, 128, 13]."""
    start = data.index(_END_OF_HEADER) + len(_END_OF_HEADER)
    order, phones, streams, densities = struct.unpack_from("<Iiii", data, start)
    lengths = struct.unpack_from(f"<{STREAMS}i", data, start + 16)
    if order != _BYTE_ORDER or (streams, densities) != (STREAMS, DENSITIES) or set(lengths) != {CEPSTRA}:
        raise ValueError("its Gaussians are of another form")
    count = phones * STREAMS * DENSITIES * CEPSTRA
    numbers = np.frombuffer(data, "<f4", count, start + 16 + 4 * STREAMS + 4)
    return numbers.reshape(phones, STREAMS, DENSITIES, CEPSTRA).astype(np.float32)


def _weights(data: bytes, phones: int) -> NDArray[np.float32]:
    """Return the mixture weights of the phones without context, which come first, [P, 3, 128, 3]."""
    at = 0
    while True:  # sentences, each behind its length, up to one of none; the first is the file's title
        (length,) = struct.unpack_from("<i", data, at)
        at += 4 + length
        if length == 0:
            break
        if length < 0:
            raise ValueError("its mixture weights are of another form")
    densities, states = struct.unpack_from("<ii", data, at)
    if densities != DENSITIES or states < STATES * phones:
        raise ValueError("its mixture weights are of another form")
    steps = np.frombuffer(data, np.uint8, STREAMS * densities * states, at + 8)
    of_phones = steps.reshape(STREAMS, densities, states)[:, :, : STATES * phones].astype(np.float64)
    weights = np.exp(-of_phones * _WEIGHT_STEP).reshape(STREAMS, densities, phones, STATES)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights.transpose(2, 0, 1, 3), np.float32)
