"""Imports captured takes into a training project: every take's motion on our head, its sound beside it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.audio_file import AudioFile
from inference.errors import LipwrightError
from inference.measures import PhoneInterval, correlation, landmark_curves
from training.project import CURVE_NAMES, SPLITS, TakeEntry, write_head, write_index, write_take

from .capture_toml import CaptureSettings, read_capture_toml
from .face_mesh_478 import landmarks_in_head_axes
from .head_fit import HeadShapes, fit_take, fit_vertex_take
from .motion_basis import MotionBasis
from .phones_tsv import read_phones
from .splits import assign_splits
from .take_files import TakeFiles, TakeMotion, find_takes, read_take_motion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh

FRAME_CENTRE = 0.5
"""A video frame shows the middle of its interval: frame i of 25 a second stands at (i + 0.5) / 25 s.

Checked on GRID's training clips: with (i + o) / 25 s, the lips' closing on b and p lies 13 ms before the
aligned phone's middle for o = 0 and 7 ms after it for o = 0.5. Ridge regression hardly tells them apart
(cross-validated r over 480 ms of log-mel: 0.746 for o = 0, 0.753 for 0.5; over 120 ms: 0.718 and 0.716)."""

RESIDUAL_FRAMES = 1500
LARGEST_OFFSET_M = 0.2
"""No point of a face moves farther against the skull; an open jaw moves the chin 4 cm."""

KEPT = ("runs", "corpus", "heard")
"""What outlives another import: the checkpoints and curves that ``python -m training train`` keeps unless
told otherwise, and the made-up speech, which has nothing of the capture in it and took minutes to make."""


@dataclass(frozen=True, eq=False)
class ImportedTake:
    """One take on the head, before it is written."""

    entry: TakeEntry
    sound: Path
    weights: NDArray[np.float32]
    valid: NDArray[np.bool_]
    curves: NDArray[np.float32]
    head_rotation: NDArray[np.float32]
    fitted_curves: NDArray[np.float32] | None = None
    offsets: NDArray[np.float32] | None = None
    phones: tuple[PhoneInterval, ...] = ()


def import_capture(
    folders: Sequence[Path], output: Path, head: HeadMesh, progress: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Import capture folders into one training project.

    Args:
        folders: Capture folders, see `training.capture.take_files`.
        output: The project's folder; an earlier project there is replaced when all has been read. Its
            training runs are kept.
        head: The head that the motion is put on.
        progress: Called with the name of every take when it is done.

    Returns:
        Figures: takes and frames per source, fit errors per curve.

    Raises:
        LipwrightError: A folder or file is unusable, or ``output`` holds something that is no project.
    """
    output = output.resolve()
    _check_output(output)
    takes = [take for folder in folders for take in _import_folder(folder, head, progress)]
    takes = _distinct_names(takes)
    figures = fit_figures(takes)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
        try:
            _write_project(partial, head, takes, figures)
            _put_in_place(partial, output)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise LipwrightError(f"{output}: cannot be written ({error.strerror or error}).") from error
    return figures


def _check_output(output: Path) -> None:
    try:
        if output.exists() and not output.is_dir():
            raise LipwrightError(f"{output}: is a file; name a folder for the project.")
        if output.is_dir() and any(output.iterdir()) and not (output / "project.json").exists():
            raise LipwrightError(f"{output}: holds files that are no training project; name another folder.")
    except OSError as error:
        raise LipwrightError(f"{output}: cannot be used ({error.strerror}); name another folder.") from error


def _import_folder(
    folder: Path, head: HeadMesh, progress: Callable[[str], None] | None
) -> list[ImportedTake]:
    settings = read_capture_toml(folder)
    found = find_takes(folder)
    _check_named_takes(folder, settings, {take.stem for take in found})
    splits = assign_splits([take.stem for take in found], settings.splits)
    phones = read_phones(folder)
    shapes = HeadShapes.of_head(head.vertices, head.shape_deltas, head.landmarks68)
    imported = []
    for take in found:
        motion = read_take_motion(take, settings, len(head.vertices))
        on_head = _put_on_head(take, motion, settings, split=splits[take.stem], shapes=shapes, head=head)
        _check_sound(on_head)
        imported.append(replace(on_head, phones=phones.get(take.stem, ())))
        if progress:
            progress(take.stem)
    return imported


