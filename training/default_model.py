"""Makes the bundled model: capture -> project -> network -> bundle -> figures -> model card.

`python build.py train-default` runs this.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference.bundled import default_head_path, default_model_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from training.capture_import import import_capture
from training.command_train import train_command
from training.config import default_config
from training.evaluation import evaluate
from training.model_card import write_model_card
from training.report import evaluation_table

REPOSITORY = Path(__file__).resolve().parent.parent
CAPTURE_FOLDERS = ("capture/grid_s1", "capture/facegood")
LICENCE = "CC-BY-SA-4.0"
CREDITS = (
    "Trained on the GRID audiovisual sentence corpus, speaker 1 (Cooke, Barker, Cunningham and Shao 2006, "
    "CC BY 4.0; motion tracked from its video), FACEGOOD Audio2Face (copyright FACEGOOD, MIT licence), and "
    "on the Asterisk prompts (Allison Smith, Digium, CC BY-SA 3.0)."
)
#: What the bundled model is trained with; GRID's speaker owns the neutral face.
CONFIG = replace(
    default_config("lipwright"),
    steps=5000,
    learning_rate=1.5e-3,
    weight_decay=0.05,
    ema_decay=0.995,
    variants=1,
    synthetic_minutes=120,
    synthetic_share=0.65,
    other_share=0.05,
    altered_share=0.2,
    synthetic_altered_share=0.4,
    validation_every=500,
    checkpoint_every=250,
)


def data_folder() -> Path:
    """Return the folder of the capture data: `LIPWRIGHT_DATA`, or `../shared/data` beside the repository."""
    return Path(os.environ.get("LIPWRIGHT_DATA", REPOSITORY.parent / "shared" / "data"))


def make_default_model(data: Path, work: Path, device: str, steps: int | None) -> dict[str, Any]:
    """Import, train, export, evaluate, and write the model card.

    Args:
        data: Folder with `capture/grid_s1` and `capture/facegood`.
        work: Project, checkpoint and curves; a stopped run goes on from there.
        device: "cpu" or "cuda".
        steps: Optimiser steps instead of the configuration's.

    Returns:
        The training's figures.

    Raises:
        LipwrightError: Data missing or unusable.
    """
    folders = [data / name for name in CAPTURE_FOLDERS]
    missing = [str(f) for f in folders if not f.is_dir()]
    if missing:
        raise LipwrightError(
            f"{missing[0]}: no capture here; name the data folder with --data or LIPWRIGHT_DATA"
        )
    project = work / "project"
    import_capture(folders, project, load_head(default_head_path()))
    model = default_model_path()
    model.parent.mkdir(parents=True, exist_ok=True)
    config = CONFIG if steps is None else replace(CONFIG, steps=steps)
    figures = train_command(
        project,
        model,
        config=config,
        name="Lipwright default",
        licence=LICENCE,
        credits_line=CREDITS,
        device=device,
        run_folder=work / "run",
    )
    table = evaluation_table(evaluate(model, project, "test"))
    print(table)
    where = "two CPU cores" if device == "cpu" else device
    write_model_card(model.with_name("MODEL_CARD.md"), model, figures, table, where)
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; exit status 0 only when the model and its card were written."""
    parser = argparse.ArgumentParser(prog="python -m training.default_model", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=data_folder(), help="folder of the capture data (%(default)s)"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=REPOSITORY / "build" / "train-default",
        help="where the project, checkpoints and TensorBoard curves go (%(default)s)",
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--steps", type=int, help="optimiser steps, for a quick try")
    options = parser.parse_args(arguments)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        figures = make_default_model(options.data, options.work, options.device, options.steps)
    except (LipwrightError, OSError) as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    print(f"{figures['model']}: {figures['steps']} steps in {figures['seconds']:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
