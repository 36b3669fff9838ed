"""What the command line does with its options: every line in turn, failures told and passed over."""

import json
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from .array_types import Progress
from .atomic_file import cannot_write
from .bundled import default_model_path
from .character import Character, apply_character, load_character
from .emotion import clamp_weights, emotion_weights, parse_emotion
from .emotion_hearing import check_hearing
from .emotion_track import EmotionKeys, read_emotion_track
from .errors import LipwrightError
from .face_prediction import FacePredictor
from .library_noise import library_noise_off
from .model_bundle import ModelBundle, load_bundle
from .motion_files import write_csv, write_json, write_npz
from .onnx_session import import_early
from .pipeline import FaceMotion, animate_line, model_solver
from .progress_bar import ProgressBar


@dataclass(frozen=True)
class CommandOptions:
    """What was asked for; see `python -m inference --help`."""

    lines: tuple[Path, ...]
    output: Path
    format: str
    frame_rate: Fraction
    emotion: str
    emotion_track: Path | None
    from_voice: float
    model: Path | None
    character: Path | None
    vertices: bool
    threads: int | None
    as_json: bool


def run_command(options: CommandOptions) -> int:
    """Animates every line and returns the exit code, 0 only when all succeeded.

    Raises:
        LipwrightError: for what concerns all lines: the model, the character, the emotion or the folder.
    """
    animator = _Animator(options)
    _make_folder(options.output)
    taken: dict[Path, Path] = {}
    reports = []
    for line in options.lines:
        target = options.output / f"{line.stem}.{options.format}"
        reports.append(animator.report(line, target, taken.setdefault(target, line)))
    failed = sum(not report["ok"] for report in reports)
    if options.as_json:
        print(json.dumps({"ok": not failed, "lines": reports}))
    elif len(reports) > 1:
        print(f"{len(reports) - failed} of {len(reports)} lines animated into {options.output}")
    return 1 if failed else 0


class _Animator:
    """A model, loaded once for all lines."""

    def __init__(self, options: CommandOptions) -> None:
        self._options = options
        import_early()
        bundle = load_bundle(options.model or default_model_path())
        self._emotion = _chosen_emotion(bundle, options)
        if options.from_voice:
            check_hearing(bundle)
        self._character: Character | None = load_character(options.character) if options.character else None
        self._predictor = FacePredictor(bundle, options.threads)
        self._predictor.open_early()
        self._solver = model_solver(bundle)

    def report(self, line: Path, target: Path, first_user: Path) -> dict[str, Any]:
        """Animates one line, tells the user, and returns what `--json` prints of it."""
        started = time.perf_counter()
        result: dict[str, Any] = {"input": str(line), "output": str(target), "ok": False}
        try:
            _check_target(line, target, first_user)
            motion = self._animate(line, target)
        except LipwrightError as error:
            print(f"lipwright: error: {error}", file=sys.stderr)
            return {**result, "output": None, "error": str(error)}
        _warn(motion.warnings)
        result.update(
            ok=True,
            frames=len(motion.times),
            duration=motion.duration,
            seconds=round(time.perf_counter() - started, 4),
            warnings=list(motion.warnings),
        )
        if not self._options.as_json:
            print(
                f"{target}: {len(motion.times)} frames, {motion.duration:.2f} s in {result['seconds']:.2f} s"
            )
        return result

    def _animate(self, line: Path, target: Path) -> FaceMotion:
        with library_noise_off() as terminal, ProgressBar(line.name, terminal) as bar:
            motion = animate_line(
                self._predictor,
                line,
                self._options.frame_rate,
                self._emotion,
                from_voice=self._options.from_voice,
                solver=self._solver,
                progress=bar.part(0.0, 0.6),
            )
            if self._character:
                motion = apply_character(motion, self._character)
            self._write(motion, target, bar.part(0.6, 1.0))
        return motion

    def _write(self, motion: FaceMotion, target: Path, progress: Progress) -> None:
        if self._options.format == "npz":
            write_npz(motion, target, vertices=self._options.vertices, progress=progress)
        elif self._options.format == "json":
            write_json(motion, target)
        else:
            write_csv(motion, target)


def _chosen_emotion(bundle: ModelBundle, options: CommandOptions) -> dict[str, float] | EmotionKeys:
    """Reads the emotion and its track, and refuses what the model does not know before any line is begun."""
    weights = parse_emotion(options.emotion)
    emotion_weights(bundle, weights)
    if options.emotion_track is None:
        weights, warnings = clamp_weights(weights)
        _warn(warnings)
        return weights
    track = read_emotion_track(options.emotion_track).with_constants(weights)
    track.check(bundle)
    _warn(track.warnings)
    return track


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        print(f"lipwright: warning: {warning}", file=sys.stderr)


def _check_target(line: Path, target: Path, first_user: Path) -> None:
    try:
        same = target.exists() and line.exists() and target.samefile(line)
    except OSError as error:
        raise cannot_write(target, error) from error
    if same:
        raise LipwrightError(
            f"{line}: its result would replace the line itself; choose another folder with -o"
        )
    if first_user is not line and first_user.resolve() == line.resolve():
        raise LipwrightError(f"{line}: is named twice; name each line once")
    if first_user is not line:
        raise LipwrightError(f"{line}: its result would replace that of {first_user}; rename one of them")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LipwrightError(f"{folder}: cannot hold results ({error.strerror}); choose another") from error
