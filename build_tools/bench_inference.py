"""Times inference within one process; `build.py bench` starts it in `.venv` and prints what it returns.

Usage: python -m build_tools.bench_inference LINE_10S.wav LINE_60S.wav
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from inference.bundled import default_model_path
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle
from inference.pipeline import animate_line, model_solver

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.audio_file import AudioClip
    from inference.blendshape_solve import BlendshapeSolver

FRAME_RATE = 30.0
REPEATS = 9


def best_seconds(action: Callable[[], object]) -> float:
    """Return the shortest time of an action over REPEATS runs: the least disturbed one."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def loudness_jaw(path: Path) -> np.ndarray:
    """Open the jaw as loud as each frame is: the least that a program of this kind can do with a file."""
    clip: AudioClip = read_audio(path)
    hop = int(clip.sample_rate / FRAME_RATE)
    frames = clip.samples[: len(clip.samples) // hop * hop].reshape(-1, hop)
    loudness = np.sqrt(np.mean(np.square(frames), axis=1))
    return np.asarray(loudness / max(float(loudness.max()), 1e-9))


def measure(short: Path, long: Path) -> dict[str, float]:
    """Return the figures by name: seconds of computing, and seconds of audio per second of computing."""
    predictor = FacePredictor(load_bundle(default_model_path()))
    solver = model_solver(predictor.bundle)
    figures = {}
    for name, path in (("10 s", short), ("60 s", long)):
        duration = read_audio(path).duration
        ours = best_seconds(partial(animate_line, predictor, path, FRAME_RATE, solver=solver))
        figures[f"{name} line"] = duration / ours
        figures[f"{name} baseline"] = duration / best_seconds(partial(loudness_jaw, path))
    figures.update(_second_emotion(predictor, solver, short))
    return figures


def _second_emotion(predictor: FacePredictor, solver: BlendshapeSolver, path: Path) -> dict[str, float]:
    """Time a line from its file with one emotion, and again with another from what the first kept."""
    names = [name for name in predictor.bundle.emotion_names if name != "neutral"]
    one, other = {names[0]: 0.7}, {names[-1]: 0.7}
    kept = animate_line(predictor, path, FRAME_RATE, one).analysis
    first = partial(animate_line, predictor, path, FRAME_RATE, one, solver=solver)
    second = partial(animate_line, predictor, path, FRAME_RATE, other, solver=solver, analysis=kept)
    return {"first emotion": best_seconds(first), "second emotion": best_seconds(second)}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
