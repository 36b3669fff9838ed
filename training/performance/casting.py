"""Many performances of many lines: balanced over emotions and intensities, neutral stretches included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.performance.expressions import EMOTIONS
from training.performance.perform import Performed, perform
from training.performance.script import Cue, EmotionScript, phrases

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training.dataset import Motion
    from training.performance.shape_layer import PerformingFace

#: Share of performances that stay neutral; of the others, that hold one mixture throughout.
NEUTRAL_SHARE, HELD_SHARE = 1 / 12, 0.45
#: Share of performances in two emotions, and of phrases within a changing line that stay neutral.
MIXED_SHARE, NEUTRAL_PHRASE_SHARE = 0.25, 0.3
#: Share at full intensity; the others lie between the second and 1.
FULL_SHARE, LEAST = 0.3, 0.25
#: A phrase longer than this (s) may change its emotion midway.
LONG_PHRASE = 1.2


def perform_capture(
    motions: Sequence[Motion], face: PerformingFace, per_line: int, seed: int
) -> list[Performed]:
    """Return `per_line` performances of every line, in order of the lines.

    Emotions are dealt from a pack of ten that is shuffled anew for every ten performances, so that each is
    the leading one equally often. The same arguments give the same performances, whatever other lines there
    are beside a line at its place.

    Args:
        motions: Neutral motion in contact.
        face: The speaker's.
        per_line: Performances of each.
        seed: Of everything random.
    """
    made = []
    for index, motion in enumerate(motions):
        for take in range(per_line):
            rng = np.random.default_rng([seed, index, take])
            script = random_script(motion, leading_emotion(index * per_line + take, seed), rng)
            performed = perform(motion, script, face, rng)
            name = f"{motion.name}, performance {take + 1}"
            made.append(replace(performed, motion=replace(performed.motion, name=name)))
    return made


def leading_emotion(number: int, seed: int) -> str:
    """Return the emotion that leads the performance of this number."""
    pack = np.random.default_rng([seed, number // len(EMOTIONS)]).permutation(len(EMOTIONS))
    return EMOTIONS[int(pack[number % len(EMOTIONS)])]


def random_script(motion: Motion, leading: str, rng: np.random.Generator) -> EmotionScript:
    """Return a script: neutral, held throughout, or changing from phrase to phrase.

    Args:
        motion: The line.
        leading: The emotion that it is about.
        rng: Source of every choice.
    """
    if rng.random() < NEUTRAL_SHARE:
        return EmotionScript()
    mixture = _mixture(leading, rng)
    if rng.random() < HELD_SHARE:
        return EmotionScript.held(mixture)
    parts = _parts(phrases(motion), len(motion.samples) / 16000, rng)
    chosen = int(rng.integers(len(parts)))  # whatever the others are, this one is about the leading emotion
    cues = []
    for index, (start, end) in enumerate(parts):
        here = mixture if index == chosen else _another(mixture, rng)
        cues.append(Cue(start - rng.uniform(0, 0.2), end + rng.uniform(0.0, 0.4), here))
    return EmotionScript(tuple(cues))


def _mixture(leading: str, rng: np.random.Generator) -> dict[str, float]:
    amount = 1.0 if rng.random() < FULL_SHARE else float(rng.uniform(LEAST, 1))
    if rng.random() >= MIXED_SHARE:
        return {leading: amount}
    other = EMOTIONS[int(rng.integers(len(EMOTIONS)))]
    share = float(rng.uniform(0.2, 0.5))
    return {other: share * amount, leading: (1 - share) * amount} if other != leading else {leading: amount}


def _another(mixture: Mapping[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Return what a neighbouring phrase is in: neutral, the same with another strength, or something else."""
    kind = rng.random()
    if kind < NEUTRAL_PHRASE_SHARE:
        return {}
    if kind < (1 + NEUTRAL_PHRASE_SHARE) / 2:
        return {name: amount * float(rng.uniform(0.3, 1)) for name, amount in mixture.items()}
    return _mixture(EMOTIONS[int(rng.integers(len(EMOTIONS)))], rng)


def _parts(
    spoken: Sequence[tuple[float, float]], seconds: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return stretches of a line that may each have their emotion: phrases, long ones sometimes halved."""
    parts = []
    for start, end in spoken or [(0.3 * seconds, 0.8 * seconds)]:
        if end - start > LONG_PHRASE and rng.random() < 0.25:  # noqa: PLR2004 - a quarter
            middle = start + (end - start) * rng.uniform(0.35, 0.65)
            parts += [(start, middle), (middle, end)]
        else:
            parts.append((start, end))
    return parts
