"""mouthClose: what closes the lips on the jaw that jawOpen has dropped. Millimetres.

The shape takes back on the lips what jawOpen did to them and adds where they seal. On its own it therefore
lifts the lower lip by the height of a whole open mouth. The turn of the jaw carries the lip 20 mm forwards
on its way up, so that at 1.0 it stands in front of the upper lip. Nothing meets anything there, as long as

- the inside of the lower lip hangs close behind it and does not run straight back through the upper lip;
- near a corner, where the lips pass each other by less than they are thick, the lower one goes half a
  millimetre further forwards and the upper one stays back as much: sealed lips may slide along each other;
- at the corner the fold that both lips share rolls and dives instead of running straight back, so that the
  upper lip's side of it looks backwards and the lower lip's forwards.

The tables below do that. They are the rounded result of a search that made the curves along which lips, mouth
bag, teeth and the skin round them cross as short as possible, and the tables' own entries small and even, in
mouthClose alone and in the sealed pose. jawOpen has no part in it. Between 0 and 1 the lips of mouthClose
alone still pass through each other; with jawOpen at the same or a higher weight they never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import mouth
from assets.head.generator.regions import lip_closure
from assets.head.generator.shape_jaw import jaw_open
from assets.head.generator.shape_ranges import CLOSE_SEAL_DROP

if TYPE_CHECKING:
    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]
Table = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]  # columns of a ring, backwards, up

# both lips together, by columns from the middle (0) to the corner (10)
LIPS: Table = ((5, 7, 8, 9, 10), (0.0, 0.2, 0.1, 0.1, 0.0), (0.0, 0.2, 0.3, 0.2, 0.1))
# the upper lip backwards and the lower one as far forwards
SLIDE: Table = ((5, 7, 8, 9, 10), (0.0, 0.3, 0.5, 0.4, 0.0), (0.0, 0.0, 0.0, 0.0, 0.0))
LIP_SHARE = {4: 0.3, 5: 0.6}  # of the two above, by ring; the rings up to the contact line have all of it
# the fold outside the corner, by columns over the upper lip (0), the corner (10) and the lower lip (20)
CORNER: Table = ((8, 9, 10, 11, 12), (0.0, 0.2, 0.1, 0.0, 0.0), (0.0, 0.1, -0.1, -0.5, 0.0))
CORNER_SHARE = {4: 0.5, 5: 1.0, 6: 0.3}  # by ring
# the corner's own roll: the border of the lips (ring 6) goes by this, the contact line (11) by its opposite
ROLL: Table = ((8, 9, 10, 11, 12), (0.0, 0.2, 0.4, 0.2, 0.0), (0.0, 0.3, 0.8, 0.3, 0.0))
_COLUMNS = (6, 8, 10, 12, 13, 15, 20)
# the inside of the lips by ring, from behind the contact line into the mouth bag
INSIDE: dict[int, Table] = {
    12: (_COLUMNS, (0.0, -0.5, -1.9, -1.0, -0.1, -0.1, -0.2), (0.0, -0.2, -2.1, -1.5, -0.8, -0.2, -0.6)),
    13: (_COLUMNS, (0.0, -0.4, -3.3, -5.3, -3.9, 0.3, -0.4), (0.0, -1.7, -3.0, -2.9, -1.4, 0.4, 0.6)),
    14: (_COLUMNS, (0.0, 0.5, 1.7, -4.0, -4.9, -3.5, -2.0), (0.0, 0.9, -0.2, -2.8, -2.7, -1.9, -1.1)),
    15: (_COLUMNS, (0.0, 1.4, -2.2, -2.4, -2.4, -3.1, -3.7), (0.0, 0.1, 1.0, 0.5, -0.3, -4.4, -2.7)),
}


def _along(table: Table, columns: Array) -> Array:
    """Displacement [21,3] along a ring from a table, looked up at `columns` [21]."""
    at, back, up = table
    moves = (np.zeros_like(columns), np.interp(columns, at, back), np.interp(columns, at, up))
    return np.stack(moves, axis=1)


def _seal(half: HalfHead) -> Array:
    """Displacement [N,3] of both lips to where they meet, fading into the skin round them."""
    k = np.arange(mouth.RING_LENGTH)
    middle = 1.0 - (np.minimum(np.abs(k - mouth.CORNER), mouth.CORNER) / mouth.CORNER - 1.0) ** 2 * 0.35
    seal = np.zeros_like(half.positions)
    for ring in range(mouth.LAST_LIP_RING + 1):
        share = min(ring / mouth.BORDER_RING, 1.0) if ring <= mouth.CONTACT_INNER_RING else 0.8
        seal[half.skin.mouth[ring]] = share * middle[:, None] * np.asarray(CLOSE_SEAL_DROP)
    return seal


def _pass_in_front(half: HalfHead) -> Array:
    """Displacement [N,3] that lets the lower lip pass in front of the upper one."""
    moved = np.zeros_like(half.positions)
    k = np.arange(mouth.RING_LENGTH, dtype=np.float64)
    from_middle = np.minimum(k, k[::-1])
    side = np.sign(mouth.CORNER - k)[:, None]  # the upper lip gives way backwards, the lower one forwards
    lips = _along(LIPS, from_middle) + side * _along(SLIDE, from_middle)
    for ring in range(min(LIP_SHARE), mouth.CONTACT_RING + 1):
        moved[half.skin.mouth[ring]] += LIP_SHARE.get(ring, 1.0) * lips
    middle, reach = (mouth.BORDER_RING + mouth.CONTACT_RING) / 2, (mouth.CONTACT_RING - mouth.BORDER_RING) / 2
    for ring in range(mouth.BORDER_RING, mouth.CONTACT_RING + 1):
        moved[half.skin.mouth[ring]] += (middle - ring) / reach * _along(ROLL, k)
    for ring, share in CORNER_SHARE.items():
        moved[half.skin.mouth[ring]] += share * _along(CORNER, k)
    for ring, table in INSIDE.items():
        moved[half.skin.mouth[ring]] += _along(table, k)
    return moved


def mouth_close(half: HalfHead) -> Array:
    """Displacement [N,3] that closes the lips on the jaw that `jaw_open` has dropped."""
    return np.asarray(-lip_closure(half)[:, None] * jaw_open(half) + _seal(half) + _pass_in_front(half))
