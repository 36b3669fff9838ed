"""What a model hears in voices: how often the label is right, and how far arousal follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import SAMPLE_RATE, AudioClip, read_audio
from inference.emotion_hearing import hear_emotion
from inference.errors import LipwrightError
from inference.loudness import normalise_loudness
from training.evaluation.line_sets import TITLES
from training.evaluation.results import Goal, Row, Section
from training.evaluation.systems import MODEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inference.model_bundle import ModelBundle
    from training.evaluation.line_sets import Line
    from training.evaluation.stage import Stage

#: Sets of which no voice was performed in training, or, of the engines, no voice or no line.
UNHEARD = ("ljspeech", "italian", "espeak")
#: Utterances of each set, with a seed that no training uses.
PERFORMED, SEED = 88, 20261
#: Acted lines that must sound more aroused than the others.
AROUSED, CALM = ("anger", "joy"), ("sadness", "neutral")
#: What nobody speaks in, seconds each, and how much of all emotions may be heard in it.
STILL, SECONDS, NOTHING = ("silence", "white_noise", "fan_noise", "music", "applause"), 6.0, 0.05


def visit_hearing(stage: Stage) -> list[Section]:
    """Return what the judged model hears in voices that no training heard."""
    bundle, title = stage.systems.models[MODEL].bundle, "emotion heard from the voice"
    if bundle.hearing is None:
        return [Section("hearing", title, skipped="the model does not hear emotion")]
    return [*(_performed(stage, bundle, name) for name in UNHEARD), _acted(stage, bundle), _still(bundle)]


def _performed(stage: Stage, bundle: ModelBundle, name: str) -> Section:
    from training.hearing.figures import hearing_figures  # noqa: PLC0415 - loads torch
    from training.hearing.performed_speech import Voice, heard_lines  # noqa: PLC0415 - likewise
    from training.performance.expressions import EMOTIONS  # noqa: PLC0415 - beside its only use

    key, title = f"hearing_{name}", f"emotion heard, performed, {TITLES[name]}"
    try:
        lines = stage.lines(name)
    except LipwrightError as error:
        return Section(key, title, skipped=str(error))
    hearing = bundle.hearing
    assert hearing is not None  # noqa: S101 - the caller looked
    voices = [Voice(f"{name} {i}", ((_levelled(line), ()),)) for i, line in enumerate(lines)]
    performed = heard_lines(voices, PERFORMED, SEED)
    found = hearing_figures(hearing, performed, [EMOTIONS.index(n) for n in hearing.names])
    amounts = [_amounts(bundle, line.clip) for line in lines]
    rows = (
        Row("right", "right label, of moments in one emotion or none", 3, {MODEL: found["right"]}),
        Row("balanced", "  mean over the 11 labels (chance 0.091)", 3, {MODEL: found["balanced"]}),
        Row("arousal_r", "arousal heard and performed, r over moments", 3, {MODEL: found["arousal_r"]}),
        Row("arousal_lines", "  r over lines", 3, {MODEL: found["arousal_r_lines"]}),
        Row(
            "unfelt",
            "heard in the same lines as they were spoken (mean of the sum)",
            3,
            {MODEL: float(np.mean([a.sum(1).mean() for a in amounts]))},
        ),
    )
    about = "The lines in the voices of performances by the rules of training, with another seed."
    return Section(key, title, rows, about, items=tuple(line.name for line in lines))


def _levelled(line: Line) -> NDArray[np.float32]:
    from training.hearing.stage import LEVEL_DB  # noqa: PLC0415 - loads torch

    return normalise_loudness(line.clip.samples, LEVEL_DB)


def _amounts(bundle: ModelBundle, clip: AudioClip) -> NDArray[np.float32]:
    """Return what is heard of the hearing model's emotions over a line [M, K]."""
    assert bundle.hearing is not None  # noqa: S101 - the callers looked
    heard = hear_emotion(bundle, clip)
    return heard.weights[:, [bundle.emotion_names.index(name) for name in bundle.hearing.names]]


def _acted(stage: Stage, bundle: ModelBundle) -> Section:
    from training.hearing.figures import HEARD, arousal_of  # noqa: PLC0415 - loads torch

    title = "emotion heard in five acted lines (one actor)"
    files = sorted((stage.data / "speech" / "acted").glob("*.wav"))
    assert bundle.hearing is not None  # noqa: S101 - the caller looked
    if not files:
        return Section("hearing_acted", title, skipped="the acted lines are not on this machine")
    names, rows, right, arousal = bundle.hearing.names, [], [], {}
    for path in files:
        label = path.stem.rsplit("_", 1)[-1]
        mean = _amounts(bundle, read_audio(path)).mean(0)
        heard = names[int(mean.argmax())] if mean.max() >= HEARD else "neutral"
        arousal[label] = float(mean @ arousal_of(names))
        right.append(heard == label)
        most = ", ".join(f"{names[i]} {mean[i]:.2f}" for i in np.argsort(-mean)[:3])
        rows += [
            Row(
                f"{label}.arousal", f"{label}: arousal, heard as {heard} ({most})", 3, {MODEL: arousal[label]}
            )
        ]
    rows.append(Row("right", "share of them with the right label", 2, {MODEL: float(np.mean(right))}))
    if {*AROUSED, *CALM} <= set(arousal):
        margin = min(arousal[n] for n in AROUSED) - max(arousal[n] for n in CALM)
        rows.append(
            Row("margin", "anger and joy above sadness and neutral by", 3, {MODEL: margin}, Goal(least=0.0))
        )
    about = "Mean over each line of what a face would show; nothing was trained on them."
    return Section("hearing_acted", title, tuple(rows), about, items=tuple(path.name for path in files))


def _still(bundle: ModelBundle) -> Section:
    from training.sound_conditions import still_sounds  # noqa: PLC0415 - loads scipy.signal, which looks for torch

    rows: list[Row] = []
    for name in STILL:
        sound = getattr(still_sounds, name)(SECONDS, SAMPLE_RATE, np.random.default_rng([SEED, len(rows)]))
        most = float(_amounts(bundle, AudioClip.from_samples(sound, SAMPLE_RATE, name)).sum(1).max())
        rows.append(Row(name, f"{name.replace('_', ' ')}: most heard", 3, {MODEL: most}, Goal(most=NOTHING)))
    return Section("hearing_still", "emotion heard where nobody speaks", tuple(rows))
