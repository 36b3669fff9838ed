# ruff: noqa: ARG001 - fixtures are asked for by name
"""Progress and Esc: work in a thread, written only when it is whole."""

import threading
import time
from types import MethodType, SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")


def test_progress_rises_to_the_end(scene, head, line, part):
    seen = []
    part("line_prediction").forget_lines()
    part("generate").generate(scene, head, line, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(set(seen)) > 3


def test_cancelling_changes_nothing(scene, head, line, part):
    asked = []

    def after_a_while():
        asked.append(True)
        return len(asked) > 2

    part("line_prediction").forget_lines()
    with pytest.raises(part("inference.errors").Cancelled):
        part("generate").generate(scene, head, line, cancelled=after_a_while)
    assert head.data.shape_keys.animation_data is None
    assert len(bpy.data.actions) == 0
    assert scene.frame_end == 250


def test_a_job_runs_beside_blender_and_hands_its_result_over(part):
    release = threading.Event()

    def work(progress, _cancelled):
        progress(0.5)
        release.wait(5)
        return "done"

    job = part("background_job").BackgroundJob("line", work)
    job.start()
    assert not job.is_done
    release.set()
    assert job.result() == "done"
    assert job.is_done
    assert job.progress == 0.5


def test_kept_lines_stay_within_their_budget(part):
    kept = part("line_prediction").RecentValues(8, cost=lambda seconds: seconds, budget=100.0)
    made = []

    def ask(seconds):
        return kept.get(seconds, lambda: made.append(seconds) or seconds)

    for seconds in (60.0, 30.0, 60.0, 30.0, 500.0, 500.0, 60.0):
        assert ask(seconds) == seconds
    assert made == [60.0, 30.0, 500.0, 60.0]


def test_a_jobs_error_reaches_who_asks(part):
    def work(_progress, _cancelled):
        raise ValueError("bad")

    job = part("background_job").BackgroundJob("line", work)
    job.start()
    with pytest.raises(ValueError, match="bad"):
        job.result()


class WindowManager:
    """What the operator asks of Blender's, without a window."""

    windows = ()

    def __init__(self):
        self.timers = []

    def event_timer_add(self, _seconds, window):
        self.timers.append(window)
        return window

    def event_timer_remove(self, timer):
        self.timers.remove(timer)

    def modal_handler_add(self, operator):
        pass


class PressedButton:
    """The Generate operator with a window's events fed in by hand."""

    def __init__(self, part):
        self.reports = []
        self.operator = part("operators").LIPWRIGHT_OT_generate
        for name in ("_start", "_end", "_finish", "_apply", "_report"):
            setattr(self, name, MethodType(getattr(self.operator, name), self))
        self.context = SimpleNamespace(
            window_manager=WindowManager(),
            window="window",
            scene=bpy.context.scene,
            view_layer=bpy.context.view_layer,
        )

    def report(self, kinds, text):
        self.reports.append((*kinds, text))

    def event(self, kind):
        return self.operator.modal(self, self.context, SimpleNamespace(type=kind, value="PRESS"))

    def wait(self):
        """Timer events until the operator ends, as a window sends them."""
        until = time.monotonic() + 30
        outcome = self.event("TIMER")
        while outcome == {"PASS_THROUGH"} and time.monotonic() < until:
            time.sleep(0.01)
            outcome = self.event("TIMER")
        return outcome


def test_in_a_window_the_line_arrives_when_the_thread_is_done(scene, head, line, part):
    scene.lipwright.audio_path = str(line)
    button = PressedButton(part)
    assert button._start(button.context) == {"RUNNING_MODAL"}  # noqa: SLF001 - invoke() asks for a window first
    assert part("background_job").running_job() is not None
    assert button.event("MOUSEMOVE") == {"PASS_THROUGH"}  # Blender stays usable
    assert button.wait() == {"FINISHED"}
    assert button.reports[-1] == ("INFO", "New Action 'Zoë says', frames 1 to 100")
    assert head.data.shape_keys.animation_data.action.name == "Zoë says"
    assert button.context.window_manager.timers == []
    assert part("background_job").running_job() is None


def test_esc_in_a_window_changes_nothing(scene, head, line, part):
    part("line_prediction").forget_lines()
    scene.lipwright.audio_path = str(line)
    button = PressedButton(part)
    button._start(button.context)  # noqa: SLF001 - invoke() asks for a window first
    assert button.event("ESC") == {"CANCELLED"}
    assert button.reports == [("INFO", "Cancelled: nothing was changed")]
    assert button.context.window_manager.timers == []
    assert part("background_job").running_job() is None
    assert head.data.shape_keys.animation_data is None
    assert len(bpy.data.actions) == 0


def test_in_a_window_bad_sound_is_reported(scene, head, tmp_path, part):
    (tmp_path / "bad.wav").write_text("no sound at all", encoding="utf-8")
    scene.lipwright.audio_path = str(tmp_path / "bad.wav")
    button = PressedButton(part)
    button._start(button.context)  # noqa: SLF001 - invoke() asks for a window first
    assert button.wait() == {"CANCELLED"}
    assert [kind for kind, _ in button.reports] == ["ERROR"]
    assert "bad.wav" in button.reports[0][1]
    assert len(bpy.data.actions) == 0


def test_a_face_removed_meanwhile_is_named(scene, head, line, part):
    scene.lipwright.audio_path = str(line)
    button = PressedButton(part)
    button._start(button.context)  # noqa: SLF001 - invoke() asks for a window first
    bpy.data.objects.remove(head)
    assert button.wait() == {"CANCELLED"}
    assert "'Lipwright Head' is gone" in button.reports[0][1]
