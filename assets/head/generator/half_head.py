"""The left half of the head with every part, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assets.head.generator import eye, mouth
from assets.head.generator.brow import add_brow
from assets.head.generator.eyeball import add_eyeball
from assets.head.generator.hair import add_hair
from assets.head.generator.mesh_builder import Indices, MeshBuilder
from assets.head.generator.skin import SkinIndex, build_skin
from assets.head.generator.teeth import add_teeth, add_tongue

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class HalfHead:
    """Half mesh with its semantic vertex numbers."""

    positions: NDArray[np.float64]  # [N,3] millimetres
    quads: Indices  # [F,4]
    parts: NDArray[np.str_]  # [N]
    materials: NDArray[np.str_]  # [F]
    skin: SkinIndex
    eyeball: Indices
    teeth: dict[str, Indices]
    tongue: Indices
    brow: Indices
    hair: Indices


def build_half() -> HalfHead:
    """Build every part of the left half."""
    builder = MeshBuilder()
    index = build_skin(builder)
    ball = add_eyeball(builder)
    arches = add_teeth(builder)
    tongue = add_tongue(builder)
    brow = add_brow(builder)
    hair = add_hair(builder)
    quads = np.array(builder.quads)
    materials = np.array(builder.materials, dtype="U16")
    _paint(index, quads, materials)
    return HalfHead(
        builder.array(),
        quads,
        np.array(builder.parts, dtype="U16"),
        materials,
        index,
        ball,
        arches,
        tongue,
        brow,
        hair,
    )


def _paint(index: SkinIndex, quads: Indices, materials: NDArray[np.str_]) -> None:
    """Give lips, mouth bag, lashes and the wet rim of the lids their own materials."""
    count = quads.max() + 1
    ring = np.full(count, -1)
    for number, vertices in enumerate(index.mouth):
        ring[vertices] = number
    low, high = ring[quads].min(axis=1), ring[quads].max(axis=1)
    materials[(low >= mouth.BORDER_RING) & (high <= mouth.LAST_LIP_RING)] = "lips"
    beyond = (high >= mouth.LAST_LIP_RING + 1) & (materials == "skin") & (low != 0)
    materials[beyond & (low >= mouth.LAST_LIP_RING)] = "mouth"
    last = set(index.mouth[-1].tolist())
    bag = int(index.mouth[-1].max())
    inside = (quads > bag).all(axis=1) & (quads < index.eye[1:].min()).all(axis=1)
    touching = np.array([bool(last & set(q.tolist())) for q in quads])
    materials[inside | (touching & (low >= mouth.LAST_LIP_RING)) | (touching & (low < 0))] = "mouth"
    first, after = int(index.nostril[2:].min()), int(index.cap[1:-1, :-1].min())
    materials[(quads >= first).all(axis=1) & (quads < after).all(axis=1)] = "nostril"
    lid = np.full(count, -1)
    for number, vertices in enumerate(index.eye):
        lid[vertices] = number
    upper = np.zeros(count, dtype=bool)
    upper[index.eye[:, : eye.OUTER_CANTHUS + 1]] = True
    lash = (lid[quads].min(axis=1) >= eye.MARGIN_RING) & (lid[quads].max(axis=1) <= eye.MARGIN_INNER_RING)
    materials[lash] = "lid_margin"
    materials[lash & upper[quads].all(axis=1)] = "lashes"
    materials[lid[quads].min(axis=1) >= eye.MARGIN_INNER_RING] = "lid_margin"
