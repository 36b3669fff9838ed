"""The number that says whether results made by another version of this package are still those of today."""

OUTPUT_VERSION = 2
"""Raise it with every change that gives other motion, or other files, for the same sound, model and settings.

Batches redo every line whose result was written under another number. `test_output_version.py` notices a
change that forgot it.
"""
