"""Live Link Face CSV: timecode, blend shape count, 52 ARKit weights and nine head and eye angles.

Real iPhone files differ from the tidy ones: the timecode's last field is the frame within the second, with
decimals, counted in a time base (60) that need not be the row rate (30 or 60 rows a second); frames are
dropped now and then; and a row whose face was lost ends after a count of 0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from inference.errors import LipwrightError

from .csv_table import number, read_table
from .raw_motion import RawMotion, frame_grid, frames_near_a_sample, interpolate

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TIME_BASES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 100.0, 120.0)
ROTATION_COLUMNS = ("headpitch", "headyaw", "headroll")
DAY_S = 86400.0
HALF_DAY_S = 43200.0
LOWEST_WEIGHT, LARGEST_WEIGHT = -0.5, 2.0
_TIMECODE = re.compile(r"^(\d{1,2}):(\d{2}):(\d{2})[:;](\d{1,3}(?:\.\d+)?)$")


def is_live_link(header: list[str]) -> bool:
    """Whether a CSV header is that of a Live Link Face file."""
    return len(header) > 1 and [cell.lower() for cell in header[:2]] == ["timecode", "blendshapecount"]


def read_live_link_csv(path: Path, frame_rate: float | None = None) -> RawMotion:
    """Read a Live Link Face CSV onto a constant frame rate.

    Args:
        path: The CSV file.
        frame_rate: Rows a second, where the timecode cannot tell (takes under a second); usually None.

    Returns:
        Motion of kind "weights" with `head_rotation`. Dropped and lost rows are interpolated; bridges longer
        than 0.1 s are marked not valid.

    Raises:
        LipwrightError: Missing columns, unreadable numbers or timecodes, time that runs backwards, weights
            out of range.
    """
    header, rows = read_table(path)
    if not is_live_link(header):
        raise LipwrightError(
            f"{path}: not a Live Link Face CSV; its header must begin Timecode,BlendshapeCount."
        )
    columns = _columns(path, header)
    seconds, ticks = _timecodes(path, rows)
    values = np.array([_row_values(path, i + 2, row, columns, len(header)) for i, row in enumerate(rows)])
    times, row_rate = _row_times(path, seconds, ticks, frame_rate)
    return _resample(path, times, values, row_rate)


def _columns(path: Path, header: list[str]) -> list[int]:
    """Column of every ARKit weight, then of the head angles (-1 where the file has none)."""
    where = {name.lower(): i for i, name in enumerate(header)}
    missing = [name for name in ARKIT_NAMES if name.lower() not in where]
    if missing:
        raise LipwrightError(f"{path}: the column {missing[0]} is missing; export all 52 blend shapes.")
    return [where[name.lower()] for name in ARKIT_NAMES] + [where.get(name, -1) for name in ROTATION_COLUMNS]


def _row_values(path: Path, line: int, row: list[str], columns: list[int], width: int) -> list[float]:
    if len(row) == 2:  # noqa: PLR2004 - timecode and a count of 0: the face was lost
        return [float("nan")] * len(columns)
    if len(row) != width:
        raise LipwrightError(
            f"{path}: row {line} has {len(row)} cells, the header {width}; export the take again."
        )
    return [number(path, line, row[column]) if column >= 0 else 0.0 for column in columns]


def _timecodes(path: Path, rows: list[list[str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whole seconds and frames within the second of every row."""
    parsed = []
    for i, row in enumerate(rows):
        match = _TIMECODE.match(row[0].strip())
        if match is None:
            raise LipwrightError(
                f"{path}: row {i + 2} has the timecode '{row[0][:20]}'; expected hh:mm:ss:ff.fff."
            )
        hours, minutes, whole, ticks = match.groups()
        parsed.append((int(hours) * 3600.0 + int(minutes) * 60.0 + int(whole), float(ticks)))
    table = np.array(parsed)
    seconds = table[:, 0]
    seconds = seconds + DAY_S * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -HALF_DAY_S)
    return seconds, table[:, 1]


def _row_times(
    path: Path, seconds: NDArray[np.float64], ticks: NDArray[np.float64], frame_rate: float | None
) -> tuple[NDArray[np.float64], float]:
    """Time of every row from the first, and the rows a second."""
    base = _time_base(seconds, ticks, frame_rate)
    times = seconds - seconds[0] + (ticks - ticks[0]) / base
    steps = np.diff(times)
    if (steps <= 0).any():
        line = int(np.argmax(steps <= 0)) + 3
        raise LipwrightError(
            f"{path}: time runs backwards or stands still at row {line}; export the take again."
        )
    if frame_rate is not None:
        return times, frame_rate
    row_rate = 1.0 / float(np.median(steps)) if len(steps) else base
    nearest = min(TIME_BASES, key=lambda rate: abs(rate - row_rate))
    return times, nearest if abs(nearest - row_rate) < 0.02 * nearest else row_rate


def _time_base(seconds: NDArray[np.float64], ticks: NDArray[np.float64], frame_rate: float | None) -> float:
    """Ticks a second: what makes the step over a second's edge equal to the usual step within a second."""
    same = np.diff(seconds) == 0
    step = float(np.median(np.diff(ticks)[same])) if same.any() else 1.0
    edges = np.flatnonzero(np.diff(seconds) == 1)
    if len(edges):
        wanted = float(np.median(ticks[edges] + step - ticks[edges + 1]))
        return min(TIME_BASES, key=lambda base: abs(base - wanted))
    large_enough = [base for base in TIME_BASES if base > ticks.max()]
    return frame_rate or (min(large_enough) if large_enough else TIME_BASES[-1])


def _resample(
    path: Path, times: NDArray[np.float64], values: NDArray[np.float64], frame_rate: float
) -> RawMotion:
    present = np.isfinite(values).all(axis=1)
    if not present.any():
        raise LipwrightError(f"{path}: no frame of this take shows a face; leave the take out.")
    weights = values[present, : len(ARKIT_NAMES)]
    if weights.min() < LOWEST_WEIGHT or weights.max() > LARGEST_WEIGHT:
        raise LipwrightError(
            f"{path}: weights reach {weights.max():.1f}; they must lie in 0..1, not in percent."
        )
    grid = frame_grid(path, float(times[-1]), frame_rate)
    resampled = interpolate(times[present], values[present], grid)
    return RawMotion(
        kind="weights",
        frame_rate=frame_rate,
        start_s=0.0,
        valid=frames_near_a_sample(times[present], grid, frame_rate),
        weights=np.clip(resampled[:, : len(ARKIT_NAMES)], 0.0, 1.0),
        head_rotation=resampled[:, len(ARKIT_NAMES) :],
    )
