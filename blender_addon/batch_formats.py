"""The formats of a batch that need Blender."""

ENDINGS = {"blend": "blend", "glb": "glb", "fbx": "fbx", "usd": "usdc", "abc": "abc"}
"""Their files' endings, by name."""
CLIPS = tuple(name for name in ENDINGS if name != "blend")
"""Those that hold several lines of one face as clips."""
