"""The table that `python -m training evaluate` prints."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.audio_file import read_audio
from inference.bundled import default_head_path
from inference.face_prediction import FacePredictor
from inference.head_mesh import load_head
from inference.measures import landmark_curves
from inference.model_bundle import load_bundle
from training.__main__ import main
from training.evaluation import evaluate
from training.evaluation.baselines import AudioCache, at_times, fit_ridge
from training.evaluation.capture_figures import take_figures
from training.evaluation.face_regions import FaceRegions
from training.evaluation.systems import Systems
from training.project import load_project

TINY_MODEL = Path(__file__).parents[1] / "test_inference" / "fixtures" / "tiny.lipmodel"


@pytest.fixture(scope="module")
def systems(small_project):
    head = load_head(default_head_path())
    return Systems(load_project(small_project), FaceRegions.of_head(head), None)


def test_the_capture_itself_scores_perfectly(systems, small_project):
    take = load_project(small_project).split("test")[0]
    captured = systems.captured(take)
    figures = take_figures(captured, captured, take)
    assert figures["r_gap"] == pytest.approx(1.0)
    assert figures["jitter"] == pytest.approx(1.0)
    assert {figures[name] for name in ("lve_mm", "fdd_mm", "d_ll", "d_vl", "d_a", "d_l", "d_v")} == {0.0}


def test_baselines_come_in_their_order(small_project):
    """The jaw follows the loudness here, so all but the static face find it."""
    evaluation = evaluate(None, small_project)
    figures = {row.key: row.values for row in evaluation.section("made up").rows}
    assert evaluation.systems == ("ridge", "loudness", "static")
    assert figures["r_gap"]["ridge"] > 0.8
    assert figures["r_gap"]["loudness"] > 0.5
    assert figures["r_gap"]["static"] == 0.0
    assert figures["lve_over_static"]["static"] == 1.0
    assert figures["lve_over_static"]["ridge"] < 0.8
    assert abs(figures["lag_gap_ms"]["ridge"]) < 20
    assert np.isnan(figures["lag_gap_ms"]["static"])


def test_only_loudness_moves_in_the_loudness_baseline(systems, small_project):
    take = load_project(small_project).split("test")[0]
    motion = systems.animate("loudness", take)
    assert np.ptp(motion.curves[:, 2]) > 0.01
    assert np.abs(motion.landmarks[:, 36:48] - motion.landmarks[:1, 36:48]).max() < 1e-6


def test_test_takes_never_reach_the_baselines(small_project):
    """Other motion in the test take changes what is measured, not what is predicted."""
    project = load_project(small_project)
    regions = FaceRegions.of_head(load_head(default_head_path()))
    before = Systems(project, regions, None).animate("ridge", project.split("test")[0])
    for take in project.split("test"):
        take.coefficients[:] = 7.0
    after = Systems(project, regions, None).animate("ridge", project.split("test")[0])
    assert np.array_equal(before.curves, after.curves)


def test_the_table_and_its_json(small_project, capsys):
    only = ["--only", "capture", "--no-report"]
    assert main(["evaluate", str(small_project), "--split", "validation", *only]) == 0
    table = capsys.readouterr().out
    assert table.splitlines()[0].split()[-3:] == ["ridge", "loudness", "static"]
    for label in (
        "r lip gap",
        "lag chin drop",
        "LVE (mm)",
        "FDD",
        "D-LL",
        "D-VL",
        "D-A",
        "D-L ",
        "D-V ",
        "jitter",
    ):
        assert label in table
    assert main(["evaluate", str(small_project), *only, "--json"]) == 0
    section = json.loads(capsys.readouterr().out)["sections"][0]
    assert section["key"] == "made up"
    assert section["rows"]["lag_gap_ms"]["values"]["static"] is None


def test_a_model_of_another_head_is_refused(small_project, capsys):
    assert load_bundle(TINY_MODEL).manifest.head_hash != load_project(small_project).head_hash
    assert main(["evaluate", str(TINY_MODEL), str(small_project)]) == 1
    assert "another head" in capsys.readouterr().err


def test_a_model_is_heard_through_its_own_graphs(small_project):
    """The tiny model on this head, its first output opening the jaw: the curves must be that output's."""
    tiny, project, head = load_bundle(TINY_MODEL), load_project(small_project), load_head(default_head_path())
    basis = np.zeros((len(tiny.basis), *head.vertices.shape), np.float32)
    basis[0] = head.shape_deltas[17]
    bundle = replace(
        tiny,
        manifest=replace(tiny.manifest, head_hash=head.hash),
        template=head.vertices,
        landmarks68=head.landmarks68,
        arkit_deltas=head.shape_deltas,
        basis=basis,
        mean_offset=0.2 * head.shape_deltas[17],
    )
    systems = Systems(project, FaceRegions.of_head(head), bundle)
    take = project.split("test")[0]
    predictor = FacePredictor(bundle)
    opened = 0.2 + predictor.coefficients(predictor.analyse(read_audio(take.audio_path)), take.times)[:, 0]
    marks = head.vertices[head.landmarks68] + opened[:, None, None] * head.shape_deltas[17, head.landmarks68]
    assert np.allclose(systems.animate("model", take).curves, landmark_curves(marks), atol=1e-5)
    assert evaluate(bundle, project).systems[0] == "model"


@pytest.mark.parametrize("command", [["evaluate", "absent.lipmodel"], ["evaluate", "nowhere"]])
def test_what_is_not_there_gets_a_sentence(small_project, capsys, command, monkeypatch):
    monkeypatch.chdir(small_project)
    project = [str(small_project)] if command[1].endswith(".lipmodel") else []
    assert main([*command, *project]) == 1
    message = capsys.readouterr().err
    assert message.startswith("lipwright: error: ")
    assert command[1] in message


def test_ridge_finds_a_linear_map_and_obeys_its_score():
    rng = np.random.default_rng(1)
    rows, truth = rng.standard_normal((400, 5)), rng.standard_normal((5, 2))
    targets = rows @ truth + 3.0
    ridge = fit_ridge(rows, targets, alphas=(1e-3,))
    assert np.allclose(ridge.predict(rows), targets, atol=1e-3)
    assert fit_ridge(rows, targets, score=lambda r: -abs(r.alpha - 50), alphas=(1, 50, 900)).alpha == 50


def test_features_are_taken_at_the_asked_times():
    track = np.arange(10.0)[:, None]
    assert at_times(track, np.array([-1.0, 0.0, 0.012, 5.0]))[:, 0] == pytest.approx([0.0, 0.0, 1.5, 9.0])


def test_loudness_follows_the_sound(small_project):
    take = load_project(small_project).takes[0]
    level = AudioCache().loudness(take.audio_path)
    opened = take.weights[:, 17]
    assert np.corrcoef(at_times(level, take.times), opened)[0, 1] > 0.6


def test_importing_and_evaluating_need_no_torch(small_project):
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from training.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [
        sys.executable,
        "-c",
        program,
        "evaluate",
        str(small_project),
        "--only",
        "capture",
        "--no-report",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["split"] == "test"
