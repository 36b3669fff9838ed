"""The names of what an evaluation measures, for command lines that have nothing loaded yet."""

ROOMS = ("capture", "left_out", "speech", "engines", "conditions", "voices", "still", "level", "emotion")
ON_REQUEST = ("choosing",)
"""Rooms that are visited only when named: no test, but what settings are chosen with."""
