"""Systems and lines brought together: who says what, each heard once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from training.evaluation.line_sets import line_set
from training.evaluation.systems import line_times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from inference.head_mesh import HeadMesh
    from training.evaluation.articulation import Line as Spoken
    from training.evaluation.line_sets import Line
    from training.evaluation.motion import Motion
    from training.evaluation.systems import System, Systems
    from training.project import Project, Take


class Stage:
    """What an evaluation has to work with.

    Attributes:
        head: The head that all of them move.
        systems: All that is measured.
        project: The capture, or None.
        data: Folder of the shared data.
        left_out: Models by what their training data left out, by the name of a speaker or an engine.
        split: Which captured takes are measured.
    """

    def __init__(
        self,
        head: HeadMesh,
        systems: Systems,
        project: Project | None,
        *,
        data: Path,
        left_out: Mapping[str, System] | None = None,
        split: str = "test",
        read_set: Callable[[str, Path], list[Line]] = line_set,
    ) -> None:
        """Set up; nothing is heard yet.

        Args:
            head: The head that all of them move.
            systems: All that is measured.
            project: The capture, or None.
            data: Folder of the shared data.
            left_out: Models by what their training data left out.
            split: Which captured takes are measured.
            read_set: Reads a test set by name.
        """
        self.head = head
        self.systems = systems
        self.project = project
        self.data = data
        self.left_out = dict(left_out or {})
        self.split = split
        self._read_set = read_set
        self._sets: dict[str, list[Line] | LipwrightError] = {}
        self._heard: dict[tuple[str, str], Motion] = {}

    def lines(self, name: str) -> list[Line]:
        """The lines of a test set.

        Raises:
            LipwrightError: It is not on this machine.
        """
        if name not in self._sets:
            try:
                self._sets[name] = self._read_set(name, self.data)
            except LipwrightError as error:
                self._sets[name] = error
        found = self._sets[name]
        if isinstance(found, LipwrightError):
            raise found
        return found

    def lines_at_hand(self, names: Sequence[str]) -> dict[str, list[Line]]:
        """Those of some test sets that have been read already, and were there."""
        found = {name: self._sets.get(name) for name in names}
        return {name: lines for name, lines in found.items() if isinstance(lines, list)}

    def all_lines(self, names: Sequence[str]) -> list[Line]:
        """The lines of those of several sets that are on this machine.

        Raises:
            LipwrightError: None of them is.
        """
        found, problem = [], None
        for name in names:
            try:
                found += self.lines(name)
            except LipwrightError as error:
                problem = error
        if not found and problem is not None:
            raise problem
        return found

    def takes(self, speaker: str | None = None) -> list[Take]:
        """The captured takes that are measured, of one speaker or of all."""
        takes = () if self.project is None else self.project.split(self.split)
        return [take for take in takes if speaker in (None, take.speaker)]

    def hear(self, name: str, system: System, line: Line) -> Motion:
        """A system's motion for a clean line, kept."""
        key = (name, line.name)
        if key not in self._heard:
            self._heard[key] = system.on_line(line.clip)
        return self._heard[key]

    def spoken(self, name: str, system: System, lines: Sequence[Line]) -> list[Spoken]:
        """A system's motion for clean lines, with times and phones."""
        return [(self.hear(name, system, line), line_times(line.clip), line.phones) for line in lines]
