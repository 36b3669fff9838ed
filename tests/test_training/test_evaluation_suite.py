"""The rooms of an evaluation, on a model, lines and sounds whose every answer is known."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.audio_file import SAMPLE_RATE, AudioClip
from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from inference.measures import PhoneInterval, landmark_curves
from inference.model_bundle import load_bundle
from training.__main__ import main
from training.corpus.phones import Segment
from training.corpus.spoken_line import SpokenLine
from training.evaluation import line_sets, rhubarb
from training.evaluation.comparison_figure import write_comparison
from training.evaluation.face_drawing import FaceDrawer, mouth_frame
from training.evaluation.face_regions import FaceRegions
from training.evaluation.goals import measure_rows
from training.evaluation.html_report import write_report
from training.evaluation.line_sets import Line
from training.evaluation.motion import Motion
from training.evaluation.results import Evaluation, Goal, Row, Section
from training.evaluation.robustness import altered_lines, condition_rows, level_rows, voice_rows
from training.evaluation.stage import Stage
from training.evaluation.stillness import still_rows
from training.evaluation.suite import Request, make_stage, run_suite
from training.evaluation.systems import Systems, line_times
from training.evaluation.table import evaluation_table
from training.project import load_project

TINY_MODEL = Path(__file__).parents[1] / "test_inference" / "fixtures" / "tiny.lipmodel"
PHONES = tuple(PhoneInterval(n, 0.25 * i, 0.25 * (i + 1)) for i, n in enumerate(["P", "AA", "M", "AE"] * 2))


class LevelFace:
    """Opens its mouth by the sound's own level, so whoever changes the sound changes the face."""

    def __init__(self, regions):
        self.rest = regions.rest.astype(np.float64)

    def on_line(self, clip):
        times = line_times(clip)
        level = np.interp(times, np.arange(len(clip.samples)) / SAMPLE_RATE, np.abs(clip.samples))
        marks = np.repeat(self.rest[None], len(times), axis=0)
        marks[:, [56, 57, 58, 65, 66, 67], 2] -= 0.02 * level[:, None]
        return Motion(landmark_curves(marks), marks)

    def on_take(self, take):
        raise NotImplementedError


