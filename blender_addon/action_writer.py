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


def shape_key_path(name: str) -> str:
    """Path of a shape key's value from the Key datablock."""
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


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
        return shape_key_path(self.shape_key)


def iterate_fcurves(action: bpy.types.Action) -> Iterator[bpy.types.FCurve]:
    """All curves of an Action, whatever slot they belong to."""
    if not _HAS_SLOTS:
        yield from action.fcurves
        return
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                yield from bag.fcurves


def keyed_shapes(key: bpy.types.Key, action: bpy.types.Action) -> list[str]:
    """Names of the shape keys whose values an Action moves."""
    paths = {fcurve.data_path for fcurve in iterate_fcurves(action)}
    return [block.name for block in key.key_blocks if shape_key_path(block.name) in paths]


def shape_values_at(
    action: bpy.types.Action, names: Sequence[str], frames: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What an Action's curves say of shape keys, [names, T]; 0 where it has none or a muted one."""
    curves = {fcurve.data_path: fcurve for fcurve in iterate_fcurves(action) if not fcurve.mute}
    values = np.zeros((len(names), len(frames)), np.float32)
    for row, name in zip(values, names, strict=True):
        if shape_key_path(name) in curves:
            row[:] = [curves[shape_key_path(name)].evaluate(float(frame)) for frame in frames]
    return values


def id_curves(animated: bpy.types.ID) -> dict[str, bpy.types.FCurve]:
    """The curves that a datablock's active Action has for it, by data path (of arrays the last)."""
    animation = animated.animation_data
    action = animation.action if animation is not None else None
    if action is None:
        return {}
    if not _HAS_SLOTS:
        return {fcurve.data_path: fcurve for fcurve in action.fcurves}
    slot = animation.action_slot
    bags = [strip.channelbag(slot) for layer in action.layers for strip in layer.strips] if slot else []
    return {fcurve.data_path: fcurve for bag in bags if bag for fcurve in bag.fcurves}


def revive_curves(animated: bpy.types.ID, path_start: str) -> None:
    """Let curves play again that Blender switched off while the add-on's properties were not there."""
    for path, fcurve in id_curves(animated).items():
        if path.startswith(path_start) and not fcurve.is_valid:
            fcurve.is_valid = True


def remove_curves(animated: bpy.types.ID, path_start: str) -> None:
    """Drop the curves of a datablock's properties whose path begins so, from its active Action."""
    animation = animated.animation_data
    found = [curve for path, curve in id_curves(animated).items() if path.startswith(path_start)]
    for curve in found:
        if not _HAS_SLOTS:
            animation.action.fcurves.remove(curve)
            continue
        slot = animation.action_slot
        bags = (strip.channelbag(slot) for layer in animation.action.layers for strip in layer.strips)
        holder = next(bag for bag in bags if bag and bag.fcurves.find(curve.data_path) is not None)
        holder.fcurves.remove(curve)


def _interpolations(names: Sequence[str]) -> NDArray[np.int32]:
    items = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items
    return np.array([items[name].value if name in items else _LINEAR for name in names], np.int32)


def key_property(
    animated: bpy.types.ID,
    path: str,
    frames: NDArray[np.float32],
    values: NDArray[np.float32],
    interpolations: Sequence[str] | None = None,
) -> None:
    """Key a property of a datablock in its own Action, in place of the keys that it has.

    Args:
        animated: the datablock.
        path: the property's path from it.
        frames: key times [K] in scene frames, rising.
        values: [K].
        interpolations: Blender's name for each key; None for linear ones.
    """
    if not len(frames):
        return
    animated.keyframe_insert(path, frame=float(frames[0]))
    fcurve = id_curves(animated)[path]
    points = fcurve.keyframe_points
    points.clear()
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], axis=1).astype(np.float32).ravel())
    points.foreach_set("interpolation", _interpolations(interpolations or ["LINEAR"] * len(frames)))
    for point in points:
        point.handle_left_type = point.handle_right_type = "AUTO_CLAMPED"
    fcurve.update()


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
    action, slot, is_new = _write_action(key, name, line, curves)
    assign_action(key, action, slot)
    return action, is_new


def _write_action(
    key: bpy.types.Key, name: str, line: str, curves: Sequence[ShapeKeyCurve]
) -> tuple[bpy.types.Action, Any, bool]:
    """Write curves into the line's untouched Action or a new one: the Action, its slot, whether it is new."""
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
    return action, slot, is_new


def plain_action(key: bpy.types.Key, name: str, curves: Sequence[ShapeKeyCurve]) -> bpy.types.Action:
    """Write curves into a new Action without a line's marks and make it the target's animation."""
    action = bpy.data.actions.new(name)
    bag, slot = _ensure_channelbag(action, key)
    _write_curves(bag, curves)
    assign_action(key, action, slot)
    return action


def add_track(key: bpy.types.Key, name: str, curves: Sequence[ShapeKeyCurve]) -> bpy.types.Action:
    """Write curves into a new Action on a new NLA track, which plays it from its first key to its last."""
    action = bpy.data.actions.new(name)
    bag, slot = _ensure_channelbag(action, key)
    _write_curves(bag, curves)
    track = (key.animation_data or key.animation_data_create()).nla_tracks.new()
    track.name = name
    strip = track.strips.new(name, int(action.frame_range[0]), action)
    if slot is not None:
        strip.action_slot = slot
    strip.extrapolation = "NOTHING"
    return action


def write_track_action(
    track: bpy.types.NlaTrack, key: bpy.types.Key, name: str, line: str, curves: Sequence[ShapeKeyCurve]
) -> bpy.types.Action:
    """Write curves as `write_line_action` does, and make them the only strip of an NLA track."""
    action, slot, _ = _write_action(key, name, line, curves)
    strip = track.strips[0] if len(track.strips) == 1 else None
    span = tuple(action.frame_range)
    if strip is None or strip.action != action or (strip.action_frame_start, strip.action_frame_end) != span:
        for old in list(track.strips):
            track.strips.remove(old)
        strip = track.strips.new(name, int(span[0]), action)
    if slot is not None and strip.action_slot != slot:
        strip.action_slot = slot
    strip.extrapolation = "HOLD"
    return action
