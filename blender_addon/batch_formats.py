"""The formats of a batch that need Blender."""

ENDINGS = {"blend": "blend"}
"""Their files' endings, by name."""
