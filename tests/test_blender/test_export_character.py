# ruff: noqa: PLR0917 - fixtures are asked for by name
"""Several lines of one face in one file, read back by libraries that did not write it."""

import csv

import numpy as np
import pytest

from tests.test_blender.export_faces import NTSC, WEIGHED, set_rate, shape_names
from tests.test_blender.ogawa import Ogawa

bpy = pytest.importorskip("bpy")

SUFFIXES = [*WEIGHED, ".abc"]


@pytest.fixture
def exporter(part):
    return part("character_export")


@pytest.fixture
def two_lines(scene, small_face, speak, part):
    """Two lines of different length, sampled as the scene showed them, at 29.97 frames a second."""
    set_rate(scene, NTSC)
    clips = []
    for name, count, pace in (("Hello there", 20, 3.0), ("Go away", 33, 1.7)):
        scene.frame_start, scene.frame_end = 11, 10 + count
        speak(small_face, name, first=11, count=count, pace=pace)
        clips.append(part("export_samples").sample_line(scene, small_face))
    return clips


@pytest.mark.parametrize("suffix", [".glb", ".fbx"])
def test_each_line_is_a_clip_of_its_own(scene, small_face, two_lines, exporter, read, tmp_path, suffix):
    exporter.export_character(scene, small_face, two_lines, tmp_path / f"hero{suffix}")
    back = read(tmp_path / f"hero{suffix}")
    assert sorted(clip["name"] for clip in back["clips"]) == ["Go away", "Hello there"]
    for clip in back["clips"]:
        (line,) = [line for line in two_lines if line.name == clip["name"]]
        keys = clip["meshes"]["Hero"]
        assert keys["names"] == shape_names(small_face)
        count = len(line.values["Hero"])
        assert np.allclose(keys["times"], np.arange(count) / NTSC, atol=1e-5)
        assert np.abs(np.array(keys["weights"]) - line.values["Hero"]).max() <= 1e-6
        assert np.allclose([clip["start"], clip["end"]], [0, (count - 1) / NTSC], atol=1e-5)
        assert not clip.get("moved")
    if suffix == ".glb":
        assert not any(back["rest"])  # the face by itself, with no clip playing
    assert [path.name for path in tmp_path.iterdir()] == [f"hero{suffix}"]


@pytest.mark.parametrize("suffix", [".usdc", ".abc"])
def test_on_one_timeline_a_table_says_which_frames_are_whose(
    scene, small_face, two_lines, exporter, read, tmp_path, suffix
):
    exporter.export_character(scene, small_face, two_lines, tmp_path / f"hero{suffix}")
    with (tmp_path / "hero.lines.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["line"] for row in table] == ["Hello there", "Go away"]
    assert [(int(row["first_frame"]), int(row["last_frame"])) for row in table] == [(11, 30), (32, 64)]
    assert {float(row["frames_per_second"]) for row in table} == {29.97}
    if suffix == ".usdc":
        (clip,) = read(tmp_path / "hero.usdc")["clips"]
        keys = clip["meshes"]["Hero"]
        assert keys["times"] == list(range(11, 65))
        weights = np.array(keys["weights"])
        assert np.abs(weights[:20] - two_lines[0].values["Hero"]).max() <= 1e-6
        assert not weights[20].any()
        assert np.abs(weights[21:] - two_lines[1].values["Hero"]).max() <= 1e-6
        return
    archive = Ogawa(tmp_path / "hero.abc")
    points = archive.geometry(archive.objects()["/Hero/Hero"])["P"]
    assert np.allclose(archive.times(points), np.arange(11, 65) / NTSC, atol=1e-5)
    jaw = two_lines[1].shapes["Hero"].index("jawOpen")
    opening = [
        np.abs(archive.sample(points, 21 + row) - archive.sample(points, 20)).max() for row in range(33)
    ]
    assert np.corrcoef(opening, two_lines[1].values["Hero"][:, jaw])[0, 1] > 0.9


def test_a_line_that_is_not_playing_is_exported_as_it_was_shown(
    scene, head, line, write_wav, speech, animate, shown, exporter, joyful, tmp_path
):
    setattr(head.lipwright, joyful, 0.8)
    animate(line)
    first = head.data.shape_keys.animation_data.action
    seen = shown(head, range(1, 101))[:, 1:]
    animate(write_wav(tmp_path / "other.wav", speech[16000:48000]))
    second = head.data.shape_keys.animation_data.action
    assert first != second
    assert set(exporter.line_actions(head)) == {first, second}
    animation = head.data.shape_keys.animation_data
    before = (animation.action, animation.use_nla, scene.frame_current, first.users, second.users)
    clip = exporter.action_clip(scene, head, first)
    assert (clip.name, clip.first, clip.last) == ("Zoë says", 1, 100)
    assert np.abs(clip.values[head.name] - seen).max() < 1e-6
    assert (animation.action, animation.use_nla, scene.frame_current, first.users, second.users) == before
    assert {action.name for action in bpy.data.actions} == {
        "Zoë says",
        "Zoë says Emotion",
        "other",
        "other Emotion",
    }


def test_teeth_that_follow_by_a_driver_follow_in_every_line(
    scene, character, speak, exporter, read, tmp_path
):
    speak(character, "Second", count=20, pace=1.1)
    clips = [exporter.action_clip(scene, character, action) for action in exporter.line_actions(character)]
    for suffix in (".glb", ".fbx"):
        exporter.export_character(scene, character, clips, tmp_path / f"hero{suffix}")
        back = read(tmp_path / f"hero{suffix}")
        assert {clip["name"] for clip in back["clips"]} == {"Line 1", "Second"}
        for clip in back["clips"]:
            face, teeth = clip["meshes"]["Hero"], clip["meshes"]["Teeth"]
            jaw = np.array(face["weights"])[:, face["names"].index("jawOpen")]
            assert np.ptp(jaw) > 0.9
            assert np.allclose(np.array(teeth["weights"])[:, 0], 0.5 * jaw, atol=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_is_left_as_it_was(scene, character, speak, exporter, everything, tmp_path, suffix):
    speak(character, "Second")
    scene.frame_set(7)
    before = everything(character)
    clips = [exporter.action_clip(scene, character, action) for action in exporter.line_actions(character)]
    assert everything(character) == before
    exporter.export_character(scene, character, clips, tmp_path / f"hero{suffix}")
    assert everything(character) == before


def test_bad_input_is_one_sentence_and_writes_nothing(
    scene, small_face, two_lines, exporter, speak, part, tmp_path
):
    error = part("inference.errors").LipwrightError
    with pytest.raises(error, match="'Hero' speaks no line yet"):
        exporter.export_character(scene, small_face, [], tmp_path / "hero.glb")
    with pytest.raises(error, match="two lines are called 'Go away': rename one"):
        exporter.export_character(scene, small_face, [two_lines[1]] * 2, tmp_path / "hero.glb")
    small_face.shape_key_add(name="new")
    speak(small_face, "Third")
    late = part("export_samples").sample_line(scene, small_face)
    with pytest.raises(error, match="'Third' moves other shape keys than 'Go away'"):
        exporter.export_character(scene, small_face, [two_lines[1], late], tmp_path / "hero.glb")
    assert not list(tmp_path.iterdir())
