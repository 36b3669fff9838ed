"""Draws the faces of those lines that somebody should look at; what was drawn before is kept."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..bundled import default_head_path
from ..head_mesh import HeadMesh, load_head
from .face_picture import face_png
from .ledger import Ledger
from .report import ReportedLine

_DRAWING_VERSION = 1
"""Raise it when pictures look otherwise."""


def draw_faces(
    lines: Sequence[ReportedLine], most: int, wanted: Callable[[str], bool], ledger: Ledger
) -> list[ReportedLine]:
    """Returns the lines, some of them with pictures of the face at their loudest syllables.

    Args:
        lines: the most suspicious first.
        most: how many of these to draw.
        wanted: tells by id which others to draw too.
        ledger: keeps pictures from one run to the next.

    Raises:
        LipwrightError: when the bundled head cannot be read.
    """
    known = ledger.pictures()
    used: dict[str, bytes] = {}
    heads: list[HeadMesh] = []

    def picture(weights: tuple[float, ...]) -> bytes:
        key = hashlib.sha256(repr((_DRAWING_VERSION, weights)).encode()).hexdigest()
        if key not in used:
            if key not in known and not heads:
                heads.append(load_head(default_head_path()))
            used[key] = known[key] if key in known else face_png(heads[0], np.asarray(weights, np.float32))
        return used[key]

    drawn = []
    left = most
    for line in lines:
        suspicious = left > 0 and line.measures is not None and line.score > 0
        left -= suspicious
        if line.measures and (suspicious or wanted(line.outcome.line.id)):
            pairs = zip(line.measures.moments, line.measures.faces, strict=True)
            drawn.append(replace(line, pictures={moment: picture(face) for moment, face in pairs}))
        else:
            drawn.append(line)
    if used.keys() != known.keys():
        ledger.keep_pictures(used)
    return drawn
