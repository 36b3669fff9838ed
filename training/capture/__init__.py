"""Captured motion: readers, one file format or corpus layout per module, and how it comes onto our head."""
