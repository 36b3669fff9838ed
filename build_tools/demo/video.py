"""PNG frames and a sound file become an MP4 (H.264 + AAC) that every player opens."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

AAC_RATE = 48_000


def _encode_picture(container: OutputContainer, stream: VideoStream, frames: Sequence[Path]) -> None:
    for path in frames:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        container.mux(stream.encode(picture))
    container.mux(stream.encode())


def _encode_sound(
    container: OutputContainer, stream: AudioStream, samples: np.ndarray, sample_rate: int
) -> None:
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=AAC_RATE)
    sound = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
    sound.sample_rate, sound.pts, sound.time_base = sample_rate, 0, Fraction(1, sample_rate)
    for piece in [*resampler.resample(sound), *resampler.resample(None)]:
        container.mux(stream.encode(piece))
    container.mux(stream.encode())


def _encode(
    container: OutputContainer, frames: Sequence[Path], fps: Fraction, samples: np.ndarray, sample_rate: int
) -> None:
    """Open both streams, then fill them: the container's header is written with the first packet."""
    first = Image.open(frames[0])
    picture = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "medium"})
    picture.width, picture.height, picture.pix_fmt = first.width, first.height, "yuv420p"
    sound = container.add_stream("aac", rate=AAC_RATE, layout="mono")
    _encode_picture(container, picture, frames)
    _encode_sound(container, sound, samples, sample_rate)


def write_video(
    path: Path, frames: Sequence[Path], fps: Fraction, samples: np.ndarray, sample_rate: int
) -> None:
    """Write one video, whole or not at all.

    Args:
        path: the .mp4 to write.
        frames: PNG files in order, all of one even width and height.
        fps: frames a second.
        samples: [N] mono sound in [-1, 1], played from the first frame on.
        sample_rate: of the samples, in Hertz.

    Raises:
        ValueError: if there are no frames.
    """
    if not frames:
        raise ValueError(f"{path}: there are no frames to make a video of; render some first")
    unfinished = path.with_name(f".{path.stem}.unfinished.mp4")
    try:
        with av.open(str(unfinished), "w", options={"movflags": "+faststart"}) as container:
            _encode(container, frames, fps, samples, sample_rate)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
