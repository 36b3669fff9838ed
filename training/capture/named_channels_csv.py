"""A CSV of named channels over time, mapped onto the 52 ARKit weights.

The map comes from ``capture.toml``; channels that already bear ARKit's names need none. A channel may feed
several shapes, and several channels may feed one; contributions add up and are limited to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from inference.errors import LipwrightError

from .csv_table import number, read_table
from .raw_motion import RawMotion, fill_lost_frames, frame_grid, frames_near_a_sample, interpolate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

ChannelMap = dict[str, dict[str, float]]
"""channel -> {ARKit shape: gain}"""

TIME_COLUMNS = ("time", "t", "seconds", "time_s")
FRAME_COLUMNS = ("frame", "frames", "index")
SHORTEST_STEP_S = 1e-6
_LOWER = {name.lower(): i for i, name in enumerate(ARKIT_NAMES)}


def read_channels(
    path: Path, frame_rate: float | None
) -> tuple[float, float, list[str], NDArray[np.float32]]:
    """Read the raw channels of a take.

    Args:
        path: CSV with one column per channel and, first, ``time`` in seconds or ``frame``, whose first
            number stands at the take's start.
        frame_rate: Frames a second; needed where the file has no time column.

    Returns:
        Frame rate, time of frame 0 in seconds, channel names [C] and values [T, C] (NaN where a cell is
        empty).

    Raises:
        LipwrightError: Ragged rows, unreadable numbers, no time and no frame rate, time that runs backwards.
    """
    header, rows = read_table(path)
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise LipwrightError(f"{path}: row {i + 2} has {len(row)} cells, the header {len(header)}.")
    table = np.array(
        [[number(path, i + 2, cell) for cell in row] for i, row in enumerate(rows)], dtype=np.float64
    )
    first = header[0].lower()
    if first in TIME_COLUMNS:
        return _by_time(path, table, header, frame_rate)
    if frame_rate is None:
        raise LipwrightError(f"{path}: has no time column; give frame_rate in capture.toml.")
    if first not in FRAME_COLUMNS:
        return frame_rate, 0.0, header, table.astype(np.float32)
    table[:, 0] = (table[:, 0] - table[0, 0]) / frame_rate
    return _by_time(path, table, header, frame_rate)


def _by_time(
    path: Path, table: NDArray[np.float64], header: list[str], frame_rate: float | None
) -> tuple[float, float, list[str], NDArray[np.float32]]:
    times = table[:, 0]
    steps = np.diff(times)
    if not np.isfinite(times).all() or (len(steps) and steps.min() <= 0):
        raise LipwrightError(f"{path}: its {header[0]} column does not increase; export the take again.")
    if frame_rate is None:
        if not len(steps):
            raise LipwrightError(
                f"{path}: one frame alone has no frame rate; give frame_rate in capture.toml."
            )
        rate = 1.0 / max(float(np.median(steps)), SHORTEST_STEP_S)
        # Times printed with few decimals give 29.97-ish medians for a true 30.
        frame_rate = float(round(rate)) if abs(rate - round(rate)) < 0.01 * rate else rate
    grid = times[0] + frame_grid(path, float(times[-1] - times[0]), frame_rate)
    values = interpolate(times, table[:, 1:], grid)
    values[~frames_near_a_sample(times, grid, frame_rate)] = np.nan
    return frame_rate, float(times[0]), header[1:], values


def map_channels(
    path: Path, names: list[str], values: NDArray[np.float32], channel_map: Mapping[str, Mapping[str, float]]
) -> NDArray[np.float32]:
    """Mix channels [T, C] into ARKit weights [T, 52], limited to 0..1.

    Raises:
        LipwrightError: The map names a shape that ARKit does not have, or no channel feeds any shape.
    """
    mixer = np.zeros((len(names), len(ARKIT_NAMES)), dtype=np.float32)
    for i, name in enumerate(names):
        targets = channel_map.get(name, {name: 1.0} if name.lower() in _LOWER else {})
        for shape, gain in targets.items():
            if shape.lower() not in _LOWER:
                raise LipwrightError(
                    f"{path}: channel {name} is mapped to '{shape}', which is no ARKit shape."
                )
            mixer[i, _LOWER[shape.lower()]] += gain
    if not mixer.any():
        raise LipwrightError(
            f"{path}: none of its channels is an ARKit shape; add [channels] to capture.toml."
        )
    weights: NDArray[np.float32] = np.clip(values @ mixer, 0.0, 1.0)
    return weights


def read_named_channels_csv(
    path: Path, channel_map: Mapping[str, Mapping[str, float]], frame_rate: float | None = None
) -> RawMotion:
    """Read a CSV of named channels as ARKit weights.

    Raises:
        LipwrightError: See `read_channels` and `map_channels`.
    """
    rate, start, names, values = read_channels(path, frame_rate)
    # An empty column that moves nothing must not make every frame a lost one.
    values[:, [name not in channel_map and name.lower() not in _LOWER for name in names]] = 0.0
    filled, present = fill_lost_frames(values)
    if not present.any():
        raise LipwrightError(f"{path}: no frame of this take is complete; export it again.")
    weights = map_channels(path, names, filled, channel_map)
    return RawMotion(kind="weights", frame_rate=rate, start_s=start, valid=present, weights=weights)