def _check_named_takes(folder: Path, settings: CaptureSettings, stems: set[str]) -> None:
    for name in [*settings.splits, *settings.emotions, *settings.take_offsets_s]:
        if name not in stems:
            raise LipwrightError(
                f"{folder / 'capture.toml'}: names the take '{name}', which is not in the folder."
            )


def _check_sound(take: ImportedTake) -> None:
    """Refuse a take whose sound cannot be read or lies elsewhere in time, before it fails in training."""
    seconds = AudioFile(take.sound).duration
    first = take.entry.offset_s
    last = first + (len(take.valid) - 1) / take.entry.frame_rate
    if last < 0.0 or first > seconds:
        raise LipwrightError(
            f"{take.sound}: lasts {seconds:.1f} s, but its motion stands at {first:.1f} to {last:.1f} s; "
            "correct the offset in capture.toml."
        )


def _put_on_head(
    take: TakeFiles,
    motion: TakeMotion,
    settings: CaptureSettings,
    *,
    split: str,
    shapes: HeadShapes,
    head: HeadMesh,
) -> ImportedTake:
    main = motion.vertices or motion.weights
    assert main is not None  # noqa: S101 - find_takes refuses takes without motion
    frames = min(m.frames for m in (motion.vertices, motion.weights) if m is not None)
    valid = np.logical_and.reduce(
        [m.valid[:frames] for m in (motion.vertices, motion.weights) if m is not None]
    )
    given = settings.take_offsets_s.get(take.stem, settings.offset_s)
    entry = TakeEntry(
        name=take.stem,
        audio="",
        split=split,
        speaker=settings.actor,
        source=main.kind,
        frame_rate=main.frame_rate,
        offset_s=main.start_s
        + given
        + (FRAME_CENTRE / main.frame_rate if main.kind == "vertices_478" else 0.0),
        emotion=settings.emotions.get(take.stem, "neutral"),
    )
    rotation = motion.weights.head_rotation if motion.weights is not None else None
    bare = ImportedTake(
        entry=entry,
        sound=take.sound,
        weights=np.zeros((frames, len(shapes.deltas)), dtype=np.float32),
        valid=valid,
        curves=np.full((frames, len(CURVE_NAMES)), np.nan, dtype=np.float32),
        head_rotation=np.zeros((frames, 3), dtype=np.float32) if rotation is None else rotation[:frames],
    )
    return _with_motion(bare, motion, shapes, head)


def _with_motion(bare: ImportedTake, motion: TakeMotion, shapes: HeadShapes, head: HeadMesh) -> ImportedTake:
    frames = len(bare.valid)
    tracked = None if motion.weights is None else motion.weights.weights
    tracked = None if tracked is None else tracked[:frames]
    if motion.vertices is None or motion.vertices.vertices is None:
        assert tracked is not None  # noqa: S101 - a take has vertices or weights
        return replace(bare, weights=tracked)
    vertices = motion.vertices.vertices[:frames]
    if motion.vertices.kind == "vertices_head":
        offsets = vertices - head.vertices
        _check_reach(bare, offsets)
        weights = fit_vertex_take(head.shape_deltas, offsets)
        return replace(
            bare,
            weights=weights,
            offsets=offsets,
            curves=landmark_curves(vertices[:, head.landmarks68]).astype(np.float32),
        )
    landmarks = landmarks_in_head_axes(vertices)
    if not np.isfinite(landmarks).all():
        raise LipwrightError(f"{bare.sound}: its tracked vertices are no face; export the motion again.")
    fit = fit_take(shapes, landmarks, tracked)
    return replace(bare, weights=fit.weights, curves=fit.curves, fitted_curves=fit.fitted_curves)


def _check_reach(take: ImportedTake, offsets: NDArray[np.float32]) -> None:
    """Tell other units and other axes from a face that moves."""
    reach = float(np.abs(offsets).max())
    if not reach <= LARGEST_OFFSET_M:
        raise LipwrightError(
            f"{take.sound}: its vertices stand up to {reach:.3g} m from the head at rest; export them in "
            "metres, Z up, without the object's own motion."
        )