def spoken_line(name="a line"):
    """A level of 0 in p and m, and of 0.5 in the vowels."""
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    opened = 0.5 * (np.sin(2 * np.pi * 2 * t - np.pi / 2) + 1) / 2
    opened = np.where((t // 0.25).astype(int) % 2 == 0, 0.0, opened)
    return Line(AudioClip(opened.astype(np.float32), 2.0, Path("set") / name), PHONES)


@pytest.fixture(scope="module")
def head():
    return load_head(default_head_path())


@pytest.fixture
def stage(head):
    regions = FaceRegions.of_head(head)
    systems = Systems(None, regions, None, extra={"model": LevelFace(regions)})

    def read(name, _data):
        if name in ("asterisk", "reader", "flite"):
            return [spoken_line(f"{name} 1"), spoken_line(f"{name} 2")]
        raise LipwrightError(f"{name}: is not here")

    return Stage(head, systems, None, data=Path(), read_set=read)


def values(rows):
    return {row.key: row.values["model"] for row in rows}


def test_a_room_measures_lines_and_says_what_is_missing(stage):
    found = run_suite(stage, ("speech", "engines"))
    rows = {row.key: row for row in found.section("asterisk").rows}
    assert rows["lip_closure"].values["model"] == 1.0
    assert rows["lip_closure"].met is True
    assert found.section("ljspeech").skipped == "ljspeech: is not here"
    for name in ("reader", "flite"):  # whose voices train
        rows = found.section(name).rows
        assert rows
        assert [row.goal for row in rows] == [None] * len(rows)
    table = evaluation_table(found)
    assert "not measured: ljspeech: is not here" in table
    assert re.search(r"lip closure on p b m +1\.000 +>= 0\.95 +yes", table)


def test_what_settings_are_chosen_with_is_measured_only_when_named(stage):
    found = run_suite(stage, ("speech", "choosing"))
    assert found.section("dutch").skipped == "dutch: is not here"
    assert values(found.section("reader_conditions").rows)["quiet_25db.r_clean"] > 0.9
    assert "dutch" not in [section.key for section in run_suite(stage, ("speech",)).sections]


def test_a_condition_that_opens_every_closure_costs_recall(stage):
    lines = [spoken_line()]
    rows = condition_rows(
        stage,
        lines,
        {"none": lambda x, _rate, _rng: x, "constant": lambda x, _rate, _rng: np.maximum(x, 0.4)},
    )
    found = values(rows)
    assert found["none.drop"] == 0.0
    assert found["none.r_clean"] == pytest.approx(1.0)
    assert found["constant.lip_closure"] == 0.0
    assert found["constant.drop"] == 1.0
    assert {row.key: row.met for row in rows}["constant.drop"] is False


def test_a_voice_that_turns_the_motion_round_fails(stage):
    rows = voice_rows(stage, [spoken_line()], {"upside_down": lambda x, _rate, _rng: 0.5 - x})
    assert values(rows)["upside_down.r_plain"] == pytest.approx(-1.0, abs=0.01)
    assert rows[0].met is False


def test_a_face_that_follows_the_gain_fails(stage):
    found = level_rows(stage, [spoken_line()])
    assert all(row.met is False for row in found)
    assert values(found)["gain_-20.off_mm"] > 0.5


def test_sounds_that_move_the_face_are_no_rest(stage):
    rng = np.random.default_rng(1)
    sounds = {
        Path("still/nothing"): np.zeros(SAMPLE_RATE, np.float32),
        Path("still/loud"): rng.uniform(0, 0.5, SAMPLE_RATE).astype(np.float32),
    }
    rows = {row.key: row for row in still_rows(stage, [spoken_line()], sounds)}
    assert rows["nothing.stillness"].values["model"] == 0.0
    assert rows["nothing.parted_mm"].values["model"] == 0.0
    assert rows["loud.stillness"].met is False
    assert rows["loud.parted_mm"].met is False


def test_what_is_random_depends_on_line_and_condition_alone():
    lines = [spoken_line("one"), spoken_line("two")]

    def noise(x, _rate, rng):
        return x + rng.standard_normal(len(x)).astype(np.float32)

    first = altered_lines(lines, "noise", noise)
    again = altered_lines(lines[1:], "noise", noise)
    assert np.array_equal(first[1].clip.samples, again[0].clip.samples)
    assert not np.array_equal(first[0].clip.samples, first[1].clip.samples)
    assert first[0].phones == lines[0].phones


def test_goals_hold_their_bounds_and_no_number_meets_none():
    assert Goal(least=0.9).met(0.9)
    assert not Goal(least=0.9).met(0.89)
    assert not Goal(-20, 20).met(21)
    assert not Goal(most=1.0).met(float("nan"))
    assert str(Goal(-20, 20)) == "-20 to 20"
    assert Row("k", "l", 1, {"ridge": 1.0}, Goal(least=2)).met is None
    rows = measure_rows({"no espeak": {"lip_closure": 0.94}}, "left_out", "no espeak")
    assert rows[0].met is False


def test_counts_of_goals_and_plain_json():
    rows = (Row("a", "A", 1, {"model": 1.0}, Goal(least=2)), Row("b", "B", 1, {"model": np.nan}))
    found = Evaluation("m", ("model",), (Section("s", "S", rows), Section("t", "T", skipped="why")))
    assert found.goals == (0, 1)
    document = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert document["sections"][0]["rows"]["b"]["values"]["model"] is None
    assert document["sections"][1]["skipped"] == "why"


@pytest.fixture(scope="module")
def jaw_bundle(head):
    """The tiny model on this head: its outputs move jaw and lips."""
    tiny = load_bundle(TINY_MODEL)
    basis = np.zeros((len(tiny.basis), *head.vertices.shape), np.float32)
    basis[0] = head.shape_deltas[17]
    return replace(
        tiny,
        manifest=replace(tiny.manifest, head_hash=head.hash),
        template=head.vertices,
        faces=head.faces,
        landmarks68=head.landmarks68,
        arkit_deltas=head.shape_deltas,
        basis=basis,
        mean_offset=0.2 * head.shape_deltas[17],
    )


@pytest.fixture
def phoned_project(small_project):
    project = load_project(small_project)
    return replace(project, takes=tuple(replace(take, phones=PHONES) for take in project.takes))


def test_models_left_out_are_judged_on_what_they_never_heard(jaw_bundle, phoned_project):
    request = Request(
        jaw_bundle,
        phoned_project,
        Path(),
        {"other": jaw_bundle},
        {"another": jaw_bundle, "nobody": jaw_bundle},
    )
    found = run_suite(make_stage(request), ("capture", "left_out"))
    rows = {row.key: row for row in found.section("left_out_another").rows}
    assert rows["r_gap"].judged == "no another"
    assert rows["r_gap"].values["no another"] == rows["r_gap"].values["model"]
    assert rows["r_gap"].met is not None
    assert "neither a speaker" in found.section("left_out_nobody").skipped
    assert found.systems[:4] == ("no another", "no nobody", "model", "other")


@pytest.fixture
def told_project(small_project):
    """Mouths that open at AA and shut at M, each take at moments of its own."""
    project = load_project(small_project)
    jaw = project.takes[0].coefficients[np.abs(project.takes[0].coefficients[:, 0]).argmax()]
    takes = []
    for index, take in enumerate(project.takes):
        borders = np.cumsum(np.random.default_rng(index).uniform(0.1, 0.4, 40))
        names = ["M" if i % 2 else "AA" for i in range(39)]
        phones = [PhoneInterval(n, borders[i], borders[i + 1]) for i, n in enumerate(names)]
        opened = [any(p.name == "AA" and p.start <= t < p.end for p in phones) for t in take.times]
        moved = np.where(opened, 1.0, 0.0)[:, None] * jaw
        takes.append(replace(take, phones=tuple(phones), coefficients=moved.astype(np.float32)))
    return replace(project, takes=tuple(takes))


def test_what_follows_from_the_phones_alone_stands_beside_the_model(jaw_bundle, told_project):
    found = run_suite(make_stage(Request(jaw_bundle, told_project, Path())), ("capture",))
    assert found.systems == ("model", "ridge", "loudness", "static", "phones", "capture")
    values = {row.key: row.values for row in found.section("made up").rows}["r_gap"]
    assert values["phones"] > 0.9
    assert values["ridge"] < 0.5, "nothing of it is in the sound"


def test_who_is_told_the_phones_hears_nothing_and_never_saw_the_test(told_project, head, tmp_path):
    regions = FaceRegions.of_head(head)
    take = told_project.split("test")[0]
    before = Systems(told_project, regions, None).told(take)
    unseen = replace(take, coefficients=take.coefficients + 7, audio_path=tmp_path / "absent.wav")
    after = Systems(told_project, regions, None).told(unseen)
    assert np.array_equal(before.curves, after.curves)
    assert Systems(told_project, regions, None).told(replace(take, phones=())) is None


@pytest.mark.parametrize("name", ["model", "ridge", "phones", "capture", "rhubarb"])
def test_a_compared_bundle_cannot_take_another_column(jaw_bundle, phoned_project, name):
    with pytest.raises(LipwrightError, match=f"'{name}' is a column already"):
        make_stage(Request(jaw_bundle, phoned_project, Path(), {name: jaw_bundle}))


def test_the_report_holds_everything_in_one_file(jaw_bundle, phoned_project, tmp_path):
    stage = make_stage(Request(jaw_bundle, phoned_project, Path()))
    path = tmp_path / "deep" / "report.html"
    write_report(path, stage, run_suite(stage, ("capture",)))
    text = path.read_text(encoding="utf-8")
    assert "Contact sheet" in text
    assert "Lip gap per phone" in text
    assert text.count("data:image/jpeg") == 16
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    for key in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{key}"' in text
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_the_comparison_is_drawn(jaw_bundle, phoned_project, tmp_path):
    stage = make_stage(Request(jaw_bundle, phoned_project, Path()))
    take = write_comparison(tmp_path / "comparison.png", stage)
    assert take.split == "test"
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(LipwrightError, match="no take 'x'"):
        write_comparison(tmp_path / "comparison.png", stage, "x")


def test_an_open_mouth_is_drawn_dark_and_a_closed_one_is_not(head):
    drawer = FaceDrawer(head, mouth_frame(head, 60))
    opened = head.vertices + 0.6 * head.shape_deltas[head.shape_names.index("jawOpen")]
    closed, wide = drawer.draw(head.vertices), drawer.draw(opened)
    assert closed.shape == (51, 60, 3)
    middle = (slice(24, 34), slice(27, 33))
    assert wide[middle].mean() < 0.6 * closed[middle].mean()
    assert np.abs(wide[:10].astype(int) - closed[:10]).max() <= 2
    assert (
        abs(closed[:, :30].astype(float).mean() - closed[:, 30:].astype(float).mean()) > 1
    )  # lit from one side


def test_rhubarb_switches_its_gap(monkeypatch, tmp_path):
    program = tmp_path / "rhubarb"
    cues = {"mouthCues": [{"start": 0.0, "end": 0.5, "value": "A"}, {"start": 0.5, "end": 2.0, "value": "D"}]}
    program.write_text(f"#!/bin/sh\nprintf '%s' '{json.dumps(cues)}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert rhubarb.rhubarb_available()
    line = spoken_line()
    motion = rhubarb.RhubarbSystem().on_line(line.clip)
    times = line_times(line.clip)
    assert np.array_equal(motion.gap, np.where(times < 0.5, 0.0, 1.0))
    program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(LipwrightError, match="rhubarb"):
        rhubarb.RhubarbSystem().on_line(line.clip)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--only", "cellar"], "'cellar' cannot be measured"),
        (["--compare", "karras"], "not NAME=BUNDLE"),
        (["--compare", "karras=absent.lipmodel"], "absent.lipmodel"),
    ],
)
def test_bad_options_get_a_sentence(small_project, capsys, options, words):
    assert main(["evaluate", str(small_project), "--no-report", *options]) == 1
    message = capsys.readouterr().err
    assert message.startswith("lipwright: error: ")
    assert words in message


def test_figures_are_written_where_asked(small_project, tmp_path, capsys):
    figures, report = tmp_path / "figures.json", tmp_path / "report.html"
    command = [
        "evaluate",
        str(small_project),
        "--only",
        "capture",
        "--json",
        str(figures),
        "--report",
        str(report),
    ]
    assert main(command) == 0
    assert "made up" in capsys.readouterr().out
    assert json.loads(figures.read_text())["systems"] == ["ridge", "loudness", "static"]
    assert report.read_text().startswith("<!DOCTYPE html>")


def test_test_sets_are_read_or_say_why_not(tmp_path, monkeypatch):
    spoken = SpokenLine("prompt digits-1", np.zeros(8000, np.float32), (Segment("P", 0.1, 0.2),), "v", "real")
    monkeypatch.setattr(line_sets, "_readers", lambda _data: {"asterisk": lambda: [spoken], "flite": list})
    (line,) = line_sets.line_set("asterisk", tmp_path)
    assert line.name == "asterisk/digits-1"
    assert line.clip.duration == 0.5
    assert line.phones == (PhoneInterval("P", 0.1, 0.2),)
    with pytest.raises(LipwrightError, match="flite: there are no lines"):
        line_sets.line_set("flite", tmp_path)
    monkeypatch.undo()
    with pytest.raises(LipwrightError, match="ljspeech"):
        line_sets.line_set("ljspeech", tmp_path)
