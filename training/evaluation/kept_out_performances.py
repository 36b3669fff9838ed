"""Takes that never train, performed in emotions with a seed that no training uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.dataset import read_motion, rest_pose
from training.mouth.lip_contact import lip_lines
from training.mouth.teeth_contact import teeth_contact
from training.performance.casting import perform_capture
from training.performance.shape_layer import performing_face
from training.teaching.teacher import finer, in_contact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.head_mesh import HeadMesh
    from training.performance.perform import Performed
    from training.project import Project, Take


def kept_out_performances(
    project: Project, head: HeadMesh, takes: Sequence[Take], per_take: int, seed: int
) -> list[Performed]:
    """Return performances of takes of one project.

    Args:
        project: The capture.
        head: The head that it moves.
        takes: With phones.
        per_take: Performances of each.
        seed: Same seed, same performances.
    """
    trained = [read_motion(t, "main") for t in project.split("train") if t.speaker == takes[0].speaker]
    lips, teeth = lip_lines(head, project.basis), teeth_contact(head, project.basis)
    face = performing_face(head, project.basis, lips, teeth, rest_pose(trained, takes[0].speaker))
    motions = [in_contact(finer(read_motion(take, "main")), face) for take in takes]
    return perform_capture(motions, face, per_line=per_take, seed=seed)
