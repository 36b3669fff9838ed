"""A picture of the ten emotions at full intensity: at rest, and at p, a and u."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from inference.atomic_file import atomic_path
from inference.audio_file import AudioClip
from inference.errors import LipwrightError
from training.capture.motion_basis import MotionBasis
from training.corpus.espeak import Espeak
from training.corpus.phones import SILENCE, Segment
from training.dataset import SAMPLE_RATE, Motion
from training.evaluation import plots
from training.evaluation.face_drawing import FaceDrawer, Frame
from training.evaluation.face_regions import FaceRegions
from training.evaluation.systems import ModelSystem
from training.mouth.lip_contact import lip_lines
from training.mouth.lip_rounding import ROUNDING
from training.mouth.teeth_contact import teeth_contact
from training.performance.expressions import EMOTIONS
from training.performance.perform import perform
from training.performance.script import EmotionScript
from training.performance.shape_layer import performing_face, weight_row
from training.teaching.teacher import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from inference.head_mesh import HeadMesh
    from inference.model_bundle import ModelBundle
    from training.performance.shape_layer import PerformingFace

#: Column to the phone and the weights of its neutral face.
COLUMNS: dict[str, tuple[str, dict[str, float]]] = {
    "at rest": (SILENCE, {}),
    "p": ("P", {}),
    "a": ("AA", {"jawOpen": 0.38}),
    "u": ("UW", ROUNDING | {"jawOpen": 0.06}),
}
#: Every column's face is held for so long (s), with such a pause before it.
HELD, PAUSED = 0.6, 1.0
TILE = 256
#: What a model says on the sheet: it has the columns' phones in their order.
SAID = "Papa, move."
#: Emotions beside each other.
BLOCKS = 2


def write_sheet(path: Path, head: HeadMesh, faces: Callable[[str], NDArray[np.float32]]) -> None:
    """Draw the sheet and write it as PNG.

    Args:
        path: Picture to write.
        head: Whose faces they are.
        faces: Returns the vertices [4, V, 3] of an emotion, or of "neutral", one face for every column.
    """
    drawer = FaceDrawer(head, _frame(head))
    rows = {name: [drawer.draw(face) for face in faces(name)] for name in ("neutral", *EMOTIONS)}
    with atomic_path(path) as part:
        plots.save_png(_figure(rows), part, dpi=100)


def performed_faces(head: HeadMesh, seed: int = 0) -> Callable[[str], NDArray[np.float32]]:
    """Return what performs the sheet's faces, see `write_sheet`; `seed` says which performances."""
    basis = MotionBasis(head.shape_deltas).as_array()
    face = performing_face(head, basis, lip_lines(head, basis), teeth_contact(head, basis))

    def faces(name: str) -> NDArray[np.float32]:
        poses = performed_poses(name, face, seed)
        return np.asarray(head.vertices + np.tensordot(poses, basis, 1), np.float32)

    return faces


def model_faces(bundle: ModelBundle, head: HeadMesh) -> Callable[[str], NDArray[np.float32]]:
    """Return what makes a model speak the sheet's faces, see `write_sheet`.

    Raises:
        LipwrightError: espeak-ng, which says the line, is not installed.
    """
    sound, times = spoken_line()
    neutral = ModelSystem(bundle, FaceRegions.of_head(head))

    def faces(name: str) -> NDArray[np.float32]:
        system = neutral if name not in bundle.emotion_names else neutral.with_style(name)
        return system.poses(sound, times)

    return faces


