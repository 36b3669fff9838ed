"""Reads meshes from Alembic files in their Ogawa layout, for tests only: no wheel has an Alembic library.

Layout, all little-endian. A file begins with `Ogawa`, a byte 0xff once it is complete, two bytes of version
and the place of its root group. A group is a count and that many u64 places; the highest bit marks data, a
u64 size and its bytes. The root's children are two versions, the top object, and as data metadata, time
samplings and a table of metadata. An object's first child is its compound of properties, its last the headers
of the child objects between them. A compound's last child holds the headers of its properties.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_IS_DATA = 1 << 63
_HASH = 16  # bytes before each sample
_KINDS = {0: "u1", 1: "u1", 2: "i1", 3: "<u2", 4: "<i2", 5: "<u4", 6: "<i4", 7: "<u8", 8: "<i8", 9: "<f2"}
_KINDS |= {10: "<f4", 11: "<f8"}


@dataclass(frozen=True)
class Property:
    """A property: how its samples lie in its group."""

    name: str
    is_compound: bool
    group: int
    kind: str = ""
    extent: int = 1
    count: int = 0
    first_changed: int = 0
    last_changed: int = 0
    sampling: int = 0
    is_scalar: bool = False


class Ogawa:
    """An Alembic file."""

    def __init__(self, path: Path):
        self._bytes = Path(path).read_bytes()
        assert self._bytes[:6] == b"Ogawa\xff", "no complete Ogawa file"
        (root,) = struct.unpack_from("<Q", self._bytes, 8)
        self._root = self._children(root)
        self.samplings = self._read_samplings(self._data(self._root[4]))

    def _children(self, place):
        if place == 0:
            return []
        (count,) = struct.unpack_from("<Q", self._bytes, place)
        return list(struct.unpack_from(f"<{count}Q", self._bytes, place + 8))

    def _data(self, child):
        assert child & _IS_DATA
        place = child & ~_IS_DATA
        if place == 0:
            return b""
        (size,) = struct.unpack_from("<Q", self._bytes, place)
        return self._bytes[place + 8 : place + 8 + size]

    @staticmethod
    def _read_samplings(data):
        """(seconds a cycle, times in a cycle) of each time sampling."""
        found, at = [], 0
        while at < len(data):
            _most, cycle, count = struct.unpack_from("<IdI", data, at)
            at += 16
            found.append((cycle, struct.unpack_from(f"<{count}d", data, at)))
            at += 8 * count
        return found

    def objects(self):
        """Places of all objects' groups by path, such as /Head/HeadShape."""
        found = {}
        self._walk(self._root[2], "", found)
        return found

    def _walk(self, place, path, found):
        children = self._children(place)
        if not children or not children[-1] & _IS_DATA:
            return
        data, at, index = self._data(children[-1])[:-32], 0, 1
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            name = data[at + 4 : at + 4 + size].decode()
            at += 4 + size
            table = data[at]
            at += 1
            if table == 0xFF:
                at += 4 + struct.unpack_from("<I", data, at)[0]
            found[f"{path}/{name}"] = children[index]
            self._walk(children[index], f"{path}/{name}", found)
            index += 1

    def properties(self, group):
        """The properties of a compound by name."""
        children = self._children(group)
        if not children or not children[-1] & _IS_DATA:
            return {}
        data, at, found = self._data(children[-1]), 0, {}
        for child in children[:-1]:
            at, header = self._header(data, at, child)
            found[header.name] = header
        return found

    @staticmethod
    def _header(data, at, child):
        (info,) = struct.unpack_from("<I", data, at)
        at += 4
        width = {0: "B", 1: "<H", 2: "<I"}[info >> 2 & 3]

        def number():
            nonlocal at
            (value,) = struct.unpack_from(width, data, at)
            at += struct.calcsize(width)
            return value

        fields = {}
        if info & 3:
            fields = {"kind": _KINDS[info >> 4 & 15], "extent": info >> 12 & 255, "is_scalar": info & 3 == 1}
            count = fields["count"] = number()
            if info & 0x200:
                fields["first_changed"], fields["last_changed"] = number(), number()
            elif not info & 0x800:
                fields["first_changed"], fields["last_changed"] = 1, count - 1
            if info & 0x100:
                fields["sampling"] = number()
        size = number()
        name = data[at : at + size].decode()
        at += size
        if info >> 20 & 0xFF == 0xFF:
            size = number()
            at += size
        return at, Property(name, not info & 3, child, **fields)

    def sample(self, held: Property, index: int):
        """A property's value at a sample, [N, extent]."""
        if held.first_changed == held.last_changed == 0 or index < held.first_changed:
            stored = 0
        else:
            stored = min(index, held.last_changed) - held.first_changed + 1
        data = self._data(self._children(held.group)[stored if held.is_scalar else 2 * stored])[_HASH:]
        return np.frombuffer(data, held.kind).reshape(-1, held.extent)

    def times(self, held: Property):
        """Seconds of each of a property's samples, [T]."""
        cycle, marks = self.samplings[held.sampling]
        steps = np.arange(held.count)
        return np.array(marks)[steps % len(marks)] + cycle * (steps // len(marks))

    def geometry(self, place):
        """An object's geometric properties by name, empty where it is no geometry."""
        own = self.properties(self._children(place)[0])
        return self.properties(own[".geom"].group) if ".geom" in own else {}
