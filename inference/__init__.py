"""Turns recorded speech into face motion: sound file in, shape-key weights and vertex offsets out.

Importing this package loads nothing heavy: NumPy, soundfile and onnxruntime wait until they are used.
"""
