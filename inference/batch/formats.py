"""The formats that need no Blender, named without what writes them, so that `--help` starts at once."""

from pathlib import PurePath

LINE_FORMATS = ("csv", "npz", "json")
"""Of a line's own file; the first is the default."""
CHARACTER_FORMATS = ("csv", "json")
"""Of a file with all lines of one character."""
TABLE_FORMATS = ("csv",)
"""Those of them that have a table of the lines beside them."""
TABLE_MARK = ".timecodes"


def table_name(name: str) -> str:
    """Returns what the table beside a character's file is called, in the same folder."""
    path = PurePath(name)
    return str(path.with_name(f"{path.stem}{TABLE_MARK}.csv").as_posix())
