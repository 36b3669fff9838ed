"""Altered copies of sound and of its features, so that a network follows other voices and rooms."""
