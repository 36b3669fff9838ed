"""Expression shapes laid over speech: nothing beyond a shape's range, nothing that fights what is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from training.mouth.mouth_width import WIDENING, width_row
from training.mouth.teeth_contact import RIDGE
from training.performance.expressions import sided
from training.performance.lid_keeping import lids_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh
    from training.mouth.teeth_contact import TeethContact
    from training.networks.lipwright import LipLines
    from training.performance.lid_keeping import Lids

#: Pairs of shapes that work against each other, and how far the stronger takes the weaker away.
OPPOSED = (
    ("mouthSmile", "mouthFrown", 1.0),
    ("mouthStretch", "mouthPucker", 1.0),
    ("mouthStretch", "mouthFunnel", 0.6),
    ("mouthSmile", "mouthPucker", 0.5),
    ("mouthLowerDown", "mouthPucker", 0.7),
    ("mouthUpperUp", "mouthPucker", 0.7),
    ("eyeWide", "eyeBlink", 1.0),
    ("eyeWide", "eyeSquint", 0.4),
    ("browDown", "browOuterUp", 0.9),
    ("browDown", "browInnerUp", 0.6),
    ("mouthPress", "mouthLowerDown", 0.8),
    ("mouthPress", "mouthFunnel", 0.8),
    ("mouthRollLower", "mouthLowerDown", 0.8),
    ("mouthRollUpper", "mouthUpperUp", 0.8),
    ("mouthPress", "jawOpen", 0.8),
    ("mouthShrugLower", "jawOpen", 0.6),
)
#: Shapes of speech; the rest of the face is free.
MOUTH = (*(n for n in ARKIT_NAMES if n.startswith(("jaw", "mouth"))), "cheekPuff", "tongueOut")
#: Shapes that part the lips: they give way where lips touch.
PARTING = ("jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel")
#: What takes the lower lip away from the upper teeth, beside what their pose decides.
PROTRUDING = ("jawForward", "jawLeft", "jawRight")
#: How much of an expression's move of the mouth is left in running speech.
SPOKEN_SHARE = 0.92


@dataclass(frozen=True)
class PerformingFace:
    """What performing needs to know about a head and a speaker.

    Attributes:
        moves: [52, R] motion coefficients of every ARKit shape at 1.
        weights: [R, 52] coefficients back to the likeliest weights.
        lips: Where the lips are.
        teeth: How the lower lip gets to the teeth.
        lids: Where the eyelids are.
        rest: [R] the speaker's face at rest.
        width: [R] by how much each coefficient widens the mouth, metres.
        widening: [R] the move that widens the mouth by one metre.
    """

    moves: NDArray[np.float64]
    weights: NDArray[np.float64]
    lips: LipLines
    teeth: TeethContact
    lids: Lids
    rest: NDArray[np.float64]
    width: NDArray[np.float64]
    widening: NDArray[np.float64]


def performing_face(
    head: HeadMesh,
    basis: NDArray[np.float32],
    lips: LipLines,
    teeth: TeethContact,
    rest: NDArray[np.floating] | None = None,
) -> PerformingFace:
    """Return what performing needs to know.

    Args:
        head: The head that the basis moves.
        basis: [R, V, 3] orthonormal, metres; spans the head's ARKit shapes.
        lips: Of the same head and basis (`training.mouth.lip_contact.lip_lines`).
        teeth: Likewise (`training.mouth.teeth_contact.teeth_contact`).
        rest: [R] the speaker's face at rest (`training.dataset.rest_pose`); by default the head's.
    """
    shapes = head.shape_deltas.reshape(len(head.shape_deltas), -1).astype(np.float64)
    moves = shapes @ basis.reshape(len(basis), -1).T
    weights = moves.T @ np.linalg.inv(moves @ moves.T + RIDGE**2 * np.eye(len(moves)))
    width = width_row(head, basis)
    widening = moves[[ARKIT_NAMES.index(name) for name in WIDENING]].sum(0)
    pose = np.zeros(len(basis)) if rest is None else np.asarray(rest, np.float64)
    return PerformingFace(
        moves, weights, lips, teeth, lids_of(head, basis, moves), pose, width, widening / (widening @ width)
    )


def weight_row(weights: Mapping[str, float], *, mirrored: bool = False) -> NDArray[np.float64]:
    """Return weights by name as a row [52]; names without a side count for both."""
    row = np.zeros(len(ARKIT_NAMES))
    for name, weight in sided(weights, mirrored=mirrored).items():
        row[ARKIT_NAMES.index(name)] = weight
    return row


def _columns(names: tuple[str, ...]) -> NDArray[np.int_]:
    return np.array([ARKIT_NAMES.index(full) for name in names for full in sided({name: 1.0})])


_MOUTH, _PARTING, _PROTRUDING = (_columns(names) for names in (MOUTH, PARTING, PROTRUDING))


def _opposed_columns() -> list[tuple[int, int, float]]:
    return [
        (ARKIT_NAMES.index(a), ARKIT_NAMES.index(b), strength)
        for one, other, strength in OPPOSED
        for a in sided({one: 1.0})
        for b in sided({other: 1.0})
        if _same_side(a, b)
    ]


def _same_side(one: str, other: str) -> bool:
    sides = {name.endswith("Left") for name in (one, other) if name.endswith(("Left", "Right"))}
    return len(sides) <= 1


_OPPOSED = _opposed_columns()


def layered(
    expression: NDArray[np.float64], speech: NDArray[np.float64], speaking: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return expression weights [T, 52] that fit on top of speech, 0 to 1.

    Args:
        expression: [T, 52] what the emotions ask for, 0 or more.
        speech: [T, 52] weights of the speech below.
        speaking: [T] from 0 to 1 whether it is speech at all.
    """
    below, wanted = np.clip(speech, 0, 1), np.clip(expression, 0, 1)
    talk = below * speaking[:, None]
    against = np.maximum(wanted / 2, talk)
    kept = np.ones_like(wanted)
    for a, b, strength in _OPPOSED:
        kept[:, a] *= 1 - strength * against[:, b]
        kept[:, b] *= 1 - strength * against[:, a]
    kept[:, _MOUTH] *= 1 - (1 - SPOKEN_SHARE) * speaking[:, None]
    # What a shape already has is not added again: 1 - (1 - a)(1 - b) never passes 1.
    return np.asarray(wanted * kept * (1 - below), np.float64)


def articulated(
    face: PerformingFace,
    coefficients: NDArray[np.floating],
    opening: NDArray[np.float64],
    width: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what other amounts of articulation add to motion [T, R].

    Args:
        face: Whose.
        coefficients: [T, R] neutral motion.
        opening: [T] factor of the mouth's movements about rest.
        width: [T] factor of how much they widen and narrow it, on top of that.
    """
    about_rest = coefficients - face.rest
    mouth = about_rest @ face.weights[:, _MOUTH] @ face.moves[_MOUTH]
    grown = (opening - 1)[:, None] * mouth
    wider = (about_rest + grown) @ face.width * (width - 1)
    return np.asarray(grown + wider[:, None] * face.widening, np.float64)


def yielding(
    weights: NDArray[np.float64], lips: NDArray[np.floating], teeth: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return expression weights [T, 52] without what keeps lips, or lip and teeth, from touching.

    Args:
        weights: [T, 52].
        lips: [T] from 0 to 1 how much the lips must touch.
        teeth: [T] likewise the lower lip and the upper teeth.
    """
    kept = weights.copy()
    kept[:, _PARTING] *= (1 - lips)[:, None]
    kept[:, _PROTRUDING] *= (1 - teeth)[:, None]
    return kept
