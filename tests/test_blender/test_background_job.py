"""Progress and Esc: work in a thread, written only when it is whole."""

import threading

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


def test_a_jobs_error_reaches_who_asks(part):
    def work(_progress, _cancelled):
        raise ValueError("bad")

    job = part("background_job").BackgroundJob("line", work)
    job.start()
    with pytest.raises(ValueError, match="bad"):
        job.result()


class Window:
    """What the operator asks of a window manager, without a window."""

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


def press_esc_while_running(part, context_class, operator, job):
    """Drive the operator's own modal loop as a window would."""
    window = Window()
    context = context_class(window_manager=window)
    operator._thread = job  # noqa: SLF001 - what invoke() sets
    operator._timer = window.event_timer_add(0.05, window="window")  # noqa: SLF001
    part("background_job").set_running_job(job)
    job.start()
    outcomes = [
        part("operators").LIPWRIGHT_OT_generate.modal(
            operator, context, context_class(type="ESC", value="PRESS")
        )
    ]
    while outcomes[-1] in ({"RUNNING_MODAL"}, {"PASS_THROUGH"}):
        outcomes.append(
            part("operators").LIPWRIGHT_OT_generate.modal(
                operator, context, context_class(type="TIMER", value="NOTHING")
            )
        )
    return outcomes[-1], window


def test_esc_ends_the_modal_operator_with_nothing_changed(head, part):
    from types import MethodType, SimpleNamespace  # noqa: PLC0415 - this test's stand-ins only

    cancelled_error = part("inference.errors").Cancelled

    def work(_progress, cancelled):
        while not cancelled():
            pass
        raise cancelled_error

    reports = []
    operator = SimpleNamespace(report=lambda kinds, text: reports.append((kinds, text)))
    for name in ("_end", "_finish", "_apply", "_report"):
        setattr(operator, name, MethodType(getattr(part("operators").LIPWRIGHT_OT_generate, name), operator))
    job = part("background_job").BackgroundJob("line", work)
    outcome, window = press_esc_while_running(part, SimpleNamespace, operator, job)
    assert outcome == {"CANCELLED"}
    assert reports == [({"INFO"}, "Cancelled: nothing was changed")]
    assert window.timers == []
    assert part("background_job").running_job() is None
    assert head.data.shape_keys.animation_data is None
