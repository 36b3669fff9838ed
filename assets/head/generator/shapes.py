"""All 52 ARKit shapes of the whole head, in Apple's documented order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.head.generator import shape_close, shape_eyes, shape_jaw
from assets.head.generator.brow_binding import bind_brow
from assets.head.generator.regions import follow_lips, smoothstep
from assets.head.generator.shape_handles import handle_shape, keep_sealed, ring_profile
from assets.head.generator.shape_ranges import (
    FUNNEL_FLARE,
    HANDLE_SHAPES,
    ROLL_LOWER,
    ROLL_UPPER,
    SQUINT_LIDS,
    WIDE_LIDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from assets.head.generator.half_head import HalfHead

Array = NDArray[np.float64]

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
SHAPE_NAMES: tuple[str, ...] = (
    *(f"eye{what}Left" for what in _EYE), *(f"eye{what}Right" for what in _EYE),
    "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft",
    "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip

SIDE_BLEND = 7.0  # millimetres each side of the midline over which a one-sided mouth or brow shape fades


def _handles(half: HalfHead, name: str) -> Array:
    return handle_shape(half, name, HANDLE_SHAPES[name])


def _funnel(half: HalfHead) -> Array:
    upper = ring_profile(half, FUNNEL_FLARE, upper=True)
    lower = ring_profile(half, FUNNEL_FLARE, upper=False) * np.array([1.0, 1.0, -1.0])
    return np.asarray(_handles(half, "mouthFunnel") + upper + lower)


def _squint(half: HalfHead) -> Array:
    return shape_eyes.move_lids(half, *SQUINT_LIDS) + 0.35 * _handles(half, "cheekSquint") * _below_eye(half)


def _below_eye(half: HalfHead) -> Array:
    mask = np.ones((len(half.positions), 1))
    mask[half.skin.eye.ravel()] = 0.4
    return mask


def _symmetric(half: HalfHead) -> dict[str, Array]:
    builders: dict[str, Callable[[], Array]] = {
        "jawForward": lambda: shape_jaw.jaw_forward(half),
        "jawOpen": lambda: shape_jaw.jaw_open(half),
        "mouthClose": lambda: shape_close.mouth_close(half),
        "mouthFunnel": lambda: _funnel(half),
        "mouthRollLower": lambda: ring_profile(half, ROLL_LOWER, upper=False),
        "mouthRollUpper": lambda: ring_profile(half, ROLL_UPPER, upper=True),
        "tongueOut": lambda: shape_jaw.tongue_out(half),
    }
    plain = ("mouthPucker", "mouthShrugLower", "mouthShrugUpper", "browInnerUp", "cheekPuff")
    result = {name: build() for name, build in builders.items()}
    result.update({name: _handles(half, name) for name in plain})
    return result


def _sided(half: HalfHead) -> dict[str, Array]:
    names = ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress", "mouthLowerDown",
        "mouthUpperUp",
             "browDown", "browOuterUp", "cheekSquint", "noseSneer")  # fmt: skip
    return {name: _handles(half, name) for name in names}


def _eyes(half: HalfHead) -> dict[str, Array]:
    result = {
        "eyeBlink": shape_eyes.blink(half),
        "eyeSquint": _squint(half),
        "eyeWide": shape_eyes.move_lids(half, *WIDE_LIDS),
    }
    result.update({f"eyeLook{way}": shape_eyes.look(half, way) for way in ("Up", "Down", "In", "Out")})
    return result


def _same_way(half: HalfHead) -> dict[str, Array]:
    """Displacements to the left whose X is the same on both halves."""
    side = handle_shape(half, "mouthSide", HANDLE_SHAPES["mouthSide"], mirror_x=1.0)
    return {"jaw": shape_jaw.jaw_side(half), "mouth": follow_lips(half, keep_sealed(half, side))}


def build_shapes(half: HalfHead, source: NDArray[np.int64], whole: Array) -> Array:
    """Displacements [52, V, 3] of the whole head in millimetres.

    `source` [V] gives the half vertex behind each vertex of `whole` [V,3].
    """
    mirrored = np.arange(len(whole)) >= len(half.positions)
    flip = np.where(mirrored, -1.0, 1.0)[:, None] * np.array([1.0, 0, 0]) + np.array([0, 1.0, 1.0])
    side = smoothstep(-SIDE_BLEND, SIDE_BLEND, whole[:, 0])[:, None]
    bind = bind_brow(half)
    shapes: dict[str, Array] = {}
    for name, moved in _symmetric(half).items():
        shapes[name] = bind(moved)[source] * flip
    for name, moved in _sided(half).items():
        full = bind(moved)[source] * flip
        shapes[f"{name}Left"], shapes[f"{name}Right"] = full * side, full * (1 - side)
    for name, moved in _eyes(half).items():
        full = bind(moved)[source] * flip
        shapes[f"{name}Left"] = np.where(whole[:, :1] > 0, full, 0.0)
        shapes[f"{name}Right"] = np.where(whole[:, :1] < 0, full, 0.0)
    for name, moved in _same_way(half).items():
        left = bind(moved)
        shapes[f"{name}Left"] = left[source]
        shapes[f"{name}Right"] = left[source] * np.array([-1.0, 1.0, 1.0])
    return np.stack([shapes[name] for name in SHAPE_NAMES])
