"""Lipwright: a Blender extension that animates faces from dialogue.

In the built extension the ``inference`` package lies inside this folder. In a checkout it lies beside it, so
the repository's root joins this package's own search path: ``from .inference.pipeline import ...`` is right
in both.
Registering imports only what the panel needs; the network's runtime waits until a line is animated.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
if not (_HERE / "inference").is_dir():
    __path__.append(str(_HERE.parent))

from . import (  # noqa: E402 - __path__ must be complete first
    command_line,
    emotion_operators,
    emotion_panels,
    emotion_sliders,
    export_operators,
    follow_changes,
    operators,
    panels,
    preferences,
    preset_operators,
    properties,
)

__all__ = ["cli", "register", "unregister"]

_MODULES = (
    preferences,
    emotion_sliders,
    properties,
    operators,
    emotion_operators,
    preset_operators,
    export_operators,
    panels,
    emotion_panels,
    follow_changes,
    command_line,
)

cli = command_line.cli


def register() -> None:
    """Register every class, property and command. Blender calls this when the extension is enabled."""
    for module in _MODULES:
        module.register()


def unregister() -> None:
    """Undo `register`, in reverse order. Blender calls this when the extension is disabled."""
    for module in reversed(_MODULES):
        module.unregister()
