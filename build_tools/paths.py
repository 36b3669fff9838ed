"""Where things lie in the repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
BUILD = ROOT / "build"  # caches and reports: may be deleted at any time
DIST = ROOT / "dist"  # the extension's zips
DEFAULT_MODEL = ROOT / "assets" / "models" / "lipwright-default.lipmodel"
HEAD = ROOT / "assets" / "head" / "head.npz"
SAMPLE_LINES = ROOT / "assets" / "lines"


def shown(path: Path) -> str:
    """Return the path as a reader would type it: relative to the current folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
