"""Capture folders and projects from strangers: nothing outside the project, no absurd sizes, one sentence."""

import json
import struct

import numpy as np
import pytest
import soundfile

from inference.blendshape_names import ARKIT_NAMES
from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from training.__main__ import main
from training.capture.capture_import import import_capture
from training.capture.live_link_csv import read_live_link_csv
from training.capture.named_channels_csv import read_named_channels_csv
from training.evaluation import evaluate
from training.project import load_project

TOML = '[channels]\njaw_drop = "jawOpen"\n'


@pytest.fixture(scope="module")
def head():
    return load_head(default_head_path())


def make_capture(folder, toml=TOML):
    folder.mkdir()
    for stem in ("one", "two"):
        soundfile.write(folder / f"{stem}.wav", np.full(16000, 0.1, np.float32), 16000)
        (folder / f"{stem}.csv").write_text("time,jaw_drop\n0,0\n0.04,0.5\n0.08,1\n")
    (folder / "capture.toml").write_text(toml)
    return folder


def npy_header(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def write(name, content):
    def damage(folder):
        (folder / "two.csv").unlink(missing_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


BAD_FOLDERS = [
    (write("capture.toml", "offset = nan"), "offset must lie"),
    (write("capture.toml", f"offset = 1{'0' * 400}"), "offset must lie"),
    (write("capture.toml", TOML + "more = { jawOpen = inf }"), "more must lie"),
    (write("capture.toml", "actor = 3"), "actor must be text"),
    (write("capture.toml", "test = 5"), "test must be a list"),
    (write("capture.toml", 'test = "one"'), "test must be a list"),
    (write("capture.toml", 'test = ["one"]\nvalidation = ["one"]'), "both in validation and in test"),
    (write("capture.toml", "[takes]\none = 1"), "one must be a table"),
    (write("capture.toml", "a = " + "[" * 100_000), "capture.toml: cannot be read"),
    (write("capture.toml", "# " * 2**20), "larger than 1 MiB"),
    (write("capture.toml", TOML.replace("[", "offset = 99.0\n[", 1)), "correct the offset"),
    (write("two.csv", "time,jaw_drop\n0,0\n1e-300,1\n"), "frames a second"),
    (write("two.csv", "time,jaw_drop\n0,0\n0.04,1\n0.08,1\n1e12,1\n"), "span 277777777.8 hours"),
    (write("two.npy", npy_header((1 << 40, 478, 3))), "cannot be read"),
    (write("two.npy", npy_header((1, 478, 3)) + bytes(4 * 478 * 3)), "one frame is no motion"),
    (write("two.npy", npy_header((3, 478, 3)) + bytes(4 * 3 * 478 * 3)), "are no face"),
    (write("two.npy", b"PK\x03\x04 a zip"), "cannot be read"),
    (write("two.npz", b"\x93NUMPY no zip"), "not a readable .npz"),
    (write("phones.tsv", "one\tB\t0.1\tinf\n"), "phones.tsv: line 1"),
    (write("phones.tsv", "one\t" + "B" * 200_000 + "\t0\t1\n"), "phones.tsv: cannot be read"),
    (write("one.wav", "to be or not to be"), "one.wav: holds text"),
]


@pytest.mark.parametrize(("damage", "words"), BAD_FOLDERS)
def test_a_bad_capture_gets_one_sentence_and_writes_nothing(tmp_path, capsys, damage, words):
    folder = make_capture(tmp_path / "capture")
    damage(folder)
    if (folder / "two.npy").exists() or (folder / "two.npz").exists():
        (folder / "capture.toml").write_text("frame_rate = 25\n" + TOML)
    elif not (folder / "two.csv").exists():
        (folder / "two.csv").write_text("time,jaw_drop\n0,0\n0.04,0.5\n")
    assert main(["import", str(folder), "-o", str(tmp_path / "project")]) == 1
    message = capsys.readouterr().err.strip()
    assert message.startswith("lipwright: error: ")
    assert "\n" not in message
    assert words in message
    assert [path.name for path in tmp_path.iterdir()] == ["capture"]


def test_an_actors_name_leads_nowhere_outside_the_project(tmp_path, head):
    """Takes of one name get their speaker's in front, and the speaker is whatever the file says."""
    project = tmp_path / "deep" / "project"
    names = ("first", "second")
    folders = [make_capture(tmp_path / name, f'actor = "../../{name}/escaped"\n{TOML}') for name in names]
    import_capture(folders, project, head)
    assert not [path for path in tmp_path.rglob("*escaped*") if project not in path.parents]
    assert len(load_project(project).takes) == 4


def test_timecodes_of_many_days_allocate_nothing(tmp_path):
    header = ",".join(["Timecode", "BlendshapeCount", *ARKIT_NAMES])
    times = [f"{hour:02d}:00:00:{tick:02d}.000" for _ in range(40) for hour in (0, 23) for tick in (0, 1)]
    path = tmp_path / "days.csv"
    path.write_text("\n".join([header, *(f"{time},52" + ",0" * 52 for time in times)]))
    with pytest.raises(LipwrightError, match="its times span"):
        read_live_link_csv(path)


def test_missing_frame_numbers_keep_the_others_in_time(tmp_path):
    path = tmp_path / "frames.csv"
    path.write_text("frame,jawOpen\n" + "".join(f"{i},{i / 100}\n" for i in range(1001, 1031) if i != 1006))
    motion = read_named_channels_csv(path, {}, 30.0)
    assert motion.frames == 30
    assert motion.valid.all()
    shifted = tmp_path / "shifted.csv"
    shifted.write_text("frame,jawOpen\n1001,0\n1002,0\n1003,0\n1010,0\n1011,0.7\n")
    motion = read_named_channels_csv(shifted, {}, 30.0)
    assert np.argmax(motion.weights.max(axis=1)) == 10
    assert not motion.valid[5]


def test_an_empty_column_that_moves_nothing_loses_no_frame(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("time,jawOpen,notes\n0,0.1,\n0.04,0.2,\n0.08,0.3,\n")
    assert read_named_channels_csv(path, {}).valid.all()


def test_vertices_in_centimetres_are_refused(tmp_path, head):
    folder = make_capture(tmp_path / "capture", "frame_rate = 25\n" + TOML)
    (folder / "two.csv").unlink()
    np.save(folder / "two.npy", np.repeat(head.vertices[None] * 100, 3, axis=0))
    with pytest.raises(LipwrightError, match="export them in metres"):
        import_capture([folder], tmp_path / "project", head)


def test_silent_takes_are_measured_without_noise(tmp_path, head, recwarn):
    folder = make_capture(tmp_path / "capture")
    for stem in ("one", "two"):
        soundfile.write(folder / f"{stem}.wav", np.zeros(16000, np.float32), 16000)
    import_capture([folder], tmp_path / "project", head)
    result = evaluate(None, tmp_path / "project", "train")
    assert list(result.systems) == ["ridge", "loudness", "static"]
    assert result.sections
    assert not [str(warning.message) for warning in recwarn]


def test_hidden_files_of_other_systems_are_no_takes(tmp_path, head):
    folder = make_capture(tmp_path / "capture")
    (folder / "._one.wav").write_bytes(b"\0\5\26\7")
    figures = import_capture([folder], tmp_path / "project", head)
    assert sum(figures[split]["takes"] for split in ("train", "validation", "test")) == 2


def test_importing_again_keeps_the_training_runs(tmp_path, head, monkeypatch):
    folder = make_capture(tmp_path / "capture")
    project = tmp_path / "project"
    import_capture([folder], project, head)
    (project / "runs" / "actor").mkdir(parents=True)
    (project / "runs" / "actor" / "checkpoint.pt").write_bytes(b"hours of work")
    monkeypatch.chdir(project)
    import_capture([folder], project.relative_to(project), head)
    assert (project / "runs" / "actor" / "checkpoint.pt").read_bytes() == b"hours of work"
    assert len(load_project(project).takes) == 2


def edit_take(**changes):
    def damage(project):
        document = json.loads((project / "project.json").read_text())
        document["takes"][0].update(changes)
        (project / "project.json").write_text(json.dumps(document))

    return damage


def replace_array(**changes):
    def damage(project):
        path = project / "takes" / "one.npz"
        with np.load(path) as archive:
            arrays = {**archive, **changes}
        np.savez(path, **arrays)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        edit_take(frame_rate="25"),
        edit_take(frame_rate=float("nan")),
        edit_take(offset_s=float("inf")),
        edit_take(audio=7),
        edit_take(audio="/etc/hostname"),
        edit_take(name="../../one"),
        edit_take(split=["test"]),
        replace_array(coefficients=np.float32(1)),
        replace_array(valid=np.zeros(3)),
        replace_array(phone_names=np.array("B"), phone_times=np.zeros((1, 2))),
        lambda project: (project / "takes" / "one.npz").write_bytes(npy_header((1 << 40,))),
        lambda project: (project / "project.json").write_text("[" * 100_000),
        lambda project: np.savez(project / "motion_basis.npz", basis=np.full((3, 4, 3), np.nan)),
    ],
)
def test_a_bad_project_gets_a_sentence(tmp_path, head, damage):
    import_capture([make_capture(tmp_path / "capture")], tmp_path / "project", head)
    damage(tmp_path / "project")
    with pytest.raises(LipwrightError, match="import the capture again"):
        load_project(tmp_path / "project")
