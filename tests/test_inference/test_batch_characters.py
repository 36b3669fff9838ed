"""Which lines come together in one character's file, and how tasks travel to the processes that write it."""

import hashlib
import os
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from inference.batch.characters import plan_characters
from inference.batch.fingerprint import FileHashes, Stamp
from inference.batch.ledger import Entry
from inference.batch.line import BatchLine, SceneChoice
from inference.batch.plan import PlannedLine, PlanRules, State
from inference.batch.task_text import read_result, read_task, result_text, task_text
from inference.batch.work import Result, Task

RULES = PlanRules(everything=False, overwrite_edited=False, vertices=True)


@pytest.fixture
def planned(tmp_path):
    """Makes a line that is done: planned(id, scene, character=..., model=...)."""

    def make(name, scene, character=None, model="a.lipmodel"):
        line = BatchLine(
            place=name,
            id=name,
            sound=tmp_path / f"{name}.wav",
            character=character,
            model=Path(model),
            emotion="",
            start=0.0,
            seed=0,
            text="",
            output=f"{name}.glb",
            format="glb",
            frame_rate=Fraction(30),
            scene=scene,
        )
        return PlannedLine(line, tmp_path / line.output, State.UNCHANGED, settings=f"settings of {name}")

    return make


def entries_of(lines):
    return {
        one.line.output: Entry(one.line.output, one.settings, f"sound {one.line.id}", None, "r", None, "", {})
        for one in lines
    }


def gathered(lines, ending="fbx"):
    found = plan_characters(lines, (ending, ending), entries_of(lines), RULES)
    return {one.planned.line.output: [member.line.id for member in one.members] for one in found}


def test_who_speaks_with_one_face_and_one_model_belongs_together(planned):
    hero, villain = (SceneChoice(Path(f"{name}.blend"), "Face") for name in ("hero", "villain"))
    lines = [planned("a", hero), planned("b", villain), planned("c", hero)]
    lines += [planned("d", hero, model="b.lipmodel"), planned("e", SceneChoice()), planned("f", None)]
    lines += [planned("g", SceneChoice(), Path("orc.npz"))]
    assert gathered(lines) == {
        "characters/hero Face.fbx": ["a", "c"],
        "characters/villain Face.fbx": ["b"],
        "characters/hero Face b.fbx": ["d"],
        "characters/Lipwright Head.fbx": ["e"],
        "characters/orc.fbx": ["g"],
    }


def test_a_file_that_needs_no_blender_takes_the_face_s_lines_of_every_format(planned):
    hero = SceneChoice(Path("hero.blend"))
    lines = [planned("a", hero), planned("b", SceneChoice()), planned("c", None)]
    lines += [planned("d", None, Path("orc.npz")), planned("e", SceneChoice(), Path.cwd() / "orc.npz")]
    assert gathered(lines, "json") == {
        "characters/hero.json": ["a"],
        "characters/Lipwright Head.json": ["b", "c"],
        "characters/orc.json": ["d", "e"],
    }


def test_names_of_faces_are_made_fit_for_files(planned):
    scenes = [("h", "../Face"), ("H", ".._FACE"), ("h/.:", "x"), ("h", "")]
    lines = [
        planned(str(n), SceneChoice(Path(f"{blend}.blend"), name)) for n, (blend, name) in enumerate(scenes)
    ]
    assert list(gathered(lines)) == [
        "characters/h .._Face.fbx",
        "characters/H .._FACE a.fbx",
        "characters/_ x.fbx",
        "characters/h.fbx",
    ]


def test_lines_without_a_result_are_named(planned):
    lines = [planned(name, SceneChoice()) for name in "abc"]
    entries = entries_of(lines[:2])
    entries["b.glb"] = replace(entries["b.glb"], settings="older ones")
    (one,) = plan_characters(lines, ("glb", "glb"), entries, RULES)
    assert [member.line.id for member in one.members] == ["a"]
    assert one.lacking == ("b", "c")
    assert (one.planned.state, one.planned.reason) == (State.DO, "is new")


def test_thousands_of_lines_come_together_in_a_moment(planned):
    lines = [planned(str(number), None) for number in range(4000)]
    began = time.monotonic()
    assert list(gathered(lines, "csv").values()) == [[str(number) for number in range(4000)]]
    assert time.monotonic() - began < 5  # a fifth of a second, where nobody else uses the machine


@pytest.mark.parametrize("part", ["sound", "settings"])
def test_another_sound_or_setting_of_one_line_is_another_file(planned, part, tmp_path):
    lines = [planned(name, SceneChoice()) for name in "ab"]
    for one in lines:
        one.line.sound.touch()
    entries = entries_of(lines)
    (one,) = plan_characters(lines, ("glb", "glb"), entries, RULES)
    (tmp_path / "characters").mkdir()
    one.planned.target.write_bytes(b"the file")
    digest = hashlib.sha256(b"the file").hexdigest()
    output = one.planned.line.output
    entries[output] = Entry(output, one.planned.settings, "", None, digest, None, "", {})
    (again,) = plan_characters(lines, ("glb", "glb"), entries, RULES)
    assert again.planned.state is State.UNCHANGED
    if part == "sound":
        entries["b.glb"] = replace(entries["b.glb"], sound="another")
    else:
        lines[1] = replace(lines[1], settings="another")
        entries["b.glb"] = replace(entries["b.glb"], settings="another")
    (again,) = plan_characters(lines, ("glb", "glb"), entries, RULES)
    assert (again.planned.state, again.planned.reason) == (State.DO, "its lines have changed")


@pytest.mark.skipif(os.name == "nt", reason="file names of bytes are POSIX's")
def test_tasks_and_results_travel_as_text():
    sound = Path(os.fsdecode(b"/lines/M\xfcller \xe6\x97\xa5.wav"))
    scene = SceneChoice(Path("/hero.blend"), "Face\n1", strength=0.3, program="Blender 5.0")
    task = Task(
        version=1,
        output="a.glb",
        sound=sound,
        model=Path("/m.lipmodel"),
        files=FileHashes("1", "", "2", "3"),
        character=None,
        emotion="joy=1",
        emotion_track=Path("/t.csv"),
        start=0.5,
        format="glb",
        frame_rate="30000/1001",
        vertices=True,
        folder=Path("/parts"),
        target=Path("/out/a.glb"),
        scene=scene,
        id="é",
    )
    both = replace(task, output="characters/Face.glb", scene=SceneChoice(), members=(task, task))
    for one in (task, both):
        text = task_text(one)
        assert text.isascii()
        assert "\n" not in text
        assert read_task(text) == one
    result = Result("a.glb", "", Path("/parts/1.glb"), "d", "s", Stamp(1, 2, 3, 4), {"told": ["ümlaut"]})
    assert read_result(result_text(result)) == result
    beside = replace(result, beside=(Result("b", part=Path("/parts/2.csv"), digest="e"),))
    assert read_result(result_text(beside)) == beside
    failed = Result("a.glb", error="no\nsound")
    assert read_result(result_text(failed)) == failed
