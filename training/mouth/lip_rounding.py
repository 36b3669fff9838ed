"""Rounded and spread lips, which one casual speaker's capture shows too little of.

GRID's speaker narrows his mouth by 6 to 8 % from spread to rounded vowels. In careful speech the difference
is several times that, in width and in protrusion (Fromkin 1964, "Lip positions in American English vowels",
Language and Speech 7, 215-225), and rounding begins before its vowel, through the consonants around it
(Bell-Berti and Harris 1982, "Temporal patterns of coarticulation: Lip rounding", Journal of the Acoustical
Society of America 71, 449-454). The amounts below are ours. Evenly round its phone it would come before the
speaker's own, so it can be told to come later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.mouth.phone_amount import phone_amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh
    from training.corpus.phones import Segment

#: How rounded and how spread phones are; others are neither.
ROUNDED = {
    "UW": 1.0,
    "W": 1.0,
    "OW": 0.8,
    "UH": 0.7,
    "AO": 0.6,
    "OY": 0.5,
    "SH": 0.4,
    "ZH": 0.4,
    "CH": 0.4,
    "JH": 0.4,
    "R": 0.3,
}
SPREAD = {"IY": 1.0, "EY": 0.8, "IH": 0.6, "EH": 0.4, "Y": 0.6}
#: What fully rounded and fully spread lips add to the teacher's, as weights.
ROUNDING = {"mouthPucker": 0.61, "mouthFunnel": 0.22}
SPREADING = {
    "mouthStretchLeft": 0.165,
    "mouthStretchRight": 0.165,
    "mouthSmileLeft": 0.065,
    "mouthSmileRight": 0.065,
}
#: Rounding grows and fades over this time (s) beside a phone.
RAMP = 0.12


@dataclass(frozen=True)
class LipRounding:
    """What rounded and spread lips add to the motion coefficients, [R] each, and how much later (s)."""

    rounded: NDArray[np.float32]
    spread: NDArray[np.float32]
    delay: float

    def added(self, segments: Sequence[Segment], times: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return what the phones add to coefficients at `times` [T] (s), [T, R]."""
        late = times - self.delay
        rounded, spread = (phone_amount(segments, late, amounts, RAMP) for amounts in (ROUNDED, SPREAD))
        return np.asarray(
            rounded[:, None] * self.rounded + (spread * (1 - rounded))[:, None] * self.spread, np.float32
        )


def lip_rounding(head: HeadMesh, basis: NDArray[np.float32], delay: float) -> LipRounding:
    """Return how a head's lips are rounded and spread.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
        delay: By how much that comes later than evenly round its phones (s).
    """
    rows = basis.reshape(len(basis), -1)

    def moved(weights: Mapping[str, float]) -> NDArray[np.float32]:
        offsets = sum(w * head.shape_deltas[ARKIT_NAMES.index(name)] for name, w in weights.items())
        return np.asarray(rows @ np.asarray(offsets).reshape(-1), np.float32)

    return LipRounding(moved(ROUNDING), moved(SPREADING), delay)
