"""Emotion on top of a finished run: what it does to the face, and which points have a name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training.emotion.finished import load_stage, save_stage, stage_key
from training.emotion.learning import learn_emotion
from training.emotion.lesson import Felt, make_lesson
from training.emotion.mining import mine
from training.networks import lipwright
from training.performance.casting import perform_capture
from training.performance.expressions import EMOTIONS
from training.performance.shape_layer import performing_face
from training.preparation import load_project_head

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.dataset import Motion
    from training.preparation import Prepared
    from training.trainer import TrainedModel


#: Longest latent vector that a model takes as it is, over its longest named one.
REACH = 1.1


def with_emotion(trained: TrainedModel, folder: Path) -> TrainedModel:
    """Return a model that has learned emotion too, from labelled takes or else from performances.

    Args:
        trained: A finished run of our own network; its network is changed in place.
        folder: The run's; what was learned is kept there, and taken from there when it was learned before.
    """
    if not isinstance(trained.network, lipwright.Network) or not trained.config.emotion_steps:
        return trained
    key = stage_key(trained)
    finished = load_stage(folder, key, trained)
    if finished is None:
        finished = _learned(trained, trained.network)
        save_stage(folder, key, finished)
    return finished


def _learned(trained: TrainedModel, network: lipwright.Network) -> TrainedModel:
    prepared, config = trained.prepared, trained.config
    names, lines = felt_lines(prepared, config.performances, config.seed)
    lesson = make_lesson(network, prepared, lines)
    learned = learn_emotion(lesson, prepared.metric, config.emotion_steps, config.seed)
    network.add_expression(learned.expression)
    mined = mine(network, prepared, learned, lesson, names)
    learned.expression.limit(REACH * max((float(np.linalg.norm(v)) for v in mined.vectors), default=1.0))
    figures: dict[str, Any] = {
        "performed lines": len(lines),
        "explained change": round(learned.explained, 3),
        "refused emotions": list(mined.refused),
    }
    return replace(
        trained,
        points=dict(zip(mined.names, mined.vectors, strict=True)),
        latents=np.asarray(learned.latents.numpy(), np.float32),
        figures=trained.figures | figures,
    )


def felt_lines(prepared: Prepared, performances: int, seed: int) -> tuple[tuple[str, ...], list[Felt]]:
    """Return the emotions' names, and lines spoken with them.

    Args:
        prepared: Training material; its takes that name an emotion are taken where it has any.
        performances: How often each neutral take is performed otherwise.
        seed: Same seed, same performances.
    """
    if prepared.felt:
        names = tuple(sorted({name for _, name in prepared.felt}))
        return names, [_labelled(motion, names.index(name), len(names)) for motion, name in prepared.felt]
    captured = [m for m in prepared.motions if m.group == "main"]
    lines = performed_lines(captured, prepared, performances, seed)
    others = [m for m in prepared.motions if m.group == "synthetic"]
    every = max(1, len(others) // max(1, len(captured) * performances))
    lines += performed_lines(others[::every], prepared, 1, seed + 1)
    # Silence and noise: a face that only listens feels too, and its lips need not be together.
    quiet = [m for m in prepared.motions if m.group == "rest"]
    return EMOTIONS, lines + performed_lines(quiet[::2], prepared, 1, seed + 2)


def performed_lines(
    motions: Sequence[Motion], prepared: Prepared, performances: int, seed: int
) -> list[Felt]:
    """Return performances of neutral motion, each once as it was performed and once in a calm voice."""
    head = load_project_head(prepared.project)
    face = performing_face(head, prepared.basis, prepared.lips, prepared.teeth, prepared.rest)
    lines = []
    for done in perform_capture(motions, face, per_line=performances, seed=seed):
        felt = Felt.from_motion(done.motion, done.labels, done.plain.coefficients)
        lines += [felt, replace(felt, samples=done.plain.samples)]
    return lines


def _labelled(motion: Motion, label: int, count: int) -> Felt:
    labels = np.zeros((len(motion.coefficients), count), np.float32)
    labels[:, label] = 1
    return Felt.from_motion(motion, labels)
