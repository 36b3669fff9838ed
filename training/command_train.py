"""What `python -m training train` does: a project in, a model bundle out."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inference.errors import LipwrightError
from training.config import TrainingConfig, default_config
from training.emotion.stage import with_emotion
from training.export.bundle import BundleLabel, export_bundle
from training.hearing.stage import add_hearing
from training.networks import NETWORKS
from training.trainer import train_project

#: Seeds above would overflow the seed of a single step, which is made of it and the step's number.
LARGEST_SEED = 2**31 - 1

if TYPE_CHECKING:
    from pathlib import Path


def train_command(
    project: Path,
    output: Path,
    *,
    config: TrainingConfig | None = None,
    network: str = "lipwright",
    name: str | None = None,
    licence: str = "unspecified",
    credits_line: str = "",
    device: str = "cpu",
    steps: int | None = None,
    seed: int | None = None,
    feature_kind: str | None = None,
    run_folder: Path | None = None,
) -> dict[str, Any]:
    """Train on a project and write the bundle.

    Args:
        project: What `python -m training import` wrote.
        output: The `.lipmodel` to write.
        config: Training configuration; the network's defaults when left out.
        network: A name in `training.networks.NETWORKS`; a given configuration has its own.
        name: Name of the model; the output's stem when left out.
        licence: Licence of the model.
        credits_line: Whose capture it is.
        device: "cpu" or "cuda".
        steps: Optimiser steps instead of the configuration's.
        seed: Seed instead of the configuration's.
        feature_kind: "log_mel" or "autocorrelation" instead of the configuration's.
        run_folder: Checkpoint and TensorBoard curves; `PROJECT/runs/OUTPUT-STEM` when left out. The same
            command goes on from there after being stopped.

    Returns:
        Steps, seconds, validation figures, and the largest difference of the exported graphs in metres.

    Raises:
        LipwrightError: Unknown network or device, no usable takes, or an output that cannot be written.
    """
    config = config or default_config(network)
    changes: dict[str, Any] = {"steps": steps, "seed": seed, "feature_kind": feature_kind}
    config = replace(config, **{k: v for k, v in changes.items() if v is not None})
    check_request(config, output, device)
    run_folder = run_folder or project / "runs" / output.stem
    trained = with_emotion(train_project(project, config, run_folder, device), run_folder)
    label = BundleLabel(name or output.stem, licence, credits_line)
    difference = export_bundle(trained, output, label)
    heard = {"hearing": add_hearing(output, project, config)} if config.heard_utterances else {}
    return {**trained.figures, **heard, "parity_m": difference, "model": str(output)}


def check_request(config: TrainingConfig, output: Path, device: str) -> None:
    """Refuse what would fail only after minutes of training.

    Raises:
        LipwrightError: Unknown network, unusable steps, seed or device, or an output that cannot be written.
    """
    if config.network not in NETWORKS:
        known = ", ".join(sorted(NETWORKS))
        raise LipwrightError(f"there is no network called '{config.network}'; choose {known}")
    if config.steps < 1:
        raise LipwrightError(f"{config.steps} steps train nothing; give at least 1")
    if not 0 <= config.seed <= LARGEST_SEED:
        raise LipwrightError(f"{config.seed} is no usable seed; give one from 0 to {LARGEST_SEED}")
    _check_device(device)
    _check_output(output)


def _check_device(device: str) -> None:
    import torch  # noqa: PLC0415 - kept out of the import time of `--help`

    kind, _, number = device.partition(":")
    if kind not in {"cpu", "cuda"} or (number and not number.isdecimal()):
        raise LipwrightError(f"there is no device called '{device}'; use --device cpu or --device cuda")
    found = torch.cuda.device_count() if kind == "cuda" else 1
    if not found:
        raise LipwrightError("PyTorch finds no CUDA device here; use --device cpu")
    if int(number or 0) >= found:
        raise LipwrightError(f"there is no device '{device}', the last one is {kind}:{found - 1}")


def _check_output(output: Path) -> None:
    if output.suffix != ".lipmodel":
        raise LipwrightError(f"{output}: a model's name must end in .lipmodel")
    if output.is_dir():
        raise LipwrightError(f"{output}: is a folder; name a file to write")
    if not output.parent.is_dir():
        raise LipwrightError(f"{output}: the folder {output.parent} does not exist; make it first")
    try:
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise LipwrightError(
            f"{output}: the folder {output.parent} cannot be written ({error.strerror}); name another one"
        ) from error
