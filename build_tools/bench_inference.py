"""Times inference within one process; `build.py bench` starts it in `.venv` and prints what it returns.

Usage: python -m build_tools.bench_inference LINE_10S.wav LINE_60S.wav
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from inference.blendshape_solve import BlendshapeSolver
from inference.bundled import default_model_path
from inference.emotion import emotion_vector
from inference.face_prediction import FacePredictor
from inference.frame_timing import frame_times
from inference.model_bundle import load_bundle
from inference.pipeline import animate_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.audio_file import AudioClip

FRAME_RATE = 30.0
REPEATS = 5


def median_seconds(action: Callable[[], object]) -> float:
    """Return the median time of an action over REPEATS runs, after one that warms up."""
    action()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def loudness_jaw(path: Path) -> np.ndarray:
    """Open the jaw as loud as each frame is: the least that a program of this kind can do with a file."""
    clip: AudioClip = read_audio(path)
    hop = int(clip.sample_rate / FRAME_RATE)
    frames = clip.samples[: len(clip.samples) // hop * hop].reshape(-1, hop)
    loudness = np.sqrt(np.mean(np.square(frames), axis=1))
    return np.asarray(loudness / max(float(loudness.max()), 1e-9))


def measure(short: Path, long: Path) -> dict[str, float]:
    """Return the figures by name: seconds of computing, and seconds of audio per second of computing."""
    bundle = load_bundle(default_model_path())
    predictor = FacePredictor(bundle)
    figures = {}
    for name, path in (("10 s", short), ("60 s", long)):
        duration = read_audio(path).duration
        taken = median_seconds(lambda path=path: animate_line(predictor, path, FRAME_RATE))  # type: ignore[misc]
        figures[f"{name} line"] = duration / taken
        figures[f"{name} baseline"] = duration / median_seconds(lambda path=path: loudness_jaw(path))  # type: ignore[misc]
    figures.update(_second_emotion(predictor, short))
    return figures


def _second_emotion(predictor: FacePredictor, path: Path) -> dict[str, float]:
    """Time a line from its file with a first emotion, and again from the kept analysis with another."""
    bundle = predictor.bundle
    names = [name for name in bundle.emotion_names if name != "neutral"]
    joy, anger = (emotion_vector(bundle, {name: 0.7}, 1.0) for name in (names[0], names[-1]))
    clip = read_audio(path)
    times = frame_times(clip.duration, FRAME_RATE)
    analysis = predictor.analyse(clip)
    solver = BlendshapeSolver.from_bundle(bundle)

    def again() -> None:
        solver.solve(predictor.coefficients(analysis, times, anger))

    first = median_seconds(lambda: animate_line(predictor, path, FRAME_RATE, emotion=joy))
    return {"first emotion": first, "second emotion": median_seconds(again)}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
