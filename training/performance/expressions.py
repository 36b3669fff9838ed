"""The ten emotions as faces: what lies on the face throughout, in pauses and while speaking.

Which muscles take part follows published work; how much of each, as weights of the 52 ARKit shapes, is ours.

- Ekman and Friesen 1978, "Facial Action Coding System", Consulting Psychologists Press, and the prototypes of
  its emotion tables (EMFACS): joy is AU 6+12, anger 4+5+7 with 23 or 24, fear 1+2+4+5+20, sadness 1+4+15,
  disgust 9 or 10 with 15, 16 or 17, surprise 1+2+5+26.
- Prkachin 1992, "The consistency of facial expressions of pain", Pain 51, 297-306: pain is a lowered brow,
  tightened orbits (6, 7), a raised lip and wrinkled nose (9, 10) and closing eyes (43).
- Scherer and Ellgring 2007, "Are facial expressions of emotion produced by categorical affect programs or
  dynamically driven by appraisal?", Emotion 7, 113-130: actors rarely show a whole prototype, but parts of it
  that vary from one portrayal to the next. Hence several variants of each face.
- Busso and Narayanan 2007, "Interrelation between speech and facial gestures in emotional utterances: a
  single subject study", IEEE Transactions on Audio, Speech, and Language Processing 15, 2331-2347: the mouth
  is bound by articulation, while brows and forehead have more freedom to express emotion. Hence what opens
  the mouth belongs mostly to pauses here, and every emotion has a sign above the mouth.

Cheekiness, grief and being out of breath have no published prototype; theirs are ours altogether.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inference.blendshape_names import ARKIT_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The emotions, in the order of every label row.
EMOTIONS = (
    *("amazement", "anger", "cheekiness", "disgust", "fear"),
    *("grief", "joy", "outofbreath", "pain", "sadness"),
)


@dataclass(frozen=True)
class Look:
    """One way in which an emotion looks at its apex, as weights of ARKit shapes, 0 to 1.

    A name without its side means both sides.

    Attributes:
        always: On the face whether it speaks or not.
        silent: Added where nobody speaks.
        spoken: Added while speaking: the tension of jaw and lips.
        closed: Whether the lips are together in pauses, whatever the other shapes do to them.
        mirrored: Whether the sides may be exchanged.
    """

    always: Mapping[str, float]
    silent: Mapping[str, float] = field(default_factory=dict)
    spoken: Mapping[str, float] = field(default_factory=dict)
    closed: bool = False
    mirrored: bool = False


@dataclass(frozen=True)
class Expression:
    """How an emotion shows.

    Attributes:
        looks: Ways to look; a performance takes one, or something between two.
        stress: Weights added at a stressed syllable.
        breath: Weights added at the height of a breath (or a sob) in a pause.
        breath_rate: Breaths a second.
        onset: Seconds from nothing to the apex.
        offset: Seconds from the apex to nothing.
    """

    looks: tuple[Look, ...]
    stress: Mapping[str, float]
    onset: float
    offset: float
    breath: Mapping[str, float] = field(default_factory=dict)
    breath_rate: float = 0.0


def sided(weights: Mapping[str, float], *, mirrored: bool = False) -> dict[str, float]:
    """Return weights by ARKit's full names; a name without its side counts for both.

    Args:
        weights: By name, such as "mouthSmile" or "mouthSmileLeft".
        mirrored: Whether left and right are exchanged.
    """
    full: dict[str, float] = {}
    for name, weight in weights.items():
        names = [name] if name in ARKIT_NAMES else [f"{name}Left", f"{name}Right"]
        for one in names:
            other = _other_side(one) if mirrored else one
            full[other] = full.get(other, 0.0) + weight
    return full


def _other_side(name: str) -> str:
    for mine, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(mine):
            return name.removesuffix(mine) + other
    return name


_AMAZED = {"browInnerUp": 0.85, "browOuterUp": 0.8, "eyeWide": 0.85}
_ANGRY = {"browDown": 0.95, "noseSneer": 0.4, "jawForward": 0.3, "cheekSquint": 0.15}
_AFRAID = {"browInnerUp": 1.0, "browOuterUp": 0.1, "browDown": 0.3, "eyeWide": 0.9}
_PAINED = {"browDown": 0.9, "cheekSquint": 0.75, "eyeSquint": 0.8, "noseSneer": 0.45}
_SAD = {"browInnerUp": 1.0}

EXPRESSIONS: dict[str, Expression] = {
    "amazement": Expression(
        (
            Look(_AMAZED, {"jawOpen": 0.4, "mouthFunnel": 0.15}, {"jawOpen": 0.06}),
            Look(_AMAZED | {"mouthSmile": 0.2}, {"jawOpen": 0.3}, {"jawOpen": 0.04, "mouthUpperUp": 0.06}),
            Look(_AMAZED | {"eyeWide": 0.7}, {"jawOpen": 0.2, "mouthLowerDown": 0.1}, {"jawOpen": 0.05}),
        ),
        stress={"browInnerUp": 0.15, "browOuterUp": 0.2, "eyeWide": 0.15},
        onset=0.25,
        offset=0.7,
    ),
    "anger": Expression(
        (
            Look(
                _ANGRY | {"eyeSquint": 0.55, "eyeWide": 0.2, "mouthFrown": 0.2},
                {"mouthPress": 0.6, "mouthShrugLower": 0.25},
                {"mouthLowerDown": 0.25, "mouthUpperUp": 0.15},
                closed=True,
            ),
            Look(
                _ANGRY | {"eyeSquint": 0.45, "eyeWide": 0.3, "noseSneer": 0.6},
                {"mouthUpperUp": 0.4, "mouthLowerDown": 0.5, "mouthStretch": 0.25, "jawOpen": 0.06},
                {"mouthUpperUp": 0.3, "mouthLowerDown": 0.35, "mouthStretch": 0.1},
            ),
            Look(
                _ANGRY | {"eyeSquint": 0.6, "mouthFrown": 0.3},
                {"mouthRollUpper": 0.3, "mouthRollLower": 0.3, "mouthPress": 0.5},
                {"mouthFunnel": 0.15, "mouthLowerDown": 0.2},
                closed=True,
            ),
        ),
        stress={"browDown": 0.1, "noseSneer": 0.2, "jawForward": 0.15},
        onset=0.3,
        offset=0.7,
    ),
    "cheekiness": Expression(  # always to the same side: a slider that moved both would move none
        (
            Look(
                {"mouthSmileLeft": 1.0, "mouthSmileRight": 0.1, "mouthDimpleLeft": 0.4, "mouthLeft": 0.2}
                | {"browOuterUpRight": 0.8, "browInnerUp": 0.15, "browDownLeft": 0.3}
                | {"cheekSquintLeft": 0.45, "eyeSquintLeft": 0.45, "eyeSquintRight": 0.15},
                closed=True,
            ),
            Look(  # with half a wink
                {"mouthSmileLeft": 0.95, "mouthSmileRight": 0.3, "mouthDimpleLeft": 0.3, "mouthLeft": 0.12}
                | {"eyeBlinkLeft": 0.6, "cheekSquintLeft": 0.75, "eyeSquintLeft": 0.5, "browDownLeft": 0.3}
                | {"browOuterUpRight": 0.6},
                closed=True,
            ),
            Look(  # a sidelong look
                {"mouthSmileLeft": 0.95, "mouthSmileRight": 0.2, "mouthDimpleLeft": 0.4, "mouthLeft": 0.15}
                | {"browOuterUpRight": 0.7, "eyeSquint": 0.3, "browDownLeft": 0.35}
                | {"eyeLookOutLeft": 0.35, "eyeLookInRight": 0.35},
                {"mouthPressLeft": 0.2},
                closed=True,
            ),
        ),
        stress={"browOuterUp": 0.25, "browInnerUp": 0.1},
        onset=0.35,
        offset=0.8,
    ),
    "disgust": Expression(
        (
            Look(
                {"noseSneer": 1.0, "mouthUpperUp": 0.6, "mouthFrown": 0.6, "browDown": 0.4}
                | {"cheekSquint": 0.65, "eyeSquint": 0.7},
                {"mouthShrugLower": 0.5, "mouthUpperUp": 0.1},
                {"mouthUpperUp": 0.1},
            ),
            Look(  # lips drawn open
                {"noseSneer": 1.0, "mouthUpperUp": 0.75, "browDown": 0.4, "cheekSquint": 0.7}
                | {"eyeSquint": 0.7, "mouthFrown": 0.4},
                {"mouthLowerDown": 0.35, "jawOpen": 0.1},
                {"mouthLowerDown": 0.15},
            ),
            Look(  # one-sided
                {"noseSneerLeft": 0.95, "noseSneerRight": 0.6, "mouthUpperUpLeft": 0.75, "browDown": 0.4}
                | {"mouthUpperUpRight": 0.2, "mouthFrown": 0.45, "eyeSquint": 0.7, "cheekSquint": 0.55},
                {"mouthShrugLower": 0.35},
                mirrored=True,
            ),
        ),
        stress={"noseSneer": 0.1, "mouthUpperUp": 0.1, "browDown": 0.1},
        onset=0.45,
        offset=0.9,
    ),
    "fear": Expression(
        (
            Look(
                _AFRAID | {"mouthStretch": 0.85, "mouthFrown": 0.3},
                {"jawOpen": 0.14, "mouthLowerDown": 0.3},
                {"mouthLowerDown": 0.3, "mouthStretch": 0.15},
            ),
            Look(
                _AFRAID | {"mouthStretch": 0.7, "mouthFrown": 0.2, "eyeWide": 1.0},
                {"jawOpen": 0.22, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
                {"jawOpen": 0.03, "mouthLowerDown": 0.3, "mouthStretch": 0.2},
            ),
            Look(
                _AFRAID | {"mouthStretch": 0.9, "mouthFrown": 0.2, "eyeWide": 0.95},
                {"mouthPress": 0.3},
                {"mouthPress": 0.1, "mouthLowerDown": 0.15},
                closed=True,
            ),
        ),
        stress={"browInnerUp": 0.1, "eyeWide": 0.15, "mouthStretch": 0.1},
        onset=0.25,
        offset=0.9,
    ),
    "grief": Expression(
        (
            Look(
                {"browInnerUp": 1.0, "eyeSquint": 1.0, "eyeBlink": 0.2}
                | {"cheekSquint": 0.8, "mouthFrown": 0.95, "mouthStretch": 0.4},
                {"mouthLowerDown": 0.45, "jawOpen": 0.15, "mouthUpperUp": 0.2, "mouthShrugLower": 0.3},
                {"mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
            ),
            Look(
                {"browInnerUp": 1.0, "eyeSquint": 1.0, "eyeBlink": 0.4}
                | {"cheekSquint": 0.8, "mouthFrown": 0.95, "mouthStretch": 0.3},
                {"mouthShrugLower": 0.7, "mouthPress": 0.25},
                {"mouthLowerDown": 0.15},
                closed=True,
            ),
            Look(
                {"browInnerUp": 1.0, "eyeSquint": 0.9, "eyeBlink": 0.15}
                | {"cheekSquint": 0.7, "mouthFrown": 0.85, "mouthStretch": 0.5},
                {"jawOpen": 0.3, "mouthLowerDown": 0.4, "mouthUpperUp": 0.25},
                {"jawOpen": 0.03, "mouthLowerDown": 0.2},
            ),
        ),
        stress={"browInnerUp": 0.1, "eyeSquint": 0.15},
        breath={"mouthShrugLower": 0.25, "mouthFrown": 0.15, "cheekSquint": 0.15},
        breath_rate=1.6,
        onset=0.6,
        offset=1.2,
    ),
    "joy": Expression(
        (
            Look(
                {"mouthSmile": 0.95, "cheekSquint": 0.75, "eyeSquint": 0.35, "browOuterUp": 0.15},
                {"mouthUpperUp": 0.3, "mouthLowerDown": 0.15, "jawOpen": 0.12},
                {"mouthUpperUp": 0.1},
            ),
            Look(
                {"mouthSmile": 0.95, "cheekSquint": 0.7, "eyeSquint": 0.3, "mouthDimple": 0.2},
                {"mouthPress": 0.15},
                {"mouthUpperUp": 0.05},
                closed=True,
            ),
            Look(
                {"mouthSmile": 1.0, "cheekSquint": 0.8, "eyeSquint": 0.4, "browInnerUp": 0.2}
                | {"browOuterUp": 0.2},
                {"mouthUpperUp": 0.35, "mouthLowerDown": 0.25, "jawOpen": 0.25},
                {"mouthUpperUp": 0.15},
            ),
        ),
        stress={"browInnerUp": 0.15, "browOuterUp": 0.3, "cheekSquint": 0.1},
        onset=0.4,
        offset=0.9,
    ),
    "outofbreath": Expression(
        (
            Look(
                {"browInnerUp": 0.75, "eyeSquint": 0.2, "noseSneer": 0.2, "eyeBlink": 0.25},
                {"jawOpen": 0.3, "mouthFunnel": 0.2, "mouthLowerDown": 0.15},
                {"jawOpen": 0.1, "mouthLowerDown": 0.1},
            ),
            Look(
                {"browInnerUp": 0.8, "browOuterUp": 0.15, "eyeBlink": 0.25, "cheekSquint": 0.2},
                {"jawOpen": 0.36, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
                {"jawOpen": 0.12, "mouthLowerDown": 0.08},
            ),
            Look(  # blown out through pursed lips
                {"browInnerUp": 0.75, "eyeBlink": 0.3, "cheekSquint": 0.15},
                {"jawOpen": 0.24, "mouthFunnel": 0.35, "mouthPucker": 0.15},
                {"jawOpen": 0.1, "mouthFunnel": 0.08},
            ),
        ),
        stress={"browInnerUp": 0.15},
        breath={"jawOpen": 0.18, "noseSneer": 0.12, "mouthUpperUp": 0.1, "browInnerUp": 0.1},
        breath_rate=1.1,
        onset=0.5,
        offset=1.2,
    ),
    "pain": Expression(
        (
            Look(
                _PAINED | {"eyeBlink": 0.4, "mouthUpperUp": 0.3, "mouthStretch": 0.5},
                {"mouthLowerDown": 0.5, "mouthUpperUp": 0.15},
                {"mouthLowerDown": 0.2, "mouthUpperUp": 0.05},
            ),
            Look(
                _PAINED | {"eyeBlink": 0.6, "mouthStretch": 0.4, "mouthFrown": 0.2},
                {"mouthPress": 0.7, "mouthRollLower": 0.3},
                {"mouthLowerDown": 0.15, "mouthUpperUp": 0.15},
                closed=True,
            ),
            Look(  # one eye more than the other
                _PAINED | {"eyeBlinkLeft": 0.85, "eyeBlinkRight": 0.4, "mouthStretch": 0.4}
                | {"mouthUpperUpLeft": 0.4, "mouthUpperUpRight": 0.2},
                {"jawOpen": 0.14, "mouthLowerDown": 0.35},
                {"mouthLowerDown": 0.15},
                mirrored=True,
            ),
        ),
        stress={"eyeSquint": 0.15, "browDown": 0.1, "eyeBlink": 0.15, "mouthStretch": 0.1},
        onset=0.2,
        offset=1.0,
    ),
    "sadness": Expression(
        (
            Look(
                _SAD | {"mouthFrown": 0.9, "eyeBlink": 0.35, "eyeLookDown": 0.25},
                {"mouthShrugLower": 0.3},
                closed=True,
            ),
            Look(
                _SAD | {"mouthFrown": 0.8, "eyeBlink": 0.4, "eyeSquint": 0.15, "mouthPress": 0.15},
                {"mouthRollLower": 0.15},
                closed=True,
            ),
            Look(
                _SAD | {"mouthFrown": 0.85, "eyeBlink": 0.3, "eyeLookDown": 0.35},
                {"jawOpen": 0.04, "mouthShrugLower": 0.1},
            ),
        ),
        stress={"browInnerUp": 0.15},
        onset=0.8,
        offset=1.4,
    ),
}  # fmt: skip