def _distinct_names(takes: list[ImportedTake]) -> list[ImportedTake]:
    """Names unique over all folders: where two agree, the speaker goes in front."""
    counts = Counter(take.entry.name for take in takes)
    named = []
    for take in takes:
        name = take.entry.name
        if counts[name] > 1:
            # The name becomes a file name, and the speaker is whatever a capture.toml says.
            name = re.sub(r"[^\w -]", "_", take.entry.speaker)[:60] + "-" + name
        named.append(
            replace(take, entry=replace(take.entry, name=name, audio=f"audio/{name}{take.sound.suffix}"))
        )
    doubles = [name for name, count in Counter(take.entry.name for take in named).items() if count > 1]
    if doubles:
        raise LipwrightError(
            f"{named[0].sound.parent}: the take {doubles[0]} is imported twice; rename one of them."
        )
    return named


def fit_figures(takes: Sequence[ImportedTake]) -> dict[str, Any]:
    """Takes and minutes per split, and how well the head follows the tracked curves."""
    frames = {split: [t for t in takes if t.entry.split == split] for split in SPLITS}
    figures: dict[str, Any] = {
        split: {
            "takes": len(members),
            "minutes": round(sum(len(t.valid) / t.entry.frame_rate for t in members) / 60, 2),
        }
        for split, members in frames.items()
    }
    fitted = [t for t in takes if t.fitted_curves is not None]
    if fitted:
        figures["head_fit"] = {name: _curve_fit(fitted, i) for i, name in enumerate(CURVE_NAMES)}
    return figures


def _curve_fit(takes: Sequence[ImportedTake], curve: int) -> dict[str, float]:
    """Correlation per take (mean, worst) and error in motion over the eye distance (mean, largest)."""
    scores, errors = [], []
    for take in takes:
        assert take.fitted_curves is not None  # noqa: S101 - the caller's choice
        tracked, fitted = take.curves[take.valid, curve], take.fitted_curves[take.valid, curve]
        scores.append(correlation(fitted, tracked))
        difference = fitted - tracked
        errors.append(np.abs(difference - np.median(difference)))
    return {
        "r": round(float(np.nanmean(scores)), 5),
        "r_worst": round(float(np.nanmin(scores)), 5),
        "error": round(float(np.concatenate(errors).mean()), 5),
        "error_worst": round(float(np.concatenate(errors).max()), 5),
    }


def _write_project(
    folder: Path, head: HeadMesh, takes: Sequence[ImportedTake], figures: dict[str, Any]
) -> None:
    write_head(folder, head)
    basis = MotionBasis(head.shape_deltas, _residuals(head, takes))
    np.savez(folder / "motion_basis.npz", basis=basis.as_array())
    (folder / "audio").mkdir()
    for take in takes:
        shutil.copyfile(take.sound, folder / take.entry.audio)
        coefficients = (
            basis.weights_to_coefficients(take.weights)
            if take.offsets is None
            else basis.offsets_to_coefficients(take.offsets)
        )
        arrays = {
            "coefficients": coefficients,
            "weights": take.weights,
            "valid": take.valid,
            "curves": take.curves,
        }
        arrays["head_rotation"] = take.head_rotation.astype(np.float32)
        write_take(folder, take.entry.name, arrays, take.phones)
    write_index(folder, (head.head_id, head.hash), [take.entry for take in takes], figures)


def _residuals(head: HeadMesh, takes: Sequence[ImportedTake]) -> NDArray[np.float32] | None:
    """What vertex takes move beyond the 52 shapes, thinned to a bounded number of frames."""
    offsets = [take.offsets for take in takes if take.offsets is not None]
    if not offsets:
        return None
    step = max(1, sum(len(o) for o in offsets) // RESIDUAL_FRAMES)
    return np.concatenate([o[::step] for o in offsets]).astype(np.float32).reshape(-1, *head.vertices.shape)


def _put_in_place(partial: Path, output: Path) -> None:
    """Swap the finished folder in; an earlier project survives until the new one is complete."""
    partial.chmod(0o755)
    if not output.exists():
        partial.replace(output)
        return
    old = output.with_name(f".{output.name}-old-{os.getpid()}")
    output.replace(old)
    partial.replace(output)
    for name in KEPT:
        if (old / name).is_dir():
            (old / name).replace(output / name)
    shutil.rmtree(old, ignore_errors=True)
