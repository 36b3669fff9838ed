"""Speech with phone timings from flite, through its program: four American and Scottish voices."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from training.corpus.phones import Segment, spread
from training.corpus.spoken_line import SpokenLine

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLITE_VOICES = ("rms", "slt", "awb", "kal16")
#: How many times longer than usual the phones of a line may last.
STRETCHES = (0.75, 1.35)


def flite_available() -> bool:
    """Tell whether flite's program is installed."""
    return shutil.which("flite") is not None


def speak_with_flite(text: str, voice: str, rng: np.random.Generator) -> SpokenLine | None:
    """Return a line spoken by flite, with random tempo; None when it fails.

    Args:
        text: What to say; kept to one utterance, whose clock starts at 0.
        voice: A member of `FLITE_VOICES`.
        rng: Source of the tempo.
    """
    text = re.sub(r"[.?!]+(?=\s)", ",", text.strip())
    stretch = f"duration_stretch={rng.uniform(*STRETCHES):.3f}"
    spoken = _run(["flite", "-voice", voice, "--setf", stretch, "-psdur", "-t", text])
    if spoken is None:
        return None
    samples, report = spoken
    segments: list[Segment] = []
    start = 0.0
    for token in report.split():
        name, _, end = token.rpartition(":")
        segments += spread(name, start, float(end))
        start = float(end)
    return SpokenLine(f"flite {voice}", samples, tuple(segments), voice, "flite")


def _run(command: list[str]) -> tuple[NDArray[np.float32], str] | None:
    """Return the sound that the program makes and the line that it prints, if it prints just one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.wav"
        done = subprocess.run([*command, "-o", str(path)], capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        if done.returncode or len(lines) != 1:
            return None
        return np.asarray(read_audio(path).samples, np.float32), lines[0]
