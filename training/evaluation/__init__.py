"""Measures models beside their baselines, and reports what was found. No torch.

`evaluate` is loaded when it is first asked for, so that the command line's help appears at once.
"""

from typing import Any

__all__ = ["evaluate"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load `evaluate` when it is first used."""
    if name == "evaluate":
        from training.evaluation.suite import evaluate  # noqa: PLC0415 - see above

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
