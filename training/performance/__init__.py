"""Neutral capture performed in ten emotions: faces, timing, articulation, and the sound that goes with it."""
