"""Tasks and results as one line of JSON each, for workers that are reached through a pipe."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .fingerprint import FileHashes, Stamp
from .line import SceneChoice
from .work import Result, Task

_TASK_PATHS = ("sound", "model", "character", "emotion_track", "folder", "target")


def task_text(task: Task) -> str:
    """Returns a task without line ends, also where a path is no Unicode."""
    return json.dumps(asdict(task), default=str)


def read_task(text: str) -> Task:
    """Returns what `task_text` wrote down."""
    return _task(json.loads(text))


def _task(values: dict[str, Any]) -> Task:
    values["members"] = tuple(_task(member) for member in values["members"])
    values.update({name: _path(values[name]) for name in _TASK_PATHS})
    values["files"] = FileHashes(*values["files"])
    if values["scene"] is not None:
        values["scene"] = SceneChoice(**{**values["scene"], "blend": _path(values["scene"]["blend"])})
    return Task(**values)


def result_text(result: Result) -> str:
    """Returns a result without line ends."""
    return json.dumps(asdict(result), default=str)


def read_result(text: str) -> Result:
    """Returns what `result_text` wrote down."""
    return _result(json.loads(text))


def _result(values: dict[str, Any]) -> Result:
    stamp = values["sound_stamp"]
    values["part"] = _path(values["part"])
    values["sound_stamp"] = None if stamp is None else Stamp(*stamp)
    values["beside"] = tuple(_result(other) for other in values["beside"])
    return Result(**values)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
