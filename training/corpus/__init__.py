"""Speech with known phones: synthesised in many voices and languages, or recorded and aligned."""
