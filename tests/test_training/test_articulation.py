"""Closure, contact, teeth and rounding on faces whose every move is known."""

import numpy as np
import pytest

from inference.bundled import default_head_path
from inference.head_mesh import load_head
from inference.measures import PhoneInterval, landmark_curves
from training.evaluation.articulation import articulation_figures, phone_gaps
from training.evaluation.face_regions import FaceRegions
from training.evaluation.lip_teeth import LipToTeeth
from training.evaluation.motion import Motion

RATE = 60.0
LOWER = [56, 57, 58, 65, 66, 67, *range(6, 11)]


@pytest.fixture(scope="module")
def head():
    return load_head(default_head_path())


@pytest.fixture(scope="module")
def regions(head):
    return FaceRegions.of_head(head)


NAMES = ("P", "AA", "B", "AE", "M", "UW", "IY", "AO", "F", "EH")
PHONES = tuple(PhoneInterval(name, 0.2 * i, 0.2 * (i + 1)) for i, name in enumerate(NAMES))
TIMES = np.arange(0, 2.0, 1 / RATE)


def speaking(regions, gap_at, width_at=lambda _phone: 0.0):
    """A line whose lower lip drops by `gap_at` of its phone, metres, and whose width grows by `width_at`."""
    index = np.minimum((TIMES / 0.2).astype(int), len(PHONES) - 1)
    drop = np.array([gap_at(PHONES[i].symbol) for i in index])
    out = np.array([width_at(PHONES[i].symbol) for i in index])
    marks = np.repeat(regions.rest[None].astype(np.float64), len(TIMES), axis=0)
    marks[:, LOWER, 2] -= drop[:, None]
    marks[:, 48, 0] -= out / 2
    marks[:, 54, 0] += out / 2
    return (Motion(landmark_curves(marks), marks, solved=marks), TIMES, PHONES)


def figures(regions, *lines):
    return articulation_figures(lines, regions)


def closing(phone):
    return 0.0 if phone in "PBM" else 0.012


def test_a_mouth_that_closes_where_it_must(regions):
    found = figures(regions, speaking(regions, closing))
    assert found["lip_closure"] == 1.0
    assert found["false_closure"] == 0.0
    assert found["sealed"] == 1.0
    assert found["contact_mm"] == pytest.approx(0.12, abs=0.02)
    assert found["pressed"] == 0.0
    assert found["opening_mm"] == pytest.approx(12.12, abs=0.1)
    assert found["sealed_solved"] == 1.0


def test_a_mouth_that_never_opens_is_falsely_closed(regions):
    found = figures(regions, speaking(regions, lambda _phone: 0.0))
    assert found["lip_closure"] == 1.0
    assert found["false_closure"] == 1.0


def test_a_mouth_that_never_closes(regions):
    found = figures(regions, speaking(regions, lambda _phone: 0.012))
    assert found["lip_closure"] == 0.0
    assert found["sealed"] == 0.0
    assert found["contact_mm"] == pytest.approx(12.12, abs=0.1)


def test_lips_that_press_through_each_other_are_flagged(regions):
    found = figures(regions, speaking(regions, lambda phone: -0.001 if phone in "PBM" else 0.012))
    assert found["pressed_mm"] == pytest.approx(0.88, abs=0.02)
    assert found["pressed"] == pytest.approx(0.3, abs=0.02)
    assert found["sealed"] == 1.0


def test_lips_that_close_on_one_side_only_are_not_sealed(regions):
    motion, times, phones = speaking(regions, closing)
    motion.landmarks[:, 65, 2] -= 0.002
    assert figures(regions, (motion, times, phones))["sealed"] == 0.0


def test_rounding_is_the_narrowing_of_the_mouth(regions):
    width = float(np.linalg.norm(regions.rest[48] - regions.rest[54]))
    narrow = speaking(regions, closing, lambda phone: -0.2 * width if phone in ("UW", "AO") else 0.0)
    assert figures(regions, narrow)["rounding"] == pytest.approx(0.2, abs=0.01)
    assert figures(regions, speaking(regions, closing))["rounding"] == pytest.approx(0.0, abs=1e-6)


def test_systems_without_a_face_get_their_curves_alone(regions):
    motion, times, phones = speaking(regions, closing)
    curves = np.full_like(motion.curves, np.nan)
    curves[:, 0] = motion.gap
    found = figures(regions, (Motion(curves), times, phones))
    assert found == {"lip_closure": 1.0, "false_closure": 0.0, "stray_closures": 0.0}


def test_lines_without_phones_say_nothing(regions):
    motion, times, _ = speaking(regions, closing)
    assert figures(regions, (motion, times, ())) == {}


def test_the_lip_at_the_teeth_is_near_them(head):
    teeth = LipToTeeth.of_head(head)
    lip = head.vertices[teeth.lip_vertices][None]
    resting = teeth.distance(lip)[0]
    nearest = lip[0][np.argmin(np.linalg.norm(lip[0][:, None] - teeth.edge[None], axis=-1).min(axis=1))]
    target = teeth.edge[np.argmin(np.linalg.norm(teeth.edge - nearest, axis=-1))]
    assert teeth.distance(lip + (target - nearest))[0] < 1e-6
    assert teeth.distance(lip - [[[0, 0, 0.01]]])[0] > resting + 0.005
    assert np.abs(teeth.edge[:, 0]).max() < 0.01


def test_f_counts_only_with_the_lip_at_the_teeth(head, regions):
    motion, times, phones = speaking(regions, closing)
    lip = head.vertices[regions.lower_lip].astype(np.float64)
    away = np.repeat((lip - [0, 0.01, 0.01])[None], len(times), axis=0)
    there = away.copy()
    there[(times >= 1.6) & (times < 1.8)] = regions.teeth.edge[0]
    kept = {"curves": motion.curves, "landmarks": motion.landmarks}
    assert figures(regions, (Motion(**kept, lower_lip=away), times, phones))["teeth"] == 0.0
    found = figures(regions, (Motion(**kept, lower_lip=there), times, phones))
    assert found["teeth"] == 1.0
    assert found["teeth_vowels"] == 0.0


def test_phone_gaps_follow_every_phone(regions):
    rows = phone_gaps([speaking(regions, closing)])
    assert set(rows) == {phone.symbol for phone in PHONES}
    assert rows["M"].shape == (1, 11)
    assert rows["M"][0, 5] == pytest.approx(0.12, abs=0.02)
    assert rows["AA"][0, 5] == pytest.approx(12.12, abs=0.1)


def shut_on_iy(phone):
    return 0.0 if phone == "IY" else closing(phone)


def test_lips_that_shut_for_nothing_are_counted(regions):
    """UW, IY and AO lie far from M, F and the line's ends; on one of them the lips shut."""
    found = figures(regions, speaking(regions, shut_on_iy))
    assert found["false_closure"] == 0.0
    assert found["stray_closures"] == pytest.approx(30.0)
    assert figures(regions, speaking(regions, closing))["stray_closures"] == 0.0


def test_lips_may_shut_beside_a_closure_and_in_pauses(regions):
    motion, times, phones = speaking(regions, shut_on_iy)
    paused = tuple(PhoneInterval("SIL" if p.name == "UW" else p.name, p.start, p.end) for p in phones)
    assert figures(regions, (motion, times, paused))["stray_closures"] == 0.0
    only_m = tuple(PhoneInterval("M" if p.name == "AO" else p.name, p.start, p.end) for p in phones)
    assert figures(regions, (motion, times, only_m))["stray_closures"] == 0.0
