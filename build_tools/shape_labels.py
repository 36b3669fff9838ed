"""Writes each shape's name into its cell of the sheet of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INK, SHADE = (255, 255, 255), (40, 44, 50)


def label_sheet(path: Path, names: Sequence[str], columns: int, cell: int) -> None:
    """Write `names` along the foot of the cells, row by row.

    Args:
        path: the sheet, a PNG, changed in place.
        names: one per cell.
        columns: cells in a row.
        cell: width and height of a cell in pixels.
    """
    with Image.open(path) as picture:
        sheet = picture.convert("RGB")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for index, name in enumerate(names):
        left, foot = index % columns * cell, (index // columns + 1) * cell
        draw.rectangle((left, foot - 15, left + cell - 1, foot - 1), fill=SHADE)
        draw.text((left + cell / 2, foot - 8), name, fill=INK, font=font, anchor="mm")
    unfinished = path.with_suffix(".unfinished.png")
    sheet.save(unfinished, optimize=True)
    unfinished.replace(path)
