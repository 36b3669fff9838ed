"""Curves into Actions. How Blender 4.2 to 5.2 differ in where an Action holds curves is known only here."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

LINE_PROPERTY = "lipwright_line"
TARGET_PROPERTY = "lipwright_target"
CURVES_PROPERTY = "lipwright_curves"

_HAS_SLOTS = bpy.app.version >= (4, 4, 0)
_LINEAR = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value


@dataclass(frozen=True)
class ShapeKeyCurve:
    """One shape key's animation.

    Attributes:
        shape_key: the shape key's name on the target.
        group: heading under which the Dope Sheet and the Graph Editor show the curve.
        frames: key times [T] in scene frames, rising.
        values: shape key values [T].
    """

    shape_key: str
    group: str
    frames: NDArray[np.float32]
    values: NDArray[np.float32]

    @property
    def data_path(self) -> str:
        """Path of the animated value from the Key datablock."""
        return f'key_blocks["{bpy.utils.escape_identifier(self.shape_key)}"].value'


def iterate_fcurves(action: bpy.types.Action) -> Iterator[bpy.types.FCurve]:
    """All curves of an Action, whatever slot they belong to."""
    if not _HAS_SLOTS:
        yield from action.fcurves
        return
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves


def _fcurve_digest(fcurve: bpy.types.FCurve) -> bytes:
    points = fcurve.keyframe_points
    positions = np.empty(len(points) * 2, np.float32)
    points.foreach_get("co", positions)
    kinds = np.empty(len(points), np.int32)
    points.foreach_get("interpolation", kinds)
    digest = hashlib.sha256(f"{fcurve.data_path}|{fcurve.array_index}|{len(fcurve.modifiers)}".encode())
    digest.update(positions.tobytes())
    digest.update(kinds.tobytes())
    if np.any(kinds != _LINEAR):  # handles shape nothing between linear keys
        for side in ("handle_left", "handle_right"):
            points.foreach_get(side, positions)
            digest.update(positions.tobytes())
    return digest.digest()


def curves_hash(action: bpy.types.Action) -> str:
    """Hash of everything that an animator's edit of the curves would change."""
    digests = sorted(_fcurve_digest(fcurve) for fcurve in iterate_fcurves(action))
    return hashlib.sha256(b"".join(digests)).hexdigest()


def is_untouched(action: bpy.types.Action) -> bool:
    """Whether an Action still holds exactly the curves that Lipwright wrote."""
    return action.get(CURVES_PROPERTY) == curves_hash(action)


def find_line_action(key: bpy.types.Key, line: str) -> bpy.types.Action | None:
    """The untouched Action that was generated from this line for this target, if there is one."""
    for action in bpy.data.actions:
        if action.library is not None or action.get(LINE_PROPERTY) != line:
            continue
        if action.get(TARGET_PROPERTY) == key.name and is_untouched(action):
            return action
    return None


def _ensure_channelbag(action: bpy.types.Action, key: bpy.types.Key) -> tuple[Any, Any]:
    """The holder of a target's curves in an Action, and its slot (None before Blender 4.4)."""
    if not _HAS_SLOTS:
        return action, None
    slot = next((slot for slot in action.slots if slot.target_id_type == "KEY"), None)
    slot = slot or action.slots.new(id_type="KEY", name=key.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True), slot


def _write_curve(bag: Any, group: bpy.types.ActionGroup, curve: ShapeKeyCurve) -> None:  # noqa: ANN401 - Action or channelbag
    fcurve = bag.fcurves.new(curve.data_path)
    fcurve.group = group
    count = len(curve.frames)
    points = fcurve.keyframe_points
    points.add(count)
    positions = np.stack([curve.frames, curve.values], axis=1).astype(np.float32)
    points.foreach_set("co", positions.ravel())
    points.foreach_set("interpolation", np.full(count, _LINEAR, np.int32))
    fcurve.update()


def _write_curves(bag: Any, curves: Iterable[ShapeKeyCurve]) -> None:  # noqa: ANN401 - Action or channelbag
    bag.fcurves.clear()
    for group in list(bag.groups):
        bag.groups.remove(group)
    groups: dict[str, bpy.types.ActionGroup] = {}
    for curve in curves:
        if curve.group not in groups:
            groups[curve.group] = bag.groups.new(curve.group)
        _write_curve(bag, groups[curve.group], curve)


def assign_action(key: bpy.types.Key, action: bpy.types.Action, slot: Any) -> None:  # noqa: ANN401 - no slots before Blender 4.4
    """Make an Action the target's active one; the one it replaces is kept by a fake user."""
    animation = key.animation_data or key.animation_data_create()
    previous = animation.action
    if previous is not None and previous != action and previous.library is None:
        previous.use_fake_user = True
    animation.action = action
    if slot is not None:
        animation.action_slot = slot


def write_line_action(
    key: bpy.types.Key, name: str, line: str, curves: Sequence[ShapeKeyCurve]
) -> tuple[bpy.types.Action, bool]:
    """Write one line's curves and make them the target's animation.

    An Action of the same line that nobody has touched is written anew in place. One with hand edits is left
    as it is, kept by its fake user, and a new Action is made beside it.

    Args:
        key: the target mesh's shape keys.
        name: name of a new Action.
        line: what marks the line, the same for every generation from it.
        curves: one curve a shape key.

    Returns:
        The Action, and whether it was made new.
    """
    action = find_line_action(key, line)
    is_new = action is None
    if action is None:
        action = bpy.data.actions.new(name)
    bag, slot = _ensure_channelbag(action, key)
    _write_curves(bag, curves)
    action.use_fake_user = True
    action[LINE_PROPERTY] = line
    action[TARGET_PROPERTY] = key.name
    action[CURVES_PROPERTY] = curves_hash(action)
    assign_action(key, action, slot)
    return action, is_new
