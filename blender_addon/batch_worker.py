"""One process of a batch: reads tasks from a pipe, animates them, and answers, one line of JSON each.

Blender and its exporters print to standard output what they like, so the answers have a mark in front and go
to a copy of it that nobody else knows.
"""

import os
import queue
import sys
import threading
from typing import TextIO

from . import batch_scene
from .batch_formats import CLIPS, ENDINGS
from .inference.batch.formats import CHARACTER_FORMATS
from .inference.batch.task_text import read_task, result_text
from .inference.batch.work import GATHERERS, MAKERS, animate

MARK = "lipwright-batch:"
READY = f"{MARK}ready"


def serve() -> int:
    """Do the tasks that arrive; when the pipe is closed the process ends, in the middle of a line too."""
    MAKERS.update(dict.fromkeys(ENDINGS, batch_scene.make_scene))
    GATHERERS.update(dict.fromkeys(CLIPS, batch_scene.gather))
    GATHERERS.update(dict.fromkeys(CHARACTER_FORMATS, batch_scene.gather_weights))
    answers = _own_output()
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin, tasks), daemon=True).start()
    _say(answers, READY)
    while True:
        result = animate(read_task(tasks.get()))
        _say(answers, MARK + result_text(result))


def _own_output() -> TextIO:
    """Return a stream to where standard output led, which from now on leads to standard error."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _read(stream: TextIO, tasks: "queue.SimpleQueue[str]") -> None:
    for line in stream:
        tasks.put(line)
    batch_scene.forget_scenes()
    os._exit(0)  # the batch has ended, or was killed: nobody waits for what is being done


def _say(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()
