"""Walks an ONNX file's protobuf without loading it, to refuse graphs that read other files.

onnxruntime would open whatever path a tensor's `external_data` names. Field numbers are those of onnx.proto3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_VARINT, _FIXED64, _MESSAGE, _FIXED32 = 0, 1, 2, 5
_MAX_DEPTH = 40
_MAX_VARINT_BYTES = 10


@dataclass(frozen=True)
class _Kind:
    """A message type: which of its fields are messages worth entering, and which mark external data."""

    children: dict[int, str] = field(default_factory=dict)
    forbidden: frozenset[int] = frozenset()


_KINDS = {
    "model": _Kind({7: "graph", 20: "training", 25: "function"}),
    "training": _Kind({1: "graph", 2: "graph"}),
    "function": _Kind({7: "node", 11: "attribute"}),
    "graph": _Kind({1: "node", 5: "tensor", 15: "sparse"}),
    "node": _Kind({5: "attribute"}),
    "attribute": _Kind({5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"}),
    "sparse": _Kind({1: "tensor", 2: "tensor"}),
    "tensor": _Kind(forbidden=frozenset({13})),
}
_LOCATION_FIELD = 14


def check_onnx(graph: bytes | memoryview) -> str | None:
    """Returns what is wrong with an ONNX file, or None.

    Only what decides whether it is safe to hand to onnxruntime: that it is a model with a graph, and that no
    tensor keeps its data in another file.
    """
    try:
        if 7 not in {number for number, _, _ in _fields(memoryview(graph))}:  # noqa: PLR2004 - ModelProto.graph
            return "is not an ONNX graph"
        return _problem(memoryview(graph), "model", 0)
    except ValueError:
        return "is not an ONNX graph"


def _problem(message: memoryview, kind: str, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        return "is nested too deeply"
    for number, wire, value in _fields(message):
        if number in _KINDS[kind].forbidden or (
            kind == "tensor" and number == _LOCATION_FIELD and value == 1
        ):
            return "keeps tensors in another file (external data)"
        child = _KINDS[kind].children.get(number)
        if child and wire == _MESSAGE and isinstance(value, memoryview):
            problem = _problem(value, child, depth + 1)
            if problem:
                return problem
    return None


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Yields (field number, wire type, value) of a protobuf message."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, position = _varint(message, position)
            yield number, wire, value
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(wire, -1)
        if wire == _MESSAGE:
            length, position = _varint(message, position)
        if length < 0 or position + length > len(message):
            raise ValueError("not a protobuf message")
        yield number, wire, message[position : position + length]
        position += length


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        if position >= len(message):
            break
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, position
    raise ValueError("not a protobuf message")
