"""`build.py train-default`: the training environment, then the training package's own program."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from build_tools import environments
from build_tools.console import run
from build_tools.kokoro_voices import ensure_kokoro_voices
from build_tools.paths import ROOT
from build_tools.system_parts import VOICES, require_parts

if TYPE_CHECKING:
    from collections.abc import Sequence


def train_default_model(arguments: Sequence[str]) -> int:
    """Train the bundled model and return the exit status; the arguments go on as they are.

    Raises:
        BuildError: where voices that the model learns from are missing or cannot be fetched.
    """
    require_parts(VOICES)
    if hears_kokoro(arguments):
        ensure_kokoro_voices()
    python = environments.ensure(environments.DEV)
    return run([python, "-m", "training.default_model", *arguments], cwd=ROOT)


def hears_kokoro(arguments: Sequence[str]) -> bool:
    """Return whether training with these arguments needs Kokoro's voices; it does unless told."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--kokoro-minutes", type=float, default=1.0)
    parser.add_argument("--help", "-h", action="store_true")
    asked, _ = parser.parse_known_args(arguments)
    return asked.kokoro_minutes > 0 and not asked.help
