"""Capture folders become a training project, or a sentence that says why not."""

import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from inference.blendshape_names import ARKIT_NAMES
from inference.bundled import default_head_path
from inference.head_mesh import load_head
from training.__main__ import main
from training.capture.capture_import import import_capture
from training.capture.splits import assign_splits
from training.project import load_project

DATA = Path(os.environ.get("LIPWRIGHT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
JAW = ARKIT_NAMES.index("jawOpen")


@pytest.fixture(scope="module")
def head():
    return load_head(default_head_path())


@pytest.fixture(scope="module")
def grid():
    folder = DATA / "capture" / "grid_s1"
    if not folder.is_dir():
        pytest.skip(f"no shared data at {DATA}")
    return folder


def write_sound(path, seconds=1.0):
    soundfile.write(path, np.zeros(round(16000 * seconds), np.float32), 16000)


def half(time):
    """Half, at any time."""
    return 0.0 * time + 0.5


def write_channels(path, channels, frames=30, rate=30):
    names = list(channels)
    lines = [",".join(["time", *names])]
    for time in np.arange(frames) / rate:
        lines += [",".join(f"{value:.6f}" for value in (time, *(channels[name](time) for name in names)))]
    path.write_text("\n".join(lines))


@pytest.fixture
def capture(tmp_path):
    """A capture project: three takes of named channels, a map, an emotion and a phone list."""
    folder = tmp_path / "capture of Ånna"
    (folder / "takes").mkdir(parents=True)
    for stem in ("one", "two", "three"):
        write_sound(folder / "takes" / f"{stem}.wav")
        write_channels(folder / "takes" / f"{stem}.csv", {"jaw_drop": np.sin, "round": half, "junk": np.cos})
    (folder / "capture.toml").write_text(
        'actor = "Anna"\noffset = 0.05\ntest = ["two"]\n'
        '[channels]\njaw_drop = "jawOpen"\nround = { mouthFunnel = 0.5, mouthPucker = 1.0 }\n'
        '[takes.three]\nemotion = "joy"\noffset = -0.1\n',
        encoding="utf-8",
    )
    (folder / "phones.tsv").write_text("one\tB\t0.1\t0.2\none\tAA1\t0.2\t0.4\n")
    return folder


def test_a_capture_project_of_named_channels(capture, head, tmp_path):
    import_capture([capture], tmp_path / "project", head)
    project = load_project(tmp_path / "project")
    takes = {take.name: take for take in project.takes}
    assert {name: take.split for name, take in takes.items()} == {
        "one": "train",
        "two": "test",
        "three": "train",
    }
    assert {take.speaker for take in project.takes} == {"Anna"}
    one, three = takes["one"], takes["three"]
    assert np.allclose(one.weights[:, JAW], np.sin(np.arange(30) / 30), atol=1e-5)
    assert one.weights[0, ARKIT_NAMES.index("mouthFunnel")] == pytest.approx(0.25)
    assert (one.times[0], three.times[0]) == (0.05, -0.1)
    assert (one.emotion, three.emotion) == ("neutral", "joy")
    assert [phone.symbol for phone in one.phones] == ["B", "AA"]
    assert soundfile.info(one.audio_path).frames == 16000


def test_coefficients_give_the_shapes_back(capture, head, tmp_path):
    import_capture([capture], tmp_path / "project", head)
    project = load_project(tmp_path / "project")
    take = project.takes[0]
    offsets = np.einsum("tr,rvd->tvd", take.coefficients, project.basis)
    expected = np.einsum("tk,kvd->tvd", take.weights, head.shape_deltas)
    assert np.abs(offsets - expected).max() < 1e-5
    flat = project.basis.reshape(len(project.basis), -1)
    assert np.allclose(flat @ flat.T, np.eye(len(flat)), atol=1e-4)


def test_the_project_can_move(capture, head, tmp_path):
    import_capture([capture], tmp_path / "project", head)
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "project", moved)
    shutil.rmtree(capture)
    assert all(take.audio_path.exists() for take in load_project(moved).takes)


def test_a_second_import_replaces_the_first_and_a_failed_one_does_not(capture, tmp_path, capsys):
    output = tmp_path / "project"
    assert main(["import", str(capture), "-o", str(output)]) == 0
    before = (output / "project.json").read_text()
    (capture / "takes" / "two.csv").write_text("time,jaw_drop\n0,open\n")
    assert main(["import", str(capture), "-o", str(output)]) == 1
    assert "two.csv" in capsys.readouterr().err
    assert (output / "project.json").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["capture of Ånna", "project"]


def test_another_import_keeps_checkpoints_and_made_up_speech(capture, tmp_path, head):
    output = tmp_path / "project"
    import_capture([capture], output, head)
    for name in ("runs", "corpus"):
        (output / name).mkdir()
        (output / name / "kept.txt").write_text(name)
    import_capture([capture], output, head)
    assert [(output / name / "kept.txt").read_text() for name in ("runs", "corpus")] == ["runs", "corpus"]


def test_takes_of_two_folders_keep_apart(capture, head, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(capture, other)
    (other / "capture.toml").write_text((other / "capture.toml").read_text().replace("Anna", "Bert"))
    import_capture([capture, other], tmp_path / "project", head)
    names = {take.name for take in load_project(tmp_path / "project").takes}
    assert {"Anna-one", "Bert-one"} <= names
    assert len(names) == 6


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pc2", ".mdd"])
def test_vertices_on_the_heads_own_topology_come_back(tmp_path, head, suffix):
    folder = tmp_path / "capture"
    folder.mkdir()
    write_sound(folder / "take.wav", 0.5)
    amount = np.linspace(0, 1, 12)[:, None, None]
    bump = np.zeros_like(head.vertices)
    bump[head.landmarks68[30], 1] = -0.004  # a nose that no ARKit shape makes longer
    vertices = (head.vertices + amount * (0.5 * head.shape_deltas[JAW] + bump)).astype(np.float32)
    write_vertices(folder / f"take{suffix}", vertices)
    (folder / "capture.toml").write_text("frame_rate = 24\n")
    import_capture([folder], tmp_path / "project", head)
    project = load_project(tmp_path / "project")
    take = project.takes[0]
    rebuilt = head.vertices + np.einsum("tr,rvd->tvd", take.coefficients, project.basis)
    assert np.abs(rebuilt - vertices).max() < 2e-5
    assert take.weights[-1, JAW] == pytest.approx(0.5, abs=0.05)
    assert take.has_curves


def write_vertices(path, vertices):
    frames, count, _ = vertices.shape
    if path.suffix == ".npy":
        np.save(path, vertices)
    elif path.suffix == ".npz":
        np.savez(path, vertices=vertices, fps=24)
    elif path.suffix == ".pc2":
        path.write_bytes(
            struct.pack("<12siiffi", b"POINTCACHE2\0", 1, count, 0.0, 1.0, frames) + vertices.tobytes()
        )
    else:
        times = (np.arange(frames) / 24).astype(">f4").tobytes()
        path.write_bytes(struct.pack(">ii", frames, count) + times + vertices.astype(">f4").tobytes())


def drop_motion(folder):
    (folder / "takes" / "two.csv").unlink()


def drop_sounds(folder):
    for sound in (folder / "takes").glob("*.wav"):
        sound.unlink()


def double_sound(folder):
    shutil.copy(folder / "takes" / "two.wav", folder / "takes" / "two.flac")


def toml(text):
    def write(folder):
        (folder / "capture.toml").write_text(text)

    return write


def vertices(array, rate="frame_rate = 25\n"):
    def write(folder):
        drop_motion(folder)
        np.save(folder / "takes" / "two.npy", array, allow_pickle=array.dtype == object)
        (folder / "capture.toml").write_text(rate + '[channels]\njaw_drop = "jawOpen"\n')

    return write


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "no such folder"),
        (drop_sounds, "no sound file"),
        (drop_motion, "no motion beside it"),
        (double_sound, "same name"),
        (toml("actor = "), "capture.toml: cannot be read"),
        (toml('acter = "Anna"'), "'acter' means nothing here"),
        (toml('test = ["ten"]'), "names the take 'ten'"),
        (toml("frame_rate = 0"), "frame_rate must lie"),
        (toml('[channels]\njaw_drop = "jawAjar"'), "no ARKit shape"),
        (toml(""), "none of its channels is an ARKit shape"),
        (vertices(np.zeros((5, 400, 3), np.float32)), "400 vertices"),
        (vertices(np.zeros((5, 478), np.float32)), "shape (5, 478)"),
        (vertices(np.full((5, 478, 3), np.nan, np.float32)), "every frame"),
        (vertices(np.zeros((5, 478, 3), np.float32), ""), "frame rate is not known"),
        (vertices(np.array([{}] * 5, dtype=object)), "cannot be read"),
        (lambda folder: (folder / "phones.tsv").write_text("one\tB\t0.2\n"), "phones.tsv: line 1"),
    ],
)
def test_unusable_capture_gets_one_sentence_and_writes_nothing(capture, tmp_path, capsys, damage, words):
    damage(capture)
    assert main(["import", str(capture), "-o", str(tmp_path / "project")]) == 1
    message = capsys.readouterr().err.strip()
    assert message.startswith("lipwright: error: ")
    assert "\n" not in message
    assert words in message
    assert not (tmp_path / "project").exists()


