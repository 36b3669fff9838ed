"""A made-up actor whose jaw follows the loudness and whose mouth corners follow the pitch."""

import ctypes.util
import json

import numpy as np
import pytest
import soundfile

from inference.bundled import default_head_path
from inference.head_mesh import load_head
from training.capture.motion_basis import MotionBasis
from training.config import TrainingConfig
from training.corpus.espeak import Espeak

SAMPLE_RATE = 16000
SHAPES = ("jawOpen", "mouthStretchLeft", "mouthPucker")


@pytest.fixture(scope="session")
def head():
    return load_head(default_head_path())


@pytest.fixture(scope="session")
def basis(head):
    return MotionBasis(head.shape_deltas)


@pytest.fixture(scope="module")
def espeak():
    if ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    return Espeak()


def made_up_take(rng, seconds=3.0, frame_rate=25.0):
    """Return sound and weights [T, 3]: syllables of a buzz whose pitch and level jump."""
    count = int(seconds * SAMPLE_RATE)
    t = np.arange(count) / SAMPLE_RATE
    syllables = int(seconds * 4)
    knots = np.linspace(0, seconds, syllables)
    level = np.clip(np.interp(t, knots, rng.uniform(-0.4, 1, syllables)), 0, None)
    pitch = np.interp(t, knots, rng.uniform(100, 240, syllables))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    sound = level * sum(np.sin(k * phase) / k for k in range(1, 12)) * 0.1
    frames = (np.arange(int(seconds * frame_rate)) + 0.5) / frame_rate
    weights = np.zeros((len(frames), len(SHAPES)))
    weights[:, 0] = np.interp(frames, t, level) * 0.6
    weights[:, 1] = np.interp(frames, t, pitch * (level > 0)) / 240 * 0.4
    return (sound + 1e-4 * rng.standard_normal(count)).astype(np.float32), weights


@pytest.fixture(scope="session")
def small_project(tmp_path_factory):
    """Write a project of eight takes, as `training/project.py` reads it."""
    folder = tmp_path_factory.mktemp("small project")
    head = load_head(default_head_path())
    rows = [head.shape_names.index(name) for name in SHAPES]
    deltas = head.shape_deltas[rows].reshape(len(rows), -1).astype(np.float64)
    q = np.linalg.svd(deltas, full_matrices=False)[2]
    np.savez(folder / "motion_basis.npz", basis=q.reshape(len(rows), -1, 3).astype(np.float32))
    (folder / "takes").mkdir()
    (folder / "audio").mkdir()
    rng = np.random.default_rng(5)
    entries = []
    for index, split in enumerate(["train"] * 6 + ["validation", "test"]):
        name = f"take{index}"
        sound, weights = made_up_take(rng)
        soundfile.write(folder / "audio" / f"{name}.wav", sound, SAMPLE_RATE)
        full = np.zeros((len(weights), 52), np.float32)
        full[:, rows] = weights
        np.savez(
            folder / "takes" / f"{name}.npz",
            coefficients=(weights @ (deltas @ q.T)).astype(np.float32),
            weights=full,
            valid=np.ones(len(weights), bool),
            curves=np.full((len(weights), 3), np.nan, np.float32),
            head_rotation=np.zeros((len(weights), 3), np.float32),
            curve_names=np.array(["lip_gap", "mouth_width", "chin_drop"]),
        )
        entries.append(
            {
                "name": name,
                "audio": f"audio/{name}.wav",
                "split": split,
                "speaker": "made up" if index != 5 else "another",
                "source": "weights",
                "frame_rate": 25.0,
                "offset_s": 0.02,
                "emotion": "neutral",
            }
        )
    document = {"format_version": 1, "head_id": head.head_id, "head_hash": head.hash, "takes": entries}
    (folder / "project.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="session")
def small_config():
    """Return settings that train in seconds."""
    return TrainingConfig(
        steps=60,
        batch_size=4,
        chunk_outputs=24,
        variants=1,
        validation_every=1000,
        checkpoint_every=10,
        ema_decay=0.9,
        mask_share=0.0,
    )
