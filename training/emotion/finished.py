"""Keeps what the emotion stage learned beside the checkpoint, so that a run that was stopped later goes on.

Read without pickle (`weights_only`), and believed only where it belongs to the very same speech network.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from training.networks.expression import Expression

if TYPE_CHECKING:
    from pathlib import Path

    from training.networks import lipwright
    from training.trainer import TrainedModel

FILE = "emotion.pt"
#: Rises with every change of what the stage learns from or how.
VERSION = 2


def stage_key(trained: TrainedModel) -> str:
    """Return a hash of all that decides on what the emotion stage learns; before it runs."""
    config = trained.config
    asked = (
        f"{VERSION} {config.emotion_steps} {config.performances} {config.seed} {len(trained.prepared.felt)}"
    )
    digest = hashlib.sha256(asked.encode())
    for name, values in sorted(trained.network.state_dict().items()):
        digest.update(name.encode() + np.ascontiguousarray(values.numpy()).tobytes())
    return digest.hexdigest()


def save_stage(folder: Path, key: str, trained: TrainedModel) -> None:
    """Save a model's emotions, whole or not at all.

    Args:
        folder: Of the run.
        key: From `stage_key`, before the stage ran.
        trained: After it.
    """
    network: lipwright.Network = trained.network  # type: ignore[assignment] # the only one that learns emotion
    assert network.expression is not None  # noqa: S101 - it was just learned
    content = {
        "key": key,
        "expression": network.expression.state_dict(),
        "points": {name: torch.tensor(vector) for name, vector in trained.points.items()},
        "latents": torch.tensor(trained.latents),
        "figures": trained.figures,
    }
    part = folder / f"{FILE}.part"
    torch.save(content, part)
    part.replace(folder / FILE)


def load_stage(folder: Path, key: str, trained: TrainedModel) -> TrainedModel | None:
    """Return the model with its saved emotions; None where there are none for it.

    Args:
        folder: Of the run.
        key: From `stage_key`.
        trained: A finished run; its network is changed in place.
    """
    content = _content(folder / FILE)
    if content.get("key") != key:
        return None
    network: lipwright.Network = trained.network  # type: ignore[assignment] # as above
    weights = content["expression"]
    outputs, seen = weights["change.weight"].shape[0], weights["spoken.weight"].shape[1]
    expression = Expression(outputs, seen - outputs)
    expression.load_state_dict(weights)
    network.add_expression(expression.eval())
    points = {name: vector.numpy() for name, vector in content["points"].items()}
    figures = trained.figures | content["figures"]
    return replace(trained, points=points, latents=content["latents"].numpy(), figures=figures)


def _content(path: Path) -> dict[str, Any]:
    """Return what a file holds; nothing where it is damaged: learning anew takes minutes."""
    try:
        content = torch.load(path, weights_only=True)
    except Exception:  # noqa: BLE001 - torch raises what it likes on damaged files
        return {}
    return content if isinstance(content, dict) else {}
