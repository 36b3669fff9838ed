# ruff: noqa: N801, RUF012 - Blender demands class names such as CATEGORY_OT_name and plain class attributes
"""What the panel's buttons do: each checks, calls and reports; the work is in the modules they call."""

from typing import TYPE_CHECKING, Any

import bpy

from . import background_job, sample_head
from .background_job import BackgroundJob
from .choices import check_choices
from .inference.errors import LipwrightError
from .reports import BAD_INPUT, sentence

if TYPE_CHECKING:
    from .generate import GenerateResult
    from .line_job import LineJob
    from .line_prediction import PredictedLine

_TICK = 0.05
"""Seconds between two looks at the running job: redraws stay cheap and Esc feels immediate."""


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


class LIPWRIGHT_OT_add_sample_head(bpy.types.Operator):
    """Add Lipwright's head with its 52 ARKit shape keys."""

    bl_idname = "lipwright.add_sample_head"
    bl_label = "Add Sample Head"
    bl_description = "Add Lipwright's head with its 52 ARKit shape keys"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Adding objects needs Object Mode."""
        if context.mode == "OBJECT":
            return True
        cls.poll_message_set("Leave the current mode: a head can be added in Object Mode")
        return False

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the head at the 3D cursor and select it."""
        try:
            obj = sample_head.add_sample_head(context.collection)
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        obj.location = context.scene.cursor.location
        for other in context.view_layer.objects.selected[:]:
            other.select_set(state=False)
        obj.select_set(state=True)
        context.view_layer.objects.active = obj
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Add the head and bring it into view: it is 25 cm high, in a view made for metres."""
        result = self.execute(context)
        in_view = context.area is not None and context.area.type == "VIEW_3D"
        region = (
            next((region for region in context.area.regions if region.type == "WINDOW"), None)
            if in_view
            else None
        )
        if "FINISHED" in result and region is not None:
            with context.temp_override(region=region):
                bpy.ops.view3d.view_axis(type="FRONT")
                bpy.ops.view3d.view_selected()
        return result


class LIPWRIGHT_OT_generate(bpy.types.Operator):
    """Animate the selected face from the line: one Action with curves, the sound under it."""

    bl_idname = "lipwright.generate"
    bl_label = "Generate Lip Animation"
    bl_description = "Animate the selected face from the line: one Action with curves, the sound under it"
    bl_options = {"REGISTER", "UNDO"}

    _line_job: Any = None  # a LineJob; Blender reads these annotations and knows no such name
    _thread: Any = None  # a BackgroundJob
    _timer: Any = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say in the button's tooltip why it is greyed out."""
        if background_job.running_job() is not None:
            cls.poll_message_set("A line is being generated: wait, or press Esc")
            return False
        try:
            check_choices(context)
        except LipwrightError as error:
            reason = str(error)
            cls.poll_message_set(reason[:1].upper() + reason[1:])
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Generate at once, without progress: from a script, or in Blender without a window."""
        from .line_job import line_job  # noqa: PLC0415 - loads the network's runtime when first used
        from .line_prediction import predict_line  # noqa: PLC0415 - likewise

        try:
            job = line_job(context)
            return self._apply(job, predict_line(job.request))
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Predict in a thread while the window stays alive, then write the curves."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        return self._start(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Watch the thread; Esc, or the panel's button, stops it."""
        if event.type == "ESC" and event.value == "PRESS":
            self._thread.cancel()
        if self._thread.is_cancelled:  # the thread stops at its next chance; nobody has to wait for it
            self._end(context)
            self.report({"INFO"}, "Cancelled: nothing was changed")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        _redraw(context)
        if not self._thread.is_done:
            return {"PASS_THROUGH"}
        self._end(context)
        return self._finish()

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator itself, e.g. when another file is opened."""
        if self._thread is not None:
            self._thread.cancel()
        self._end(context)

    def _start(self, context: bpy.types.Context) -> set[str]:
        from .line_job import line_job  # noqa: PLC0415 - loads the network's runtime when first used
        from .line_prediction import predict_line  # noqa: PLC0415 - likewise

        try:
            job = line_job(context)
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        self._line_job = job
        self._thread = BackgroundJob(
            job.request.audio_path.name,
            lambda progress, cancelled: predict_line(job.request, progress, cancelled),
        )
        background_job.set_running_job(self._thread)
        self._thread.start()
        self._timer = context.window_manager.event_timer_add(_TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def _end(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        background_job.set_running_job(None)
        _redraw(context)

    def _finish(self) -> set[str]:
        try:
            return self._apply(self._line_job, self._thread.result())
        except BAD_INPUT as error:
            self.report({"ERROR"}, sentence(error))
        return {"CANCELLED"}

    def _apply(self, job: "LineJob", line: "PredictedLine") -> set[str]:
        from .generate import apply_line  # noqa: PLC0415 - loads the network's runtime when first used
        from .refresh import refresh_soon  # noqa: PLC0415 - likewise

        scene, obj = bpy.data.scenes.get(job.scene_name), bpy.data.objects.get(job.object_name)
        if scene is None or obj is None:
            raise LipwrightError(f"'{job.object_name}' is gone: it was removed while the line was generated")
        self._report(apply_line(scene, obj, job.request, line, job.changes))
        refresh_soon(scene, obj)  # sliders may have moved meanwhile
        return {"FINISHED"}

    def _report(self, result: "GenerateResult") -> None:
        for warning in result.warnings:
            self.report({"WARNING"}, warning)
        frames = f"frames {result.first_frame} to {result.last_frame}"
        self.report(
            {"INFO"}, f"{'New' if result.is_new else 'Updated'} Action '{result.action.name}', {frames}"
        )


class LIPWRIGHT_OT_cancel(bpy.types.Operator):
    """Stop the running generation; nothing is changed."""

    bl_idname = "lipwright.cancel"
    bl_label = "Cancel"
    bl_description = "Stop the running generation; nothing is changed"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the job to stop."""
        job = background_job.running_job()
        if job is not None:
            job.cancel()
        return {"FINISHED"}


_CLASSES = (
    LIPWRIGHT_OT_add_sample_head,
    LIPWRIGHT_OT_generate,
    LIPWRIGHT_OT_cancel,
)


def register() -> None:
    """Register the operators."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Stop a running job and remove the operators."""
    job = background_job.running_job()
    if job is not None:
        job.cancel()
        background_job.set_running_job(None)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
