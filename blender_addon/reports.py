"""What went wrong, as the one sentence that Blender's report shows."""

from .inference.errors import LipwrightError

BAD_INPUT = (LipwrightError, OSError, MemoryError, ImportError)
"""What a file or a machine may do to us; anything else is a fault of ours and shows its traceback."""


def sentence(error: BaseException) -> str:
    """One line for Blender's report, which shows the first line only."""
    text = " ".join(str(error).split())
    if isinstance(error, ImportError):
        return f"a part of Lipwright cannot be loaded ({text}): install the zip for this Blender and system"
    return text or f"out of memory ({type(error).__name__}): close other files, or choose a shorter line"
