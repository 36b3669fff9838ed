"""What lines and files do to a sound: telephone and lossy compression, their delay removed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import resample_poly

from training.sound_conditions.spectra import band, filtered

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MU = 255.0
#: Band of a telephone line, Hertz.
TELEPHONE_BAND = (300.0, 3400.0)
#: No codec delays by more (s).
_LONGEST_DELAY = 0.2


def mu_law(samples: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return samples after 8 bits of mu-law, as ITU-T G.711 has it; they are clipped at full scale."""
    x = np.clip(samples, -1, 1)
    code = np.round(np.sign(x) * np.log1p(_MU * np.abs(x)) / np.log1p(_MU) * 127) / 127
    return np.asarray(np.sign(code) * np.expm1(np.abs(code) * np.log1p(_MU)) / _MU)


def telephone(samples: NDArray[np.floating[Any]], sample_rate: int) -> NDArray[np.float64]:
    """Return samples [N] as a telephone line passes them on: 300 to 3400 Hz, 8 kHz, mu-law."""
    narrow = filtered(samples, sample_rate, band(*TELEPHONE_BAND))
    step = sample_rate // 8000
    low = resample_poly(narrow, 1, step)
    peak = np.abs(low).max() + 1e-12
    back = resample_poly(mu_law(low / peak * 0.9) * peak / 0.9, step, 1)
    return np.pad(back, (0, max(0, len(samples) - len(back))))[: len(samples)]


def mp3(samples: NDArray[np.floating[Any]], sample_rate: int, bits_per_second: int) -> NDArray[np.float64]:
    """Return samples [N] after MP3 at a constant rate."""
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=sample_rate)
        stream.bit_rate = bits_per_second
        stream.layout = "mono"
        whole = np.clip(np.round(np.asarray(samples, np.float64) * 32767), -32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = sample_rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return _decoded(memory, samples)


def ogg(samples: NDArray[np.floating[Any]], sample_rate: int, quality: float) -> NDArray[np.float64]:
    """Return samples [N] after Ogg Vorbis; `quality` from 0 to 1."""
    memory = io.BytesIO()
    soundfile.write(
        memory,
        np.clip(samples, -1, 1),
        sample_rate,
        format="OGG",
        subtype="VORBIS",
        compression_level=1 - quality,
    )
    return _decoded(memory, samples)


def _decoded(memory: io.BytesIO, original: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    memory.seek(0)
    decoded, rate = soundfile.read(memory, dtype="float64")
    delay = _delay(np.asarray(original, np.float64), decoded, int(_LONGEST_DELAY * rate))
    aligned = decoded[delay:] if delay >= 0 else np.pad(decoded, (-delay, 0))
    return np.pad(aligned, (0, max(0, len(original) - len(aligned))))[: len(original)]


def _delay(original: NDArray[np.float64], later: NDArray[np.float64], most: int) -> int:
    """Return by how many samples `later` lags, where the two correlate best."""
    length = next_fast_len(len(original) + len(later), real=True)
    match = irfft(np.conj(rfft(original, length)) * rfft(later, length), length)
    near = np.concatenate([match[-most:], match[: most + 1]])
    return int(np.argmax(near)) - most
