"""A line at a glance: its frames under their times, with the sound and the mouth's opening below."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INK, PAPER, SOUND, GAP = (30, 32, 36), (246, 245, 242), (150, 158, 170), (200, 62, 58)
STRIP_HEIGHT, CAPTION, MARGIN = 130, 22, 10


@dataclass(frozen=True)
class Tile:
    """One frame on the sheet: its picture, its time in seconds and what is said there (may be empty)."""

    picture: Path
    time: float
    caption: str = ""


def pick_frames(gap: np.ndarray, count: int) -> list[int]:
    """Choose telling frames: the widest and the most closed of each of equal stretches, in turn.

    Args:
        gap: [T] lip gap of every frame, any unit.
        count: how many frames are wanted.

    Returns:
        Increasing frame indices, at most `count`.
    """
    edges = np.linspace(0, len(gap), count + 1).astype(int)
    chosen = []
    for index, (start, stop) in enumerate(pairwise(edges)):
        if stop > start:
            pick = np.argmax if index % 2 == 0 else np.argmin
            chosen.append(int(start + pick(gap[start:stop])))
    return chosen


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _draw_strip(
    sheet: Image.Image,
    box: tuple[int, int, int, int],
    samples: np.ndarray,
    gap: np.ndarray,
    marks: list[float],
) -> None:
    """Draw the sound's envelope in grey, the lip gap over it in red and a tick where each tile was taken."""
    left, top, right, bottom = box
    draw, width, middle = ImageDraw.Draw(sheet), right - left, (top + bottom) / 2
    chunks = np.array_split(np.abs(samples), width) if len(samples) >= width else [np.abs(samples)]
    peak = max(float(np.max(np.abs(samples), initial=0.0)), 1e-9)
    for x, chunk in enumerate(chunks):
        half = float(chunk.max(initial=0.0)) / peak * (bottom - top) / 2
        draw.line([(left + x, middle - half), (left + x, middle + half)], fill=SOUND)
    top_gap = max(float(gap.max(initial=0.0)), 1e-9)
    at = left + np.linspace(0, width - 1, len(gap))
    draw.line(
        [(float(x), bottom - float(g) / top_gap * (bottom - top)) for x, g in zip(at, gap, strict=True)],
        fill=GAP,
        width=2,
    )
    for mark in marks:
        draw.line([(left + mark * width, bottom), (left + mark * width, bottom + 8)], fill=INK, width=2)


def _draw_tiles(sheet: Image.Image, tiles: Sequence[Tile], columns: int, size: tuple[int, int]) -> int:
    """Paste the tiles row by row; returns the y below the last row."""
    draw, font = ImageDraw.Draw(sheet), _font(15)
    for index, tile in enumerate(tiles):
        x = MARGIN + (index % columns) * (size[0] + MARGIN)
        y = 44 + (index // columns) * (size[1] + CAPTION + MARGIN)
        sheet.paste(Image.open(tile.picture).convert("RGB").resize(size, Image.Resampling.LANCZOS), (x, y))
        draw.text((x + 2, y + size[1] + 2), f"{tile.time:.2f} s   {tile.caption}".rstrip(), INK, font)
    rows = -(-len(tiles) // columns)
    return 44 + rows * (size[1] + CAPTION + MARGIN)


def write_contact_sheet(
    path: Path, title: str, tiles: Sequence[Tile], *, samples: np.ndarray, gap: np.ndarray, duration: float
) -> None:
    """Write the sheet as a PNG, whole or not at all.

    Args:
        path: the .png to write.
        title: the first line.
        tiles: the frames to show, in order of time.
        samples: [N] the line's sound.
        gap: [T] lip gap of every frame, drawn over the sound.
        duration: of the line, in seconds.
    """
    columns, size = min(6, max(len(tiles), 1)), (200, 250)
    rows = -(-len(tiles) // columns)
    width = MARGIN + columns * (size[0] + MARGIN)
    height = 44 + rows * (size[1] + CAPTION + MARGIN) + STRIP_HEIGHT + 46
    sheet = Image.new("RGB", (width, height), PAPER)
    ImageDraw.Draw(sheet).text((MARGIN, 12), title, INK, _font(19))
    below = _draw_tiles(sheet, tiles, columns, size)
    box = (MARGIN, below + 6, width - MARGIN, below + 6 + STRIP_HEIGHT)
    _draw_strip(sheet, box, samples, gap, [tile.time / max(duration, 1e-9) for tile in tiles])
    legend = "grey: the sound   red: how far the lips are apart   ticks: the frames above"
    ImageDraw.Draw(sheet).text((MARGIN, box[3] + 14), legend, INK, _font(14))
    unfinished = path.with_name(f".{path.stem}.unfinished.png")
    try:
        sheet.save(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
