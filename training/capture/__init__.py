"""Readers of captured motion, one file format or corpus layout per module."""
