"""An open jaw at low vowels and a high one at sibilants, where one casual speaker's capture shows neither.

GRID's fifty words have next to no "ah", and their speaker parts his lips as far at s as at a. The jaw stands
highest at s, sh and t and lowest at low vowels (Keating, Lindblom, Lubker and Kreiman 1994, "Variability in
jaw height for segments in English and Swedish VCVs", Journal of Phonetics 22, 407-422), since a sibilant
needs the teeth close together and a low vowel takes its opening from the jaw (Lindblom and Sundberg 1971,
"Acoustical consequences of lip, tongue, jaw, and larynx movement", Journal of the Acoustical Society of
America 50, 1166-1179). A short vowel does not get as far (Lindblom 1963, "Spectrographic study of vowel
reduction", same journal 35, 1773-1781). The amounts below are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.mouth.jaw_alone import jaw_alone
from training.mouth.phone_amount import phone_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh
    from training.corpus.phones import Segment

#: How far the jaw is lowered and raised at phones; at others it stays where it is.
LOWERED = {
    "AA": 1.0,
    "AW": 1.0,
    "AE": 0.9,
    "AY": 0.6,
    "AO": 0.8,
    "OY": 0.5,
    "EH": 0.4,
    "AH": 0.35,
    "OW": 0.3,
}
RAISED = {"S": 1.0, "Z": 1.0, "SH": 0.8, "ZH": 0.8, "CH": 0.8, "JH": 0.8, "T": 0.4, "D": 0.3}
#: What a fully lowered jaw adds, as a weight of jawOpen.
LOWERING = 0.16
#: What a fully raised jaw adds with the lips, as a weight of jawOpen, and under lips that stay, in metres.
RAISING, RAISING_ALONE = -0.08, -0.001
#: The jaw moves over these times (s) beside a phone; a vowel shorter than `REACHED` (s) is cut short.
LOWERING_RAMP, RAISING_RAMP, REACHED = 0.09, 0.06, 0.11


@dataclass(frozen=True)
class JawHeight:
    """What a lowered and a raised jaw add to the motion coefficients, [R] each."""

    lowered: NDArray[np.float32]
    raised: NDArray[np.float32]

    def added(self, segments: Sequence[Segment], times: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return what the phones add to coefficients at `times` [T] (s), [T, R]."""
        lowered = phone_amount(segments, times, LOWERED, LOWERING_RAMP, REACHED)
        raised = phone_amount(segments, times, RAISED, RAISING_RAMP)
        return np.asarray(
            (lowered * (1 - raised))[:, None] * self.lowered + raised[:, None] * self.raised, np.float32
        )


def jaw_height(head: HeadMesh, basis: NDArray[np.float32]) -> JawHeight:
    """Return how a head's jaw is lowered and raised.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
    """
    offsets = np.asarray(head.shape_deltas[ARKIT_NAMES.index("jawOpen")]).reshape(-1)
    opening = basis.reshape(len(basis), -1) @ offsets
    raised = RAISING * opening + RAISING_ALONE * jaw_alone(head, basis)
    return JawHeight(np.asarray(LOWERING * opening, np.float32), np.asarray(raised, np.float32))
