"""Performed utterances kept in a folder: to learn from them again takes seconds, and not half an hour."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inference.atomic_file import atomic_path
from inference.npz_file import npz_bytes, read_npz
from inference.prosody import MEASURES
from training.hearing.performed_speech import HeardLine, heard_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.hearing.performed_speech import Voice

#: Count up when utterances or measures change.
VERSION = 1
#: Utterances that are made and kept together.
BLOCK = 250
_LARGEST = 1 << 30


def kept_lines(
    voices: Sequence[Voice], count: int, seed: int, folder: Path, workers: int = 1
) -> list[HeardLine]:
    """Return what `heard_lines` returns, and keep it; a run that was stopped goes on from there.

    Args:
        voices: Who speaks.
        count: How many utterances.
        seed: Of everything random.
        folder: Where they are kept.
        workers: Processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = _mark(voices)
    lines: list[HeardLine] = []
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        path = folder / f"{mark}-seed-{seed}-{first:05d}-{size}.npz"
        if path.is_file():
            lines += _read(path)
            continue
        made = heard_lines(voices, size, seed, workers, first)
        with atomic_path(path) as temporary:
            temporary.write_bytes(npz_bytes(_arrays(made)))
        lines += made
    return lines


def _mark(voices: Sequence[Voice]) -> str:
    """Return what changes with the voices, their turns and their lines."""
    digest = hashlib.sha256(f"{VERSION}|{MEASURES}".encode())
    for voice in voices:
        digest.update(f"{voice.name}|{[len(samples) for samples, _ in voice.lines]}".encode())
    return digest.hexdigest()[:12]


def _arrays(lines: Sequence[HeardLine]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    return {
        "voices": np.array([line.voice for line in lines]),
        "moments": np.array([len(line.values) for line in lines], np.int64),
        "values": np.concatenate([line.values for line in lines]),
        "voiced": np.concatenate([line.voiced for line in lines]),
        "labels": np.concatenate([line.labels for line in lines]),
    }


def _read(path: Path) -> list[HeardLine]:
    arrays = read_npz(path.read_bytes(), str(path), "remove it", _LARGEST)
    ends = np.cumsum(arrays["moments"])[:-1]
    parts = [np.split(arrays[name], ends) for name in ("values", "voiced", "labels")]
    return [HeardLine(str(voice), *rows) for voice, *rows in zip(arrays["voices"], *parts, strict=True)]
