"""What this extension's own commands are called, for those that run them and those that start them."""

WORKER = "batch-worker"
"""The command of a batch's own processes."""
