"""A batch's files: what goes in, what it answers, and what its results hold."""

import csv
import json
import struct

import numpy as np


class Answer:
    def __init__(self, code, out, err):
        self.code, self.err = code, err
        self.report = json.loads(out.splitlines()[-1]) if code in {0, 1} and out.strip() else {}

    @property
    def states(self):
        return {line["id"]: line["state"] for line in self.report["lines"]}

    @property
    def errors(self):
        return {line["id"]: line["error"] for line in self.report["lines"] if "error" in line}


def manifest(folder, *rows):
    path = folder / "LINES.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def read_csv(path):
    """Weights [T, 52] by lower-case shape name, as Live Link Face has them."""
    header = path.read_text().splitlines()[0].split(",")
    values = np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(2, len(header)), ndmin=2)
    return {name.lower(): values[:, column] for column, name in enumerate(header[2:])}


def read_glb(path):
    """The only animation of a binary glTF: its name, times [T] and weights [T] by lower-case shape name."""
    ((name, (times, weights)),) = read_glb_clips(path).items()
    return name, times, weights


def read_glb_clips(path):
    """Times [T], and weights [T] by lower-case shape name, of each animation of a binary glTF by its name."""
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 12)[0]
    document, binary = json.loads(data[20 : 20 + size]), data[28 + size :]

    def array(accessor):
        view = document["bufferViews"][document["accessors"][accessor]["bufferView"]]
        return np.frombuffer(binary, "<f4", view["byteLength"] // 4, view["byteOffset"])

    clips = {}
    for animation in document["animations"]:
        (channel,) = animation["channels"]
        sampler = animation["samplers"][channel["sampler"]]
        mesh = document["meshes"][document["nodes"][channel["target"]["node"]]["mesh"]]
        times = array(sampler["input"])
        weights = array(sampler["output"]).reshape(len(times), -1)
        names = mesh["extras"]["targetNames"]
        clips[animation["name"]] = times, {name.lower(): weights[:, i] for i, name in enumerate(names)}
    return clips


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def assert_same_weights(found, expected, tolerance=2e-6):
    common = found.keys() & expected.keys()
    assert len(common) == 52
    for name in common:
        np.testing.assert_allclose(found[name], expected[name], atol=tolerance, err_msg=name)
