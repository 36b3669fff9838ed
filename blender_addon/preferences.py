"""The extension's preferences."""

import os

import bpy


class LipwrightPreferences(bpy.types.AddonPreferences):
    """Settings that belong to the machine and not to the scene."""

    bl_idname = __package__

    threads: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Threads",
        description="Processor threads that a generation may use; 0 leaves the choice to Lipwright",
        default=0,
        min=0,
        soft_max=os.cpu_count() or 8,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Show the settings in Blender's preferences window."""
        self.layout.use_property_split = True
        self.layout.prop(self, "threads")


def thread_count() -> int | None:
    """Threads for the network, or None to let it choose."""
    addon = bpy.context.preferences.addons.get(__package__)
    threads = addon.preferences.threads if addon is not None and addon.preferences is not None else 0
    return threads or None


def register() -> None:
    """Register the preferences."""
    bpy.utils.register_class(LipwrightPreferences)


def unregister() -> None:
    """Remove the preferences."""
    bpy.utils.unregister_class(LipwrightPreferences)
