"""Emotion: what the face does when something is felt, learned on top of a network that can speak."""
