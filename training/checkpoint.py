"""A run folder's checkpoint: written whole or not at all, read with a sentence for whatever is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT_NAME = "checkpoint.pt"
FIELDS = ("config", "fingerprint", "step", "seconds", "learner", "average", "optimiser", "rms")


def make_run_folder(folder: Path) -> None:
    """Make a run's folder where it is missing.

    Raises:
        LipwrightError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LipwrightError(
            f"{folder}: cannot be made ({error.strerror}); name another folder with --run"
        ) from error


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the checkpoint beside the old one, then replace that: a kill leaves one of them whole.

    Args:
        folder: The run's folder.
        state: `FIELDS` with their values.

    Raises:
        LipwrightError: No room or no permission; the old checkpoint stays.
    """
    temporary = folder / (CHECKPOINT_NAME + ".part")
    try:
        torch.save(state, temporary)
        temporary.replace(folder / CHECKPOINT_NAME)
    except (OSError, RuntimeError) as error:  # torch tells of a full disk by a RuntimeError
        if temporary.is_file():
            temporary.unlink()
        raise LipwrightError(
            f"{folder / CHECKPOINT_NAME}: cannot be written; free some disk space, or name another folder "
            "with --run"
        ) from error


def load_checkpoint(folder: Path, device: torch.device) -> dict[str, Any]:
    """Read the folder's checkpoint.

    Args:
        folder: The run's folder.
        device: Where its tensors go.

    Raises:
        LipwrightError: It is damaged or no checkpoint of a training run.
    """
    path = folder / CHECKPOINT_NAME
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise unreadable(folder) from error
    if not isinstance(state, dict) or any(name not in state for name in FIELDS):
        raise unreadable(folder)
    return state


def unreadable(folder: Path) -> LipwrightError:
    """Return the error of a checkpoint that cannot be gone on from."""
    return LipwrightError(f"{folder / CHECKPOINT_NAME}: not a readable checkpoint; delete it to start again")
