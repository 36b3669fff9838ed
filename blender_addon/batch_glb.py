"""The same face again with another line: all of a binary glTF but its animation is taken from an earlier one.

Blender's exporter needs one to two seconds for a head, nearly all of them for what no line changes.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .export_samples import LineClip
from .inference.array_types import FloatArray

_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<I4s")
_JSON, _BINARY = b"JSON", b"BIN\0"
_VERSION = 2
_ALIGNED = 4


@dataclass(frozen=True)
class ExportedFace:
    """A face as the exporter wrote it, to be given other lines.

    Attributes:
        document: the file's JSON.
        binary: its buffer without the animation, which comes last.
        mesh: the one mesh whose weights it moves, by the object's name.
    """

    document: dict[str, Any]
    binary: bytes
    mesh: str


def exported_face(path: Path, clip: LineClip) -> ExportedFace | None:
    """Read what the exporter wrote; None where its animation is more than the weights of one mesh.

    Args:
        path: the file.
        clip: the line in it.
    """
    if len(clip.values) != 1:
        return None
    data = path.read_bytes()
    magic, version, length = _HEADER.unpack_from(data)
    json_length, json_kind = _CHUNK.unpack_from(data, _HEADER.size)
    start = _HEADER.size + _CHUNK.size
    if (magic, version, length, json_kind) != (b"glTF", _VERSION, len(data), _JSON):
        return None
    document = json.loads(data[start : start + json_length])
    binary = data[start + json_length + _CHUNK.size :]
    cut = _animation_start(document, next(iter(clip.values.values())))
    if cut is None:
        return None
    return ExportedFace(document, binary[:cut], next(iter(clip.values)))


def _animation_start(document: dict[str, Any], values: FloatArray) -> int | None:
    """Where the animation's part of the buffer begins; None where anything is not as we can replace it."""
    if [len(document.get(part, ())) for part in ("animations", "buffers", "scenes")] != [1, 1, 1]:
        return None
    samplers, channels = (document["animations"][0][part] for part in ("samplers", "channels"))
    if len(samplers) != 1 or [channel["target"]["path"] for channel in channels] != ["weights"]:
        return None
    accessors = [document["accessors"][samplers[0][end]] for end in ("input", "output")]
    if [accessor["count"] for accessor in accessors] != [len(values), values.size]:
        return None
    own = [accessor["bufferView"] for accessor in accessors]
    used = [accessor.get("bufferView") for accessor in document["accessors"]]
    views = document["bufferViews"]
    start = min(int(views[view]["byteOffset"]) for view in own)
    others = [view for number, view in enumerate(views) if number not in own]
    is_last = all(view.get("byteOffset", 0) + view["byteLength"] <= start for view in others)
    return start if is_last and all(used.count(view) == 1 for view in own) else None


def write_line(face: ExportedFace, clip: LineClip, rate: float, path: Path) -> None:
    """Write a face with another line.

    Args:
        face: from `exported_face`.
        clip: the line; of the same mesh and its shape keys.
        rate: frames per second.
        path: the file.

    Raises:
        OSError: it cannot be written.
    """
    values = clip.values[face.mesh].astype("<f4")
    times = (np.arange(len(values)) / rate).astype("<f4")
    document = face.document  # the next line replaces what this one does
    animation = document["animations"][0]
    animation["name"] = clip.name
    document["scenes"][0]["name"] = clip.name
    binary = face.binary
    for end, array in (("input", times), ("output", values)):
        accessor = document["accessors"][animation["samplers"][0][end]]
        accessor["count"] = int(array.size)
        document["bufferViews"][accessor["bufferView"]].update(
            byteOffset=len(binary), byteLength=array.nbytes
        )
        binary += array.tobytes()
    document["accessors"][animation["samplers"][0]["input"]].update(
        min=[float(times[0])], max=[float(times[-1])]
    )
    document["buffers"][0]["byteLength"] = len(binary)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNED)
    size = _HEADER.size + 2 * _CHUNK.size + len(text) + len(binary)
    with path.open("wb") as stream:
        stream.write(_HEADER.pack(b"glTF", _VERSION, size))
        stream.write(_CHUNK.pack(len(text), _JSON) + text)
        stream.write(_CHUNK.pack(len(binary), _BINARY) + binary)
