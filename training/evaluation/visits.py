"""The rooms of an evaluation: each measures one kind of thing and gives back its sections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import SAMPLE_RATE
from inference.errors import LipwrightError
from inference.measures import CLOSURE_PHONES, OPEN_VOWELS
from training.evaluation.articulation import LABIODENTALS, articulation_figures
from training.evaluation.capture_figures import capture_figures
from training.evaluation.emotion_visits import visit_emotion
from training.evaluation.goals import measure_rows
from training.evaluation.line_sets import (
    CHOOSING_SETS,
    ENGINE_SETS,
    READER_SETS,
    REAL_SETS,
    TITLES,
    UNHEARD_SETS,
)
from training.evaluation.results import Section
from training.evaluation.robustness import condition_rows, level_rows, voice_rows
from training.evaluation.stillness import still_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inference.measures import PhoneInterval
    from training.evaluation.line_sets import Line
    from training.evaluation.results import Row
    from training.evaluation.stage import Stage
    from training.evaluation.systems import System
    from training.project import Take

STILL_SECONDS = 8.0
STYLE_PREFIX = "speaker "
"""A bundle names a speaker's manner so, where it has one."""
NO_PROJECT = "no training project: import the capture and name the project"


def _capture(stage: Stage) -> list[Section]:
    if stage.project is None:
        return [Section("capture", "captured takes", skipped=NO_PROJECT)]
    sections = []
    for speaker in dict.fromkeys(take.speaker for take in stage.takes()):
        takes = stage.takes(speaker)
        title = f"{speaker} ({stage.split}, {len(takes)} takes)"
        figures = capture_figures(stage.systems, takes)
        names = tuple(take.name for take in takes)
        about = f"{_TAKES} {_phone_counts([take.phones for take in takes])}"
        sections.append(Section(speaker, title, measure_rows(figures, speaker), about, items=names))
        sections += _in_own_style(stage, speaker, takes)
    return sections


def _in_own_style(stage: Stage, speaker: str, takes: list[Take]) -> list[Section]:
    """The models that name a speaker's manner, in that manner."""
    style = STYLE_PREFIX + speaker
    styled: dict[str, System] = {
        name: model.with_style(style)
        for name, model in stage.systems.models.items()
        if style in model.bundle.emotion_names
    }
    if not styled:
        return []
    systems: dict[str, System] = {**styled, **stage.systems.baselines}
    return [
        Section(
            f"{speaker}_style",
            f"{speaker}, with '{style}'",
            measure_rows(capture_figures(stage.systems, takes, systems), speaker),
            "The same takes with the style vector that the bundle names after this speaker.",
        )
    ]


def _left_out(stage: Stage) -> list[Section]:
    """Models that never met a speaker or an engine, on just that."""
    sections = []
    for what, system in stage.left_out.items():
        column = left_out_name(what)
        systems = {column: system, **stage.systems.all}
        title = f"never heard in training: {what}"
        try:
            figures = _figures_on(stage, what, systems)
        except LipwrightError as error:
            sections.append(Section(f"left_out_{what}", title, skipped=str(error)))
            continue
        rows = measure_rows(figures, "left_out", column)
        sections.append(Section(f"left_out_{what}", title, rows, _LEFT_OUT))
    return sections


def _figures_on(stage: Stage, what: str, systems: Mapping[str, System]) -> dict[str, dict[str, float]]:
    """Figures on all takes of a speaker, or on an engine's or a real speaker's lines."""
    takes = [] if stage.project is None else [t for t in stage.project.takes if t.speaker == what]
    if takes:
        return capture_figures(stage.systems, takes, systems)
    if what in (*REAL_SETS, *UNHEARD_SETS, *ENGINE_SETS):
        return _line_figures(stage, stage.lines(what), systems)
    raise LipwrightError(f"{what}: is neither a speaker of the project nor a speech engine")


def left_out_name(what: str) -> str:
    """The column of the model that never heard something."""
    return f"no {what}"


def _speech(stage: Stage) -> list[Section]:
    real = [_line_section(stage, name, "real", _REAL) for name in REAL_SETS]
    unheard = [_line_section(stage, name, "left_out", _UNHEARD) for name in UNHEARD_SETS]
    return real + unheard + [_line_section(stage, name, "read", _READ) for name in READER_SETS]


def _engines(stage: Stage) -> list[Section]:
    return [_line_section(stage, name, "engine", _ENGINE) for name in ENGINE_SETS]


def _choosing(stage: Stage) -> list[Section]:
    """What settings may be chosen with, as it is and in other sound."""
    sections = []
    for name in CHOOSING_SETS:
        sections.append(_line_section(stage, name, "read", _CHOOSING))
        if not sections[-1].skipped:
            rows = _condition_rows(stage, stage.lines(name))
            sections.append(Section(f"{name}_conditions", f"{name} in other sound", rows))
    return sections


