"""Rhubarb Lip Sync beside ours: its mouth shapes as a lip gap that switches.

Rhubarb (Daniel Wolf, https://github.com/DanielSWolf/rhubarb-lip-sync) is run where it is on the PATH.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from inference.audio_file import AudioClip, read_audio
from inference.errors import LipwrightError
from training.evaluation.motion import Motion
from training.evaluation.systems import line_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.project import Take

NAME = "rhubarb"
SHAPE_GAPS = {"A": 0.0, "B": 0.2, "C": 0.6, "D": 1.0, "E": 0.5, "F": 0.3, "G": 0.2, "H": 0.5, "X": 0.0}
"""Lip gap of each mouth shape, as a share of the widest: A (p b m) and X (rest) are closed."""
_TIME_LIMIT_S = 600


def rhubarb_available() -> bool:
    """Whether a `rhubarb` program is on the PATH."""
    return shutil.which(NAME) is not None


class RhubarbSystem:
    """Rhubarb's lip gap; it has no face, so nothing else can be measured."""

    def __init__(self) -> None:
        """Start without any line heard."""
        self._heard: dict[Path, list[tuple[float, str]]] = {}

    def on_take(self, take: Take) -> Motion:
        """Its lip gap at the frame times of a captured take."""
        return _motion(self._shapes(read_audio(take.audio_path)), take.times)

    def on_line(self, clip: AudioClip) -> Motion:
        """Its lip gap over a line."""
        return _motion(self._shapes(clip), line_times(clip))

    def _shapes(self, clip: AudioClip) -> list[tuple[float, str]]:
        if clip.path not in self._heard:
            self._heard[clip.path] = mouth_shapes(clip)
        return self._heard[clip.path]


def mouth_shapes(clip: AudioClip) -> list[tuple[float, str]]:
    """Run Rhubarb on a line.

    Returns:
        Start in seconds and letter of every mouth shape, in order.

    Raises:
        LipwrightError: The program fails, or answers with something else.
    """
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "line.wav"
        soundfile.write(sound, np.clip(clip.samples, -1.0, 1.0), clip.sample_rate, subtype="PCM_16")
        command = [NAME, "--quiet", "--exportFormat", "json", str(sound)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_TIME_LIMIT_S)
            cues = json.loads(done.stdout)["mouthCues"]
            return [(float(cue["start"]), str(cue["value"])) for cue in cues if cue["value"] in SHAPE_GAPS]
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
            raise LipwrightError(
                f"{clip.path}: rhubarb cannot read it ({error}); mend or remove the rhubarb on the PATH"
            ) from error


def _motion(shapes: list[tuple[float, str]], times: NDArray[np.floating]) -> Motion:
    curves = np.full((len(times), 3), np.nan)
    starts = np.array([start for start, _ in shapes])
    gaps = np.array([0.0, *(SHAPE_GAPS[letter] for _, letter in shapes)])
    curves[:, 0] = gaps[np.searchsorted(starts, times, side="right")]
    return Motion(curves=curves)
