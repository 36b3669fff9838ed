"""What every reader of captured motion returns, and how lost frames are filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST_BRIDGE_S = 0.1
"""Gaps up to this long are interpolated and still count as captured; longer ones do not train."""

SAME_FRAME = 0.25
"""A row this close to a frame's time, in frames, is that frame."""

LOWEST_RATE, HIGHEST_RATE = 1.0, 1000.0
"""Frames a second; no camera is slower or faster."""

MOST_FRAMES = 500_000
"""More than two hours at 60 frames a second: a take that claims more has a damaged time column."""

TIME_ROUNDING = 1e-3
"""Timecodes are printed with three decimals."""


@dataclass(frozen=True, eq=False)
class RawMotion:
    """Motion of one take before it is put on the head. T frames at a constant rate; lost frames are filled.

    Attributes:
        kind: "weights", "rig116", "vertices_478" or "vertices_head".
        frame_rate: Frames a second.
        start_s: Time of frame 0 in seconds of the take, before the source's own offset.
        valid: Frames [T] that were really captured.
        weights: ARKit weights [T, 52], or None.
        vertices: Tracked vertices [T, N, 3], or None.
        head_rotation: Pitch, yaw, roll [T, 3] in radians, or None.
    """

    kind: str
    frame_rate: float
    start_s: float
    valid: NDArray[np.bool_]
    weights: NDArray[np.float32] | None = None
    vertices: NDArray[np.float32] | None = None
    head_rotation: NDArray[np.float32] | None = None

    @property
    def frames(self) -> int:
        """Number of motion frames T."""
        return len(self.valid)


def frame_grid(path: Path, seconds: float, frame_rate: float) -> NDArray[np.float64]:
    """Times of the frames [T] from 0 to ``seconds``, checked before anything of that length is made.

    Raises:
        LipwrightError: A frame rate that no camera has, or times that no take lasts.
    """
    if not LOWEST_RATE <= frame_rate <= HIGHEST_RATE:
        raise LipwrightError(
            f"{path}: its times give {frame_rate:g} frames a second; export the take again, or give "
            "frame_rate in capture.toml."
        )
    if not seconds * frame_rate < MOST_FRAMES:
        raise LipwrightError(
            f"{path}: its times span {seconds / 3600:.1f} hours; export the take again, or split it."
        )
    return np.arange(round(seconds * frame_rate) + 1) / frame_rate


def fill_lost_frames(values: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Interpolate linearly over frames that hold NaN or infinity.

    Args:
        values: [T, ...]; a frame with any non-finite number counts as lost.

    Returns:
        Filled float32 values [T, ...] and the frames [T] that were present.
    """
    flat = np.asarray(values, dtype=np.float32).reshape(len(values), -1)
    present: NDArray[np.bool_] = np.asarray(np.isfinite(flat).all(axis=1))
    if present.all() or not present.any():
        return np.asarray(values, dtype=np.float32), present
    filled = interpolate(
        np.flatnonzero(present).astype(float), flat[present], np.arange(len(flat), dtype=float)
    )
    return filled.reshape(values.shape), present


def interpolate(
    source_times: NDArray[np.float64], values: NDArray[np.floating], times: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Linear interpolation of [S, C] values at increasing times, held at both ends; [T, C] float32."""
    if len(source_times) == 1:
        return np.repeat(np.asarray(values, dtype=np.float32), len(times), axis=0)
    right = np.clip(np.searchsorted(source_times, times, side="right"), 1, len(source_times) - 1)
    left = right - 1
    share = (times - source_times[left]) / (source_times[right] - source_times[left])
    share = np.clip(share, 0.0, 1.0)[:, None]
    mixed: NDArray[np.float32] = (values[left] * (1.0 - share) + values[right] * share).astype(np.float32)
    return mixed


def frames_near_a_sample(
    source_times: NDArray[np.float64], times: NDArray[np.float64], frame_rate: float
) -> NDArray[np.bool_]:
    """Which resampled frames [T] stand on a captured row, or within a short bridge between two."""
    right = np.clip(np.searchsorted(source_times, times), 1, max(len(source_times) - 1, 1))
    right = np.minimum(right, len(source_times) - 1)
    left = np.maximum(right - 1, 0)
    bridge = source_times[right] - source_times[left]
    nearest = np.minimum(np.abs(times - source_times[left]), np.abs(times - source_times[right]))
    short = bridge <= max(LONGEST_BRIDGE_S, 1.5 / frame_rate) * (1 + TIME_ROUNDING)
    near: NDArray[np.bool_] = np.asarray((nearest < SAME_FRAME / frame_rate) | short)
    return near
