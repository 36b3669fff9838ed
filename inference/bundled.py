"""Finds the files that ship with Lipwright, in a checkout as well as in the installed extension."""

from pathlib import Path

_ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""`inference/` and `assets/` are neighbours in the repository and in the staged extension alike."""


def default_model_path() -> Path:
    """Returns where the bundled model lies (`assets/models/lipwright-default.lipmodel`)."""
    return _ASSETS / "models" / "lipwright-default.lipmodel"


def default_head_path() -> Path:
    """Returns where the bundled head lies (`assets/head/head.npz`)."""
    return _ASSETS / "head" / "head.npz"


def sample_line_paths() -> list[Path]:
    """Returns the bundled sample lines, sorted by name."""
    return sorted((_ASSETS / "lines").glob("*.wav"))