def test_a_folder_of_other_files_is_never_overwritten(capture, tmp_path, capsys):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "novel.txt").write_text("chapter one")
    assert main(["import", str(capture), "-o", str(precious)]) == 1
    assert "no training project" in capsys.readouterr().err
    assert (precious / "novel.txt").read_text() == "chapter one"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("project.json", b"{"),
        ("project.json", b'{"format_version": 9}'),
        ("motion_basis.npz", b"PK nonsense"),
        ("takes/one.npz", b""),
    ],
)
def test_a_damaged_project_gets_a_sentence(capture, tmp_path, capsys, file, content):
    output = tmp_path / "project"
    assert main(["import", str(capture), "-o", str(output)]) == 0
    (output / file).write_bytes(content)
    assert main(["evaluate", str(output)]) == 1
    message = capsys.readouterr().err
    assert Path(file).name in message
    assert "import the capture again" in message


def test_splits_keep_the_last_seventh_for_testing():
    stems = [f"clip{i:02d}" for i in range(70)]
    splits = assign_splits(stems, {})
    assert [stem for stem in stems if splits[stem] == "test"] == stems[60:]
    assert [stem for stem in stems if splits[stem] == "validation"] == stems[52:60]
    assert set(assign_splits(["a", "b", "c"], {}).values()) == {"train"}
    assert assign_splits(["a", "b"], {"b": "test"}) == {"a": "train", "b": "test"}


