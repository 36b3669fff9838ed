"""A manner of speaking that nobody was captured in: the teacher's, see `training.teaching.teacher`."""

CAREFUL = "careful speech"
