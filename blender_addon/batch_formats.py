"""The formats of a batch that need Blender."""

ENDINGS = {"blend": "blend", "glb": "glb", "fbx": "fbx", "usd": "usdc", "abc": "abc"}
"""Their files' endings, by name."""