@pytest.fixture(scope="module")
def grid_project(grid, head, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid")
    for stem in ("bbaf2n", "bbaf3s", "bbaf4p"):
        for suffix in (".wav", ".csv", ".vertices.npy"):
            shutil.copy(grid / f"{stem}{suffix}", folder)
    tracked = np.load(folder / "bbaf3s.vertices.npy")
    tracked[20:23] = np.nan
    np.save(folder / "bbaf3s.vertices.npy", tracked)
    figures = import_capture([folder], folder / "project", head)
    return load_project(folder / "project"), figures


def test_the_head_follows_the_tracked_face(grid_project):
    _, figures = grid_project
    for name, row in figures["head_fit"].items():
        assert row["r_worst"] > 0.99, name


def test_lips_of_the_head_close_where_the_tracked_lips_do(grid_project, head):
    project, _ = grid_project
    for take in project.takes:
        marks = head.vertices[head.landmarks68] + np.einsum(
            "tr,rld->tld", take.coefficients, project.basis[:, head.landmarks68]
        )
        gap = np.linalg.norm(marks[:, 62] - marks[:, 66], axis=-1) * 1000
        closed = take.curves[:, 0] < 0.006
        assert closed.sum() > 5
        assert gap[closed].max() < 1.5, "millimetres"
        assert gap.max() > 5


def test_lost_frames_are_filled_and_marked(grid_project):
    project, _ = grid_project
    take = next(take for take in project.takes if take.name == "bbaf3s")
    assert np.flatnonzero(~take.valid).tolist() == [20, 21, 22]
    assert np.isfinite(take.coefficients).all()


def test_video_frames_stand_in_the_middle_of_their_interval(grid_project):
    project, _ = grid_project
    assert np.allclose(project.takes[0].times[:3], [0.02, 0.06, 0.10])


def test_facegood_gets_its_lip_rounding_back(tmp_path, head):
    source = DATA / "capture" / "facegood"
    if not source.is_dir():
        pytest.skip(f"no shared data at {DATA}")
    folder = tmp_path / "facegood"
    folder.mkdir()
    for suffix in ("_arkit.csv", "_rig116.csv"):
        shutil.copy(source / f"1114_3_15{suffix}", folder)
    write_sound(folder / "1114_3_15.wav", 49)
    import_capture([folder], tmp_path / "with", head)
    (folder / "1114_3_15_rig116.csv").unlink()
    import_capture([folder], tmp_path / "without", head)
    rounded, plain = (load_project(tmp_path / name).takes[0].weights for name in ("with", "without"))
    changed = [name for k, name in enumerate(ARKIT_NAMES) if not np.allclose(rounded[:, k], plain[:, k])]
    assert changed == ["mouthFunnel", "mouthPucker"]
    assert (rounded >= plain - 1e-6).all()
