"""Sounds, the tiny model and the shared data that these tests use."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile

from inference.__main__ import main
from inference.audio_file import AudioClip
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle

TINY_MODEL = Path(__file__).parent / "fixtures" / "tiny.lipmodel"


def speech_like(seconds: float, sample_rate: int = 16_000, seed: int = 0) -> np.ndarray:
    """Voiced bursts three times a second over faint noise, with half a second of quiet in front."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    loudness = np.clip(np.sin(2 * np.pi * 3 * t), 0, None) * (t > 0.5)
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    noise = np.random.default_rng(seed).standard_normal(len(t)) * 1e-4
    return (0.1 * loudness * buzz + noise).astype(np.float32)


@pytest.fixture
def make_speech():
    return speech_like


@pytest.fixture
def clip():
    return AudioClip.from_samples(speech_like(4.0), name="speech")


@pytest.fixture(scope="session")
def tiny_model_path():
    return TINY_MODEL


@pytest.fixture(scope="session")
def bundle():
    return load_bundle(TINY_MODEL)


@pytest.fixture(scope="session")
def predictor(bundle):
    return FacePredictor(bundle, threads=1)


@pytest.fixture(scope="session")
def data():
    folder = Path(os.environ.get("LIPWRIGHT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}")
    return folder


@pytest.fixture
def lines(tmp_path):
    """A folder with four short lines, 1 s each."""
    folder = tmp_path / "lines"
    folder.mkdir()
    for number in range(4):
        soundfile.write(folder / f"line{number}.wav", speech_like(1.0, seed=number), 16_000)
    return folder


@pytest.fixture
def batch(tmp_path, capfd):
    """Runs a batch in this process and returns its code, its report and what it printed as errors."""

    def call(*arguments, output=tmp_path / "out", workers=1, model=TINY_MODEL):
        options = ["-o", output, "--model", model, "--workers", workers, "--pictures", 0]
        code = main(["batch", *map(str, options), "--quiet", "--json", *map(str, arguments)])
        captured = capfd.readouterr()
        report = json.loads(captured.out) if captured.out.startswith("{") else {}
        return BatchAnswer(code, report, captured.err)

    return call


class BatchAnswer(NamedTuple):
    code: int
    report: dict
    err: str

    @property
    def states(self) -> dict[str, str]:
        """What became of each line, by id."""
        return {line["id"]: line["state"] for line in self.report["lines"]}

    @property
    def errors(self) -> dict[str, str]:
        return {line["id"]: line["error"] for line in self.report["lines"] if "error" in line}
