"""What the second ear for contact learns from: how a speech recogniser judges sound."""
