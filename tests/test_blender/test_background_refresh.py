# ruff: noqa: ARG001, SLF001, PLR0917 - fixtures are asked for by name; what a window's timer calls is called by hand
"""The background's refresh, step by step, as a window's timer takes them: without a window no timer ticks."""

import time

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

FRAMES = (20, 50, 70)


@pytest.fixture
def refresh(part):
    module = part("refresh")
    yield module
    module.stop()
    module._running = None


@pytest.fixture
def moved(scene, head, line, animate, joyful):
    """A generated line whose slider has moved since; its key among the waiting lines."""
    animate(line)
    setattr(head.lipwright, joyful, 0.6)
    return scene.name, head.name


def wait(refresh):
    until = time.monotonic() + 60
    while not refresh._running[2].is_done and time.monotonic() < until:
        time.sleep(0.01)


def test_the_timer_refreshes_what_has_rested(moved, refresh, scene, head, part):
    refresh._waiting[moved] = time.monotonic() + 60
    assert refresh._tick() is not None  # not yet
    assert refresh._running is None
    refresh._waiting[moved] = time.monotonic()
    assert refresh._tick() is not None
    wait(refresh)
    assert refresh._tick() is None  # done: the timer ends
    assert not refresh.is_stale(scene, head)
    assert part("emotion_layer").layer_mark(head.data.shape_keys)


def test_a_line_that_the_sliders_have_left_behind_is_dropped(
    moved, refresh, scene, head, joyful, part, shown
):
    refresh._start(moved)
    wait(refresh)
    setattr(head.lipwright, joyful, 0.9)
    refresh._waiting[moved] = time.monotonic()
    refresh._finish()
    assert part("emotion_layer").find_layer(head.data.shape_keys) is None
    refresh._tick()
    wait(refresh)
    refresh._tick()
    assert not refresh.is_stale(scene, head)


def test_a_line_or_face_that_is_gone_meanwhile_is_no_trouble(moved, refresh, head, part):
    refresh._start(moved)
    wait(refresh)
    head.data.shape_keys.animation_data.action = None
    refresh._finish()
    assert part("emotion_layer").find_layer(head.data.shape_keys) is None
    bpy.data.objects.remove(head)
    refresh._start(moved)
    assert refresh._running is None


def test_sound_that_goes_bad_is_noted(moved, refresh, head, line, part):
    part("line_prediction").forget_lines()
    line.write_text("no sound any more", encoding="utf-8")
    refresh._start(moved)
    wait(refresh)
    refresh._finish()
    assert "Zoë says.wav" in part("face_problems").problem(head)


def test_nothing_is_done_twice(moved, refresh, head):
    bpy.ops.lipwright.refresh_line()
    refresh._start(moved)
    assert refresh._running is None


def test_edited_keys_and_another_line_wake_the_refresh(
    moved, refresh, scene, head, joyful, part, monkeypatch
):
    woken = []
    monkeypatch.setattr(refresh, "refresh_soon", lambda _scene, obj: woken.append(obj.name))
    head.lipwright.keyframe_insert(joyful, frame=1)
    refresh.refresh_faces_of(scene, {head.animation_data.action})
    assert woken == [head.name]
    refresh.refresh_stale_lines(scene)
    assert woken == [head.name] * 2
    refresh.refresh_faces_of(scene, {bpy.data.actions.new("of another object")})
    assert woken == [head.name] * 2


def test_a_cold_line_is_heard_by_the_first_slider(moved, scene, head, joyful, part):
    part("line_prediction").forget_models()
    record = part("line_record").face_record(head)
    assert not part("line_prediction").line_is_kept(record)
    scene.frame_set(50)
    before = [block.value for block in head.data.shape_keys.key_blocks]
    setattr(head.lipwright, joyful, 1.0)
    after = [block.value for block in head.data.shape_keys.key_blocks]
    assert np.abs(np.subtract(after, before)).max() > 0.01
    assert part("line_prediction").line_is_kept(record)
