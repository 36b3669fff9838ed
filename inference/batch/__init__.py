"""Animates many lines: `python -m inference batch`, with a memory of what is done and a report.

The way of a line: `sources` and `manifest` say what was asked for, `plan` compares it with the `ledger`,
`work` animates it in a process of `run_local` or on a cluster through `run_dask`, `commit` puts the result in
place and remembers it, and `report` shows it. Only one process writes to an output folder's results.
"""