def _line_section(stage: Stage, name: str, kind: str, about: str) -> Section:
    try:
        lines = stage.lines(name)
    except LipwrightError as error:
        return Section(name, TITLES[name], skipped=str(error))
    rows = measure_rows(_line_figures(stage, lines, stage.systems.all), kind)
    about = f"{about} {_phone_counts([line.phones for line in lines])}"
    names = tuple(line.clip.path.name for line in lines)
    return Section(name, f"{TITLES[name]}, {_amount(lines)}", rows, about, items=names)


def _line_figures(
    stage: Stage, lines: list[Line], systems: Mapping[str, System]
) -> dict[str, dict[str, float]]:
    return {
        name: articulation_figures(stage.spoken(name, system, lines), stage.systems.regions)
        for name, system in systems.items()
    }


def _phone_counts(phones: Sequence[Sequence[PhoneInterval]]) -> str:
    """How many phones the shares are shares of; nothing where there are no phones."""
    spoken = [phone.symbol for line in phones for phone in line]
    counted = (("p b m", CLOSURE_PHONES), ("open vowels", OPEN_VOWELS), ("f v", LABIODENTALS))
    counts = ", ".join(f"{sum(symbol in kind for symbol in spoken)} {name}" for name, kind in counted)
    return f"There are {counts}." if spoken else ""


def _amount(lines: list[Line]) -> str:
    seconds = sum(line.clip.duration for line in lines)
    return f"{len(lines)} lines, {seconds:.0f} s"


def _on_real_speech(
    key: str, title: str, about: str, rows: Callable[[Stage, list[Line]], tuple[Row, ...]]
) -> Callable[[Stage], list[Section]]:
    """A room that needs the real speech; the engines' lines do where there is none."""

    def visit(stage: Stage) -> list[Section]:
        try:
            lines = stage.all_lines(REAL_SETS)
            names = tuple(line.name for line in lines)
            return [Section(key, title, rows(stage, lines), f"{about} On {_amount(lines)}.", items=names)]
        except LipwrightError as error:
            return [Section(key, title, skipped=str(error))]

    return visit


def _condition_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import CONDITIONS  # noqa: PLC0415 - only this room needs them

    return condition_rows(stage, lines, CONDITIONS)


def _voice_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import VOICES  # noqa: PLC0415 - only this room needs them

    return voice_rows(stage, lines, VOICES)


def _still_rows(stage: Stage, lines: list[Line]) -> tuple[Row, ...]:
    from training.sound_conditions import STILL_SOUNDS  # noqa: PLC0415 - only this room needs them

    sounds = {
        Path("still") / name: make(STILL_SECONDS, SAMPLE_RATE, np.random.default_rng(7))
        for name, make in STILL_SOUNDS.items()
    }
    return still_rows(stage, lines, sounds)


_TAKES = (
    "r against the tracked curves, vertices against the fitted head; these takes never train. "
    "Ridge and loudness are fitted to each speaker's own train takes, models are not; so is the ridge "
    "regression in the column 'phones', which is told the takes' aligned phones and hears nothing."
)
_LEFT_OUT = "The first column's model never heard this in training; the other columns did, or may have."
_REAL = (
    "Force-aligned phones. Ridge and loudness are what they learned from the project's first speaker. "
    "The lip gaps in mm are signed, along the face's up axis, at three pairs of inner-lip landmarks."
)
_UNHEARD = (
    "No recording of this speaker trains anything. Phones as espeak-ng says the words, force-aligned with an "
    "English model, so that some are a little off."
)
_READ = (
    "Other recordings of this speaker train, and these chose between settings. Phones as they were labelled "
    "for the synthesiser that he was recorded for."
)
_CHOOSING = "Nothing of this trains; it chose between settings, so it is no test of them."
_ENGINE = "Sentences and random seeds that no training uses; the voices may have trained."
VISITS: dict[str, Callable[[Stage], list[Section]]] = {
    "capture": _capture,
    "left_out": _left_out,
    "speech": _speech,
    "engines": _engines,
    "conditions": _on_real_speech(
        "conditions",
        "real speech in other sound",
        "The same lines with noise, babble, a telephone's band, reverberation, MP3, low gain and clipping.",
        _condition_rows,
    ),
    "voices": _on_real_speech(
        "voices",
        "real speech in other voices",
        "The same lines shifted or shaped, in the same timing.",
        _voice_rows,
    ),
    "still": _on_real_speech(
        "still",
        "sounds without speech",
        f"Stillness is the mean speed of the landmarks in {STILL_SECONDS:g} s, over that in the real speech.",
        _still_rows,
    ),
    "level": _on_real_speech(
        "level",
        "real speech at other gains",
        "The same recording louder or quieter must move the same.",
        level_rows,
    ),
    "emotion": visit_emotion,
    "choosing": _choosing,
}
"""What each room does; every room of `rooms.ROOMS` and `rooms.ON_REQUEST` is here."""
