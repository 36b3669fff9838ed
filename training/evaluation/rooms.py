"""The names of what an evaluation measures, for command lines that have nothing loaded yet."""

ROOMS = ("capture", "left_out", "speech", "engines", "conditions", "voices", "still", "level", "emotion")
