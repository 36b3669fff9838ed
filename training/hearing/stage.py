"""Hearing as a stage of its own, after speech and emotion: puts into a finished bundle what hears emotion."""

from __future__ import annotations

import json
import os
import zipfile
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.audio_file import read_audio
from inference.errors import LipwrightError
from inference.loudness import normalise_loudness
from inference.model_bundle import load_bundle, write_bundle
from inference.npz_file import read_npz
from inference.prosody import MEASURES
from training.config import TrainingConfig
from training.corpus.build import CorpusPlan, build_corpus
from training.hearing.figures import hearing_figures
from training.hearing.kept_lines import kept_lines
from training.hearing.learning import learn_hearing
from training.hearing.performed_speech import Voice
from training.performance.expressions import EMOTIONS
from training.project import load_project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.corpus.phones import Segment
    from training.hearing.performed_speech import HeardLine
    from training.project import Project

#: All speech is performed from this level (dB of full scale), so that loud voices stay within it.
LEVEL_DB = -23.0
#: How many turns a voice takes, by where it comes from: recorded ones, which all speech resembles, take half.
TURNS = {"captured": 25, "real": 40, "flite": 6, "festival": 6, "espeak": 1}
#: Takes longer than this are cut, so that an utterance joins several pieces (s).
PIECE = 6.0
#: Of the voices, every so many-th is kept out for the figures; then all of them are learned from.
KEPT_OUT_EVERY = 6
#: Voices that have no pitch.
VOICELESS = ("whisper",)


def add_hearing(
    model: Path, project_folder: Path, config: TrainingConfig, workers: int = 0
) -> dict[str, Any]:
    """Put what hears emotion into a bundle; everything else in it stays as it is, bit for bit.

    Args:
        model: The bundle, written anew.
        project_folder: The project that it was trained on, with its corpus.
        config: Says which corpus, how many utterances, and the seed.
        workers: Processes; 0 for as many as there are cores.

    Returns:
        How well it hears voices that were kept out.

    Raises:
        LipwrightError: Unreadable input, or nothing that could be learned.
    """
    bundle = load_bundle(model)
    kept = [index for index, name in enumerate(EMOTIONS) if name in bundle.emotion_names]
    if not kept:
        raise LipwrightError(
            f"{model}: knows none of the emotions that voices are performed in; leave hearing out"
        )
    voices = speaking_voices(load_project(project_folder), project_folder / "corpus", config)
    order = np.random.default_rng([config.seed, 77]).permutation(len(voices))
    turns = [voices[i] for i in order]
    lines = kept_lines(
        turns, config.heard_utterances, config.seed, project_folder / "heard", workers or os.cpu_count() or 1
    )
    names = tuple(EMOTIONS[index] for index in kept)
    figures: dict[str, Any] = {"utterances": len(lines), "voices": len({line.voice for line in lines})}
    figures["kept_out_voices"] = _kept_out(lines, names, kept, config.seed)
    hearing = learn_hearing(lines, names, kept, config.seed)
    _write(model, names, hearing.arrays(), figures | {"count": config.heard_utterances})
    return figures


def hear_command(model: Path, project_folder: Path, utterances: int) -> dict[str, Any]:
    """Do for a finished bundle what training does at its end, as it was configured.

    Args:
        model: The bundle, written anew.
        project_folder: The project that it was trained on.
        utterances: How many to learn from.

    Raises:
        LipwrightError: Unreadable input, or nothing that could be learned.
    """
    if utterances < 1:
        raise LipwrightError(f"{utterances} utterances teach nothing; give at least 1")
    config = TrainingConfig.from_json(load_bundle(model).manifest.training.get("config", {}))
    return add_hearing(model, project_folder, replace(config, heard_utterances=utterances))


def speaking_voices(project: Project, corpus: Path, config: TrainingConfig) -> list[Voice]:
    """Return who speaks in a project's train takes and its corpus, each as often as it takes turns."""
    pieces: defaultdict[tuple[str, str], list[tuple[NDArray[np.float32], tuple[Segment, ...]]]] = defaultdict(
        list
    )
    for take in project.split("train"):
        pieces["captured", take.speaker] += [(p, ()) for p in _pieces(read_audio(take.audio_path).samples)]
    if config.synthetic_minutes > 0:
        engines = tuple(config.corpus_engines.split(","))
        plan = CorpusPlan(config.synthetic_minutes, engines, reader_minutes=config.reader_minutes)
        for line in build_corpus(plan, corpus):
            if not line.voice.endswith(VOICELESS):
                pieces[line.engine, line.voice].append((_levelled(line.samples), line.segments))
    return [
        voice
        for (engine, name), lines in sorted(pieces.items())
        for voice in [Voice(f"{engine} {name}", lines)] * TURNS[engine]
    ]


def _pieces(samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    size = int(PIECE * 16000)
    count = max(1, len(samples) // size)
    return [_levelled(piece) for piece in np.array_split(samples, count)]


def _levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return normalise_loudness(samples, LEVEL_DB)


def _kept_out(
    lines: Sequence[HeardLine], names: tuple[str, ...], kept: Sequence[int], seed: int
) -> dict[str, float]:
    """Return how well voices are heard that were kept out of learning; the shipped model learns from all."""
    voices = sorted({line.voice for line in lines})
    out = set(voices[::KEPT_OUT_EVERY])
    learned = learn_hearing([x for x in lines if x.voice not in out], names, kept, seed)
    return hearing_figures(learned, [x for x in lines if x.voice in out], kept)


def _write(model: Path, names: tuple[str, ...], hearing: dict[str, Any], figures: dict[str, Any]) -> None:
    with zipfile.ZipFile(model) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("model.json"))
        graphs = {name: archive.read(name) for name in ("speech.onnx", "face.onnx")}
        arrays = {
            name: read_npz(archive.read(name), f"{model}: {name}", "train it again", 1 << 30)
            for name in ("face.npz", "emotion.npz")
        }
    manifest["hearing"] = {"names": list(names), "measures": len(MEASURES)}
    training = manifest.setdefault("training", {})
    training.setdefault("config", {})["heard_utterances"] = figures.pop("count")
    training["hearing"] = figures
    write_bundle(model, manifest, graphs, {**arrays, "hearing.npz": hearing})