def spoken_line() -> tuple[AudioClip, NDArray[np.float64]]:
    """Return a spoken line, and the moments [4] of it that the sheet's columns show, in seconds.

    Raises:
        LipwrightError: espeak-ng, which says it, is not installed.
    """
    try:
        engine = Espeak()
    except OSError as error:
        raise LipwrightError(f"espeak-ng cannot be loaded ({error}); install it to draw a model") from error
    line = engine.speak(SAID, "en-us", np.random.default_rng(0))
    if line is None:
        raise LipwrightError("this espeak-ng has no American voice; draw without a model")
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    times = [0.5]
    for phone, _ in list(COLUMNS.values())[1:]:
        first = next(s for s in line.segments if s.phone == phone and s.start + 1 >= times[-1])
        times.append(1 + (first.start + first.end) / 2)
    clip = AudioClip.from_samples(np.concatenate([quiet, line.samples, quiet]), SAMPLE_RATE, "sheet")
    return clip, np.array(times)


def still_line(face: PerformingFace) -> Motion:
    """Return a neutral line that holds the sheet's phones, with pauses between them."""
    parts: list[tuple[str, dict[str, float], float]] = []
    for phone, weights in COLUMNS.values():
        parts += [(SILENCE, {}, PAUSED), (phone, weights, HELD)]
    ends = np.cumsum([seconds for _, _, seconds in parts])
    segments = [
        Segment(phone, end - seconds, end) for (phone, _, seconds), end in zip(parts, ends, strict=True)
    ]
    poses = [
        np.repeat((weight_row(weights) @ face.moves)[None], round(seconds * FRAME_RATE), 0)
        for _, weights, seconds in parts
    ]
    coefficients = np.concatenate(poses).astype(np.float32)
    return Motion(
        name="still",
        speaker="nobody",
        samples=np.zeros(int(ends[-1] * 16000), np.float32),
        start=0.5 / FRAME_RATE,
        frame_rate=FRAME_RATE,
        coefficients=coefficients,
        valid=np.ones(len(coefficients), bool),
        segments=tuple(segments),
    )


def performed_poses(name: str, face: PerformingFace, seed: int) -> NDArray[np.float32]:
    """Return the coefficients [4, R] of one emotion, or "neutral", at the middle of every column's phone."""
    line = still_line(face)
    script = EmotionScript() if name == "neutral" else EmotionScript.held({name: 1.0})
    performed = perform(line, script, face, np.random.default_rng(seed)).motion.coefficients
    middles = np.array([(i + 1) * PAUSED + (i + 0.5) * HELD for i in range(len(COLUMNS))])
    share = middles / ((PAUSED + HELD) * len(COLUMNS))
    return np.asarray(performed[np.round(share * len(performed)).astype(int)], np.float32)


def _frame(head: HeadMesh) -> Frame:
    """Brows to chin, closer than `face_frame`: the neck says nothing."""
    marks = head.vertices[head.landmarks68]
    eyes = float(np.linalg.norm(marks[36] - marks[45]))
    middle = float((marks[[19, 24], 2].mean() + marks[8, 2]) / 2)
    return Frame((0.0, middle + 0.1 * eyes), 1.55 * eyes, (TILE, int(1.15 * TILE)))


def _figure(rows: dict[str, list[NDArray[np.uint8]]]) -> Figure:
    down = -(-len(rows) // BLOCKS)
    columns = len(COLUMNS)
    height, width = next(iter(rows.values()))[0].shape[:2]
    size = BLOCKS * columns * width / 100 + 0.4, down * (height + 6) / 100 + 0.4
    figure = Figure(size, layout="constrained")
    grid = figure.subplots(down, BLOCKS * columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for index, (name, pictures) in enumerate(rows.items()):
        block, row = divmod(index, down)
        _draw_row(grid[row, block * columns : (block + 1) * columns], name, pictures, titled=row == 0)
    return figure


def _draw_row(
    axes: NDArray[np.object_], name: str, pictures: list[NDArray[np.uint8]], *, titled: bool
) -> None:
    for column, picture in enumerate(pictures):
        place: Axes = axes[column]
        place.imshow(picture)
        if titled:
            place.set_title(list(COLUMNS)[column])
        if column == 0:
            place.text(4, 6, name, va="top", ha="left", fontsize=12, color="0.1", fontweight="bold")
