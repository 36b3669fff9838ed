"""Reads exported files with libraries of others and prints what is in them as JSON; runs in `.venvs/readers`.

Reads a path from each line that it is given and answers with a line: `clips`, each with name, start and end
(seconds, or frames for USD) and, for each mesh, shape names, key times [T] and weights [T, names], beside
what else the format tells.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np

_held = []
"""All that the FBX reader hands out: it crashes when its objects are freed in another order than it likes."""


def _hold(given):
    """Keep an object, or a list's items, for as long as the program runs."""
    items = list(given) if hasattr(given, "__len__") else [given]
    _held.append((given, items))
    return items


def _keys(names, times, weights):
    rows = np.asarray(weights, float).reshape(len(times), len(names)).tolist()
    return {"names": list(names), "times": [float(time) for time in times], "weights": rows}


def read_gltf(path):
    from pygltflib import GLTF2  # noqa: PLC0415 - each format needs its own library alone

    file = GLTF2().load(str(path))
    blob = file.binary_blob()

    def numbers(index):
        accessor = file.accessors[index]
        view = file.bufferViews[accessor.bufferView]
        place = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        return np.frombuffer(blob, np.float32, accessor.count, place)

    clips = []
    for animation in file.animations:
        meshes, moved, span = {}, [], []
        for channel in animation.channels:
            node, sampler = file.nodes[channel.target.node], animation.samplers[channel.sampler]
            times = numbers(sampler.input)
            span += [float(times[0]), float(times[-1])]
            if channel.target.path != "weights":
                moved.append([node.name, channel.target.path])
                continue
            names = file.meshes[node.mesh].extras["targetNames"]
            accessor = file.accessors[sampler.output]
            view = file.bufferViews[accessor.bufferView]
            place = (view.byteOffset or 0) + (accessor.byteOffset or 0)
            weights = np.frombuffer(blob, np.float32, accessor.count, place)
            meshes[node.name] = _keys(names, times, weights)
        clips.append(
            {"name": animation.name, "start": min(span), "end": max(span), "meshes": meshes, "moved": moved}
        )
    return {
        "clips": clips,
        "nodes": [node.name for node in file.nodes],
        "materials": [material.name for material in file.materials],
        "rest": [weight for mesh in file.meshes for weight in (mesh.weights or [])],
        "cameras": len(file.cameras),
    }


def _fbx_curve(layers, channel):
    """[(seconds, weight)] of a blend shape."""
    for layer in layers:
        for prop in _hold(layer.find_anim_props(channel)):
            if prop.prop_name == "DeformPercent":
                (value,) = _hold(prop.anim_value)
                keys = _hold(_hold(value.curves)[0].keyframes)
                return [(key.time, key.value / 100.0) for key in keys]
    return []


def read_fbx(path):
    import ufbx  # noqa: PLC0415 - see `read_gltf`

    (file,) = _hold(ufbx.load_file(str(path)))
    clips = []
    for stack in _hold(file.anim_stacks):
        layers, keyed = _hold(stack.layers), {}
        for mesh in _hold(file.meshes):
            channels = [channel for bent in _hold(mesh.blend_deformers) for channel in _hold(bent.channels)]
            curves = {channel.name: _fbx_curve(layers, channel) for channel in channels}
            if curves:
                keyed[_hold(mesh.instances)[0].name] = _same_times(curves)
        clips.append({"name": stack.name, "start": stack.time_begin, "end": stack.time_end, "meshes": keyed})
    (settings,) = _hold(file.settings)
    bent = [deformer for mesh in _hold(file.meshes) for deformer in _hold(mesh.blend_deformers)]
    return {
        "clips": clips,
        "rest": [channel.weight for deformer in bent for channel in _hold(deformer.channels)],
        "nodes": [node.name for node in _hold(file.nodes) if node.name],
        "materials": [material.name for material in _hold(file.materials)],
        "rate": settings.frames_per_second,
        "metres": settings.unit_meters,
    }


def _same_times(curves):
    times = [[time for time, _ in keys] for keys in curves.values()]
    assert all(own == times[0] for own in times), {name: len(keys) for name, keys in curves.items()}
    return _keys(curves, times[0], np.array([[value for _, value in keys] for keys in curves.values()]).T)


def read_usd(path):
    from pxr import Usd, UsdGeom, UsdShade, UsdSkel  # noqa: PLC0415 - see `read_gltf`

    stage = Usd.Stage.Open(str(path))
    meshes = {}
    for prim in stage.Traverse():
        if not prim.IsA(UsdGeom.Mesh) or not UsdSkel.BindingAPI(prim).GetBlendShapesAttr():
            continue
        skeleton = UsdSkel.BindingAPI(prim).GetInheritedSkeleton() or UsdSkel.BindingAPI(prim).GetSkeleton()
        source = UsdSkel.BindingAPI(skeleton.GetPrim()).GetAnimationSource()
        animation = UsdSkel.Animation(source)
        weights = animation.GetBlendShapeWeightsAttr()
        times = weights.GetTimeSamples()
        order = list(animation.GetBlendShapesAttr().Get())
        own = list(UsdSkel.BindingAPI(prim).GetBlendShapesAttr().Get())
        values = np.array([weights.Get(time) for time in times])
        column = [order.index(name) for name in own]
        meshes[prim.GetName()] = _keys(own, times, values[:, column])
    start, end = stage.GetStartTimeCode(), stage.GetEndTimeCode()
    return {
        "clips": [{"name": "", "start": start, "end": end, "meshes": meshes}],
        "nodes": [prim.GetName() for prim in stage.Traverse() if prim.IsA(UsdGeom.Xformable)],
        "materials": [prim.GetName() for prim in stage.Traverse() if prim.IsA(UsdShade.Material)],
        "rate": stage.GetTimeCodesPerSecond(),
        "metres": UsdGeom.GetStageMetersPerUnit(stage),
        "up": str(UsdGeom.GetStageUpAxis(stage)),
    }


READERS = {".glb": read_gltf, ".fbx": read_fbx, ".usdc": read_usd}

if __name__ == "__main__":
    for line in sys.stdin:
        asked = Path(line.rstrip("\n"))
        sys.stdout.write(json.dumps(READERS[asked.suffix](asked)) + "\n")
        sys.stdout.flush()
    os._exit(0)  # see `_held`
