"""What was asked for: one line of dialogue, or a request that cannot be understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True)
class SceneChoice:
    """Whose face speaks a line whose format only Blender writes.

    Attributes:
        blend: the scene, or None for one with the bundled head, or the line's character, alone.
        object: the face's object, or "" for the active one.
        exact: key the model's own basis in place of the ARKit shapes.
        strength: scales the line's emotion, 0..1.
        program: what writes it, such as "Blender 5.0": another one writes other files.
    """

    blend: Path | None = None
    object: str = ""
    exact: bool = False
    strength: float = 1.0
    program: str = ""


@dataclass(frozen=True)
class BatchLine:
    """One line to animate.

    Attributes:
        place: where it was asked for, as messages name it: "LINES.csv, row 7", or the sound file.
        id: its name, unique in the batch and fit to be a file's.
        sound: the sound file.
        character: a face outside Blender, or None for the model's own.
        model: the model bundle.
        emotion: as `--emotion` takes it.
        start: seconds on the timeline at which the line begins.
        seed: for what is left to chance; nothing is yet.
        text: what is said, for the report.
        output: the result's file name in the output folder.
        format: "csv", "npz", "json", or one that only Blender writes.
        frame_rate: frames per second, or None for the scene's own.
        emotion_track: file of emotions keyed over the line, or None.
        scene: whose face speaks it, where its format needs Blender.
        from_voice: share, 0..1, by which the emotion heard in the voice takes the place of the chosen one.
    """

    place: str
    id: str
    sound: Path
    character: Path | None
    model: Path
    emotion: str
    start: float
    seed: int
    text: str
    output: str
    format: str
    frame_rate: Fraction | None
    emotion_track: Path | None = None
    scene: SceneChoice | None = None
    from_voice: float = 0.0


@dataclass(frozen=True)
class BadLine:
    """A request that cannot be carried out.

    Attributes:
        place: where it stands, see `BatchLine`.
        id: its name as far as it has one.
        error: one sentence.
    """

    place: str
    id: str
    error: str


@dataclass(frozen=True)
class LineDefaults:
    """What lines use that say nothing else, see `BatchLine`, and which formats there are.

    Attributes:
        frame_rate: None for the scene's own, and 30 for what has no scene.
        scene_formats: formats that need a scene, with their files' ending; empty outside Blender.
    """

    format: str
    frame_rate: Fraction | None
    emotion: str
    model: Path
    character: Path | None
    emotion_track: Path | None = None
    from_voice: float = 0.0
    scene: SceneChoice = SceneChoice()
    scene_formats: Mapping[str, str] = field(default_factory=dict)
