"""Live Link Face CSV as iPhones really write it."""

import os
from pathlib import Path

import numpy as np
import pytest

from inference.blendshape_names import ARKIT_NAMES, LIVE_LINK_COLUMNS
from inference.errors import LipwrightError
from training.capture.live_link_csv import read_live_link_csv

DATA = Path(os.environ.get("LIPWRIGHT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
JAW = ARKIT_NAMES.index("jawOpen")


def write_csv(path, rows, columns=LIVE_LINK_COLUMNS):
    """Write rows of (timecode, {column: value} or None for a lost face)."""
    lines = [",".join(["Timecode", "BlendShapeCount", *columns])]
    for timecode, values in rows:
        if values is None:
            lines.append(f"{timecode},0")
        else:
            lines.append(",".join([timecode, "61", *(f"{values.get(name, 0.0):.6f}" for name in columns)]))
    path.write_text("\n".join(lines) + "\n")
    return path


def ticks(count, per_row, base=60, first=59.25, second=41):
    """Timecodes whose last field is the frame within the second, as the iPhone counts it."""
    for i in range(count):
        whole, tick = divmod(first + i * per_row, base)
        yield f"12:27:{second + int(whole):02d}:{tick:06.3f}"


@pytest.mark.parametrize(("per_row", "rate"), [(1, 60.0), (2, 30.0)])
def test_row_rate_is_told_from_the_sixty_tick_timecode(tmp_path, per_row, rate):
    rows = [(code, {"JawOpen": i / 200}) for i, code in enumerate(ticks(100, per_row))]
    motion = read_live_link_csv(write_csv(tmp_path / "take.csv", rows))
    assert motion.frame_rate == rate
    assert motion.frames == 100
    assert np.allclose(motion.weights[:, JAW], np.arange(100) / 200, atol=1e-5)


def test_dropped_rows_are_bridged_at_their_right_times(tmp_path):
    rows = [(code, {"JawOpen": i / 200}) for i, code in enumerate(ticks(90, 2))]
    kept = rows[:20] + rows[22:50] + rows[70:]
    motion = read_live_link_csv(write_csv(tmp_path / "take.csv", kept))
    assert motion.frames == 90
    assert np.allclose(motion.weights[:, JAW], np.arange(90) / 200, atol=1e-5)
    assert motion.valid[:50].all(), "two dropped rows do no harm"
    assert not motion.valid[51:69].any(), "what nobody saw for 0.7 s does not train"
    assert motion.valid[71:].all()


def test_rows_that_lost_the_face_are_interpolated_and_marked(tmp_path):
    rows = [(code, {"JawOpen": 0.4}) for code in ticks(60, 2)]
    rows[10:30] = [(code, None) for code, _ in rows[10:30]]
    motion = read_live_link_csv(write_csv(tmp_path / "take.csv", rows))
    assert np.allclose(motion.weights[:, JAW], 0.4)
    assert motion.valid.sum() == 40


def test_columns_are_found_by_name_and_angles_come_as_pitch_yaw_roll(tmp_path):
    shuffled = tuple(reversed(LIVE_LINK_COLUMNS))
    values = {"JawLeft": 0.1, "JawRight": 0.2, "HeadPitch": 0.3, "HeadYaw": -0.4, "HeadRoll": 0.5}
    path = write_csv(tmp_path / "take.csv", [(code, values) for code in ticks(70, 2)], shuffled)
    motion = read_live_link_csv(path)
    assert motion.weights[0, ARKIT_NAMES.index("jawLeft")] == pytest.approx(0.1)
    assert motion.weights[0, ARKIT_NAMES.index("jawRight")] == pytest.approx(0.2)
    assert np.allclose(motion.head_rotation[0], [0.3, -0.4, 0.5])


def test_a_take_over_midnight_keeps_its_time(tmp_path):
    codes = [f"23:59:59:{tick:02d}.000" for tick in range(30)] + [
        f"00:00:00:{tick:02d}.000" for tick in range(30)
    ]
    motion = read_live_link_csv(write_csv(tmp_path / "take.csv", [(code, {}) for code in codes]))
    assert (motion.frame_rate, motion.frames) == (30.0, 60)


GOOD = [(code, {"JawOpen": 0.1}) for code in ticks(70, 2)]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda _: "", "no motion frames"),
        (lambda text: text.splitlines()[0], "no motion frames"),
        (lambda text: text.replace("JawOpen", "JawAjar"), "column jawOpen is missing"),
        (lambda text: text.replace("0.100000", "wide", 1), "'wide' where a number belongs"),
        (lambda text: text.replace("12:27:42:01", "half past:", 1), "timecode"),
        (lambda text: text.replace("0.100000", "45.0"), "not in percent"),
        (lambda text: text.replace("12:27:42:01.250", "12:27:41:01.250", 1), "time runs backwards"),
        (lambda text: text.replace(",61,", ",61,0.5,", 1), "row 2 has 64 cells"),
        (lambda text: "\x00\xff" + text, "not a Live Link Face CSV"),
    ],
)
def test_a_damaged_file_gets_a_sentence_with_its_name(tmp_path, damage, words):
    path = write_csv(tmp_path / "take.csv", GOOD)
    path.write_text(damage(path.read_text()), encoding="latin-1")
    with pytest.raises(LipwrightError) as caught:
        read_live_link_csv(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value) or "cannot be read" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "rate", "seconds", "lost"),
    [
        ("S07-001_a5be72", 30.0, 67.6, 0),
        ("alex_rom_3_d4c9be", 30.0, 134.4, 0),
        ("apfel_27567b", 30.0, 64.2, 35),
    ],
)
def test_real_iphone_takes(name, rate, seconds, lost):
    path = DATA / "capture" / "livelink" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"no shared data at {DATA}")
    motion = read_live_link_csv(path)
    assert motion.frame_rate == rate
    assert motion.frames / rate == pytest.approx(seconds, abs=0.5)
    assert lost <= (~motion.valid).sum() <= lost + 5
    assert motion.weights[:, JAW].max() > 0.2
