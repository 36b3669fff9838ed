"""The 52 ARKit blendshape names and the columns of a Live Link Face recording.

Sources: Apple, *ARFaceAnchor.BlendShapeLocation*; the column order is that of Epic's Live Link Face app.
"""

ARKIT_NAMES: tuple[str, ...] = (
    "eyeBlinkLeft",
    "eyeLookDownLeft",
    "eyeLookInLeft",
    "eyeLookOutLeft",
    "eyeLookUpLeft",
    "eyeSquintLeft",
    "eyeWideLeft",
    "eyeBlinkRight",
    "eyeLookDownRight",
    "eyeLookInRight",
    "eyeLookOutRight",
    "eyeLookUpRight",
    "eyeSquintRight",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthLeft",
    "mouthRight",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "tongueOut",
)
"""Apple's documented order, camelCase."""

HEAD_AND_EYE_COLUMNS: tuple[str, ...] = (
    "HeadYaw",
    "HeadPitch",
    "HeadRoll",
    "LeftEyeYaw",
    "LeftEyePitch",
    "LeftEyeRoll",
    "RightEyeYaw",
    "RightEyePitch",
    "RightEyeRoll",
)
"""The nine rotations (radians) that end every Live Link Face row."""


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def _live_link_shapes() -> tuple[str, ...]:
    """Apple's order with the two pairs that the app writes the other way round."""
    order = list(ARKIT_NAMES)
    for left, right in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
        i, j = order.index(left), order.index(right)
        order[i], order[j] = order[j], order[i]
    return tuple(order)


LIVE_LINK_SHAPES: tuple[str, ...] = _live_link_shapes()
"""The 52 ARKit names in the order of the Live Link Face columns."""

LIVE_LINK_COLUMNS: tuple[str, ...] = (*(_pascal(name) for name in LIVE_LINK_SHAPES), *HEAD_AND_EYE_COLUMNS)
"""The 61 value columns of a Live Link Face CSV, PascalCase, without Timecode and BlendshapeCount."""
