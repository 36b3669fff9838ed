import io
import json
import zipfile

import numpy as np
import pytest

from inference.array_types import AnyArray
from inference.errors import LipwrightError
from inference.face_prediction import FacePredictor
from inference.model_bundle import bundle_from_bytes, load_bundle, write_bundle
from inference.npz_file import npz_bytes, read_npz
from inference.onnx_check import check_onnx
from inference.pipeline import animate_line


def members_of(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], *, compression=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def members(tiny_model_path):
    return members_of(tiny_model_path)


def with_page(members, **changes):
    page = json.loads(members["model.json"])
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = page
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return {**members, "model.json": json.dumps(page).encode()}


def with_array(members, name, array: AnyArray | None):
    arrays = read_npz(members["face.npz"], "face.npz", "")
    arrays.pop(name)
    if array is not None:
        arrays[name] = array
    return {**members, "face.npz": npz_bytes(arrays)}


def test_what_is_written_is_read(bundle, members, tmp_path):
    page = json.loads(members["model.json"])
    graphs = {name: members[name] for name in ("speech.onnx", "face.onnx")}
    arrays = {name: read_npz(members[name], name, "") for name in ("face.npz", "emotion.npz")}
    for name in ("a.lipmodel", "b.lipmodel"):
        write_bundle(tmp_path / name, page, graphs, arrays)
    assert (tmp_path / "a.lipmodel").read_bytes() == (tmp_path / "b.lipmodel").read_bytes()
    again = load_bundle(tmp_path / "a.lipmodel")
    assert again.emotion_names == bundle.emotion_names == ("neutral", "joy", "anger")
    np.testing.assert_array_equal(again.basis, bundle.basis)
    assert again.frame_rate == pytest.approx(31.25)


def test_a_bundle_that_could_not_be_loaded_is_not_written(members, tmp_path):
    page = json.loads(members["model.json"]) | {"frame_rate": 30}
    arrays = {name: read_npz(members[name], name, "") for name in ("face.npz", "emotion.npz")}
    with pytest.raises(LipwrightError, match="frame_rate"):
        write_bundle(
            tmp_path / "a.lipmodel", page, {name: members[name] for name in members if "onnx" in name}, arrays
        )
    assert list(tmp_path.iterdir()) == []


BAD_PAGES = {
    "format_version": (2, "update Lipwright"),
    "sample_rate": (44_100, "sample_rate"),
    "name": (None, "'name' in model.json is missing"),
    "licence": (5, "licence"),
    "loudness__target_db": (float("nan"), "target_db"),
    "features__win_length": (10**12, "win_length"),
    "features__channels": (31, "mean"),
    "features__kind": ("magic", "kind"),
    "speech__receptive_field": (10**9, "receptive_field"),
    "speech__stride": (0, "stride"),
    "speech__file": ("../../etc/passwd", "instead of speech.onnx"),
    "face__channels": (4, "basis"),
    "face__inputs": (["code"], "two inputs"),
    "frame_rate": (30.0, "frame_rate"),
    "emotion__vectors": ([[0, 0]], "vectors"),
    "emotion__size": (10**9, "size"),
    "emotion__names": (["joy", "joy", "joy"], "names"),
    "head__vertices": (10**12, "vertices"),
    "head": ([], "not an object"),
}


@pytest.mark.parametrize("place", BAD_PAGES)
def test_impossible_pages_get_a_sentence(members, tmp_path, place):
    value, problem = BAD_PAGES[place]
    with pytest.raises(LipwrightError, match=problem) as caught:
        bundle_from_bytes(zipped(with_page(members, **{place: value})), tmp_path / "bad.lipmodel")
    assert "bad.lipmodel" in str(caught.value)
    assert "\n" not in str(caught.value)


def bad_archives(members):
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f4", "fortran_order": False, "shape": (10**12,)})
    bomb = zipped({"template.npy": huge.getvalue()})
    pickled = io.BytesIO()
    np.savez(pickled, template=np.array([{}], dtype=object))
    graph = members["speech.onnx"]
    yield "not a zip", b"PK nonsense", "not a whole model bundle"
    yield "empty", b"", "not a whole model bundle"
    yield "cut off", zipped(members)[:-200], "not a whole model bundle"
    yield "missing graph", zipped({k: v for k, v in members.items() if k != "face.onnx"}), "lacks face.onnx"
    yield "outside", zipped({**members, "../evil.txt": b"x"}), "no part of a model bundle"
    yield "absolute", zipped({**members, "/etc/cron.d/x": b"x"}), "no part of a model bundle"
    yield "json bomb", zipped({**members, "model.json": b" " * (5 << 20)}), "too many"
    yield "not json", zipped({**members, "model.json": b"{"}), "not JSON"
    yield "deep json", zipped({**members, "model.json": b"[" * 100_000}), "not JSON"
    yield "array bomb", zipped({**members, "face.npz": bomb}), "declares shape"
    yield "pickle", zipped({**members, "face.npz": pickled.getvalue()}), "plain numbers"
    yield "no archive", zipped({**members, "face.npz": b"x"}), "npz"
    yield "no onnx", zipped({**members, "speech.onnx": b"not a graph"}), "not an ONNX graph"
    yield "half onnx", zipped({**members, "speech.onnx": graph[: len(graph) // 2]}), "not an ONNX graph"
    yield "wrong shape", zipped(with_array(members, "template", np.zeros((5, 3), np.float32))), "template"
    yield "no basis", zipped(with_array(members, "basis", None)), "basis"
    yield "nan", zipped(with_array(members, "mean_offset", np.full((104, 3), np.nan, np.float32))), "finite"
    yield "whole numbers", zipped(with_array(members, "mean_offset", np.zeros((104, 3), int))), "wrong type"
    yield "far faces", zipped(with_array(members, "faces", np.array([[0, 1, 2, 104]]))), "vertex numbers"
    yield "names", zipped(with_array(members, "arkit_names", np.array(["x"] * 52))), "52 ARKit"


@pytest.mark.parametrize("case", range(20))
def test_bad_archives_get_a_sentence(members, tmp_path, case):
    _, content, problem = list(bad_archives(members))[case]
    path = tmp_path / "bad.lipmodel"
    path.write_bytes(content)
    with pytest.raises(LipwrightError, match=problem) as caught:
        load_bundle(path)
    assert "bad.lipmodel" in str(caught.value)
    assert "\n" not in str(caught.value)


HEADERS = [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-4, -3), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (10**9, 10**9), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999, ), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (4, 3), }",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4, ), }",
    "((",
    "{" * 900,
]


@pytest.mark.parametrize("header", HEADERS)
def test_damaged_array_headers_get_a_sentence(header):
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(48)
    with pytest.raises(LipwrightError, match=r"face.npz.*export it"):
        read_npz(zipped({"a.npy": content}), "face.npz", "export it")


def test_a_lying_size_is_caught(members, tmp_path):
    content = bytearray(zipped(members, compression=zipfile.ZIP_STORED))
    place = content.rindex(b"face.onnx") - 46 + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    (tmp_path / "bad.lipmodel").write_bytes(content)
    with pytest.raises(LipwrightError):
        load_bundle(tmp_path / "bad.lipmodel")


def test_a_member_twice_is_refused(members, tmp_path):
    buffer = io.BytesIO(zipped(members))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("model.json", b"{}")
    with pytest.raises(LipwrightError, match="twice"):
        bundle_from_bytes(buffer.getvalue(), tmp_path / "bad.lipmodel")


def test_missing_files_and_folders_get_a_sentence(tmp_path):
    with pytest.raises(LipwrightError, match="no such model"):
        load_bundle(tmp_path / "none.lipmodel")
    with pytest.raises(LipwrightError, match="cannot be read"):
        load_bundle(tmp_path)


def test_a_graph_that_reads_another_file_is_refused(members):
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(members["speech.onnx"])
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd")
    assert "another file" in (check_onnx(model.SerializeToString()) or "")
    hidden = onnx.load_from_string(members["speech.onnx"])
    constant = onnx.helper.make_node("Constant", [], ["x"], value=tensor)
    branch = onnx.helper.make_graph([constant], "g", [], [])
    hidden.graph.node.append(
        onnx.helper.make_node("If", ["c"], ["x"], then_branch=branch, else_branch=branch)
    )
    assert "another file" in (check_onnx(hidden.SerializeToString()) or "")
    assert check_onnx(members["speech.onnx"]) is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"speech__channels": 5}, "speech.onnx turns"),
        ({"speech__receptive_field": 6, "face__receptive_field": 7}, "speech.onnx"),
        ({"speech__output": "other"}, "not what model.json says"),
        ({"face__inputs": ["code", "mood"]}, "not what model.json says"),
        ({"face__receptive_field": 3}, "face.onnx cannot be run"),
        ({"emotion__size": 1, "emotion__vectors": [[0], [1], [2]]}, "emotion.npz"),
    ],
)
def test_graphs_that_differ_from_the_page_get_a_sentence(members, tmp_path, clip, changes, problem):
    content = zipped(with_page(members, **changes))
    with pytest.raises(LipwrightError, match=problem) as caught:
        animate_line(bundle_from_bytes(content, tmp_path / "bad.lipmodel"), clip)
    assert "\n" not in str(caught.value)


def test_a_graph_with_an_unknown_operation_gets_a_sentence(members, tmp_path, clip, capfd):
    broken = {**members, "speech.onnx": members["speech.onnx"].replace(b"Relu", b"Rely")}
    with pytest.raises(LipwrightError, match=r"speech.onnx cannot be loaded"):
        FacePredictor(bundle_from_bytes(zipped(broken), tmp_path / "bad.lipmodel"), threads=1).analyse(clip)
    assert capfd.readouterr().err == ""


def test_values_that_are_not_finite_never_reach_a_result(predictor, clip):
    nowhere = np.full(predictor.bundle.emotion_size, np.nan, np.float32)
    with pytest.raises(LipwrightError, match=r"face\.onnx gives values that are not finite"):
        animate_line(predictor, clip, emotion=nowhere)


def test_numbers_beyond_floats_get_a_sentence(members):
    page = json.loads(members["model.json"])
    page["features"]["floor_db"] = 10**400
    with pytest.raises(LipwrightError, match=r"model\.json|feature setting"):
        bundle_from_bytes(zipped({**members, "model.json": json.dumps(page).encode()}), "a.lipmodel")
