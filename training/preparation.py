"""From a capture project to what a run needs: motion, PCA, feature settings, and the metric of the loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_features import FeatureSettings
from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import HeadMesh, load_head
from training.corpus.build import CorpusPlan, build_corpus
from training.dataset import Motion, read_motion, rest_motions, rest_pose, with_statistics
from training.fingerprint import Fingerprint, fingerprint_of
from training.losses import FaceMetric, build_metric
from training.mouth.jaw_height import jaw_height
from training.mouth.lip_contact import lip_lines, sealed
from training.mouth.lip_rounding import lip_rounding
from training.mouth.teeth_contact import TeethContact, teeth_contact
from training.project import load_project
from training.teaching.careful_speech import CAREFUL
from training.teaching.teacher import (
    FaceSpace,
    animate_lines,
    finer,
    in_contact,
    make_lesson,
    train_teacher,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.config import TrainingConfig
    from training.networks.lipwright import LipLines
    from training.project import Project, Take

#: The label of takes without emotion.
NEUTRAL = "neutral"
#: Active-speech level that every sound is brought to, dB below full scale.
TARGET_DB = -20.0


@dataclass(frozen=True)
class Prepared:
    """Training material.

    Attributes:
        project: The project it came from.
        motions: Training takes and made-up rest takes, the main speaker's first.
        settings: Feature settings with mean and standard deviation.
        target_db: Loudness of the training sound.
        basis: [R, V, 3] orthonormal motion basis, metres.
        mean: [R] mean coefficients.
        pca: [P, R] principal directions times their standard deviation, largest first.
        metric: Metric of the loss.
        lips: Where the head's lips are.
        teeth: How the lower lip gets to the teeth.
        measure_spread: [3] standard deviation of gap, width and chin over the training frames.
        felt: Training takes that carry the name of an emotion, and that name; kept from learning to speak
            where emotion is learned after it.
        rest: [R] the main speaker's face at rest.
        validation: Takes that steer nothing but the choice between settings.
        fingerprint: Of the capture; a checkpoint resumes only on the same.
    """

    project: Project
    motions: list[Motion]
    settings: FeatureSettings
    target_db: float
    basis: NDArray[np.float32]
    mean: NDArray[np.float32]
    pca: NDArray[np.float32]
    metric: FaceMetric
    lips: LipLines
    teeth: TeethContact
    measure_spread: NDArray[np.float32]
    felt: list[tuple[Motion, str]]
    rest: NDArray[np.float32]
    validation: list[Take]
    fingerprint: Fingerprint


def prepare(folder: Path, config: TrainingConfig) -> Prepared:
    """Read a project and measure what training needs.

    Args:
        folder: The project.
        config: Training configuration.

    Raises:
        LipwrightError: The project has no training takes.
    """
    project = load_project(folder)
    head = load_project_head(project)
    motions, felt = _captured_motions(project, config)
    spoken = np.concatenate([m.coefficients[m.valid] for m in motions])
    centre, pca = principal_directions(spoken, config.components)
    metric = build_metric(head.vertices, head.landmarks68, project.basis, spoken, config.mouth_emphasis)
    spread = _measure_spread(metric, spoken)
    lips, teeth = lip_lines(head, project.basis), teeth_contact(head, project.basis)
    careful = lip_rounding(head, project.basis, config.rounding_delay), jaw_height(head, project.basis)
    space = FaceSpace(metric, lips, teeth, *careful, centre, pca, spread)
    rest = sealed(lips, rest_pose(motions, motions[0].speaker)[None], np.ones(1, np.float32))[0]
    made_up = _made_up_motions(motions, config, space, rest, folder / "corpus")
    fingerprint = fingerprint_of(motions)
    settings = FeatureSettings(kind=config.feature_kind, channels=config.channels)
    spoken_of_all = motions + [m for m in made_up if m.group == "synthetic"]
    settings = with_statistics(spoken_of_all, settings, TARGET_DB)
    motions = [in_contact(finer(m), space) for m in motions] + made_up
    return Prepared(
        project,
        motions,
        settings,
        TARGET_DB,
        project.basis,
        centre,
        pca,
        metric,
        lips,
        teeth,
        spread,
        [(in_contact(finer(motion), space), name) for motion, name in felt],
        rest,
        [t for t in project.takes if t.split == "validation"],
        fingerprint,
    )


def load_project_head(project: Project) -> HeadMesh:
    """Return the head that a project's motion lies on.

    Raises:
        LipwrightError: The bundled head is another one than the import used.
    """
    head = load_head(default_head_path())
    if head.hash != project.head_hash:
        raise LipwrightError(f"{project.path}: was imported for another head; import the capture again")
    return head


def _captured_motions(
    project: Project, config: TrainingConfig
) -> tuple[list[Motion], list[tuple[Motion, str]]]:
    """Return the takes that teach how to speak, the main speaker's first, and those that teach emotion."""
    takes = [t for t in project.takes if t.split == "train"]
    if not takes:
        raise LipwrightError(f"{project.path}: the project has no training takes; import at least two takes")
    main = config.main_speaker or takes[0].speaker
    if not any(t.speaker == main for t in takes):
        raise LipwrightError(f"{project.path}: no training take has the speaker '{main}'; choose another")
    plain = [t for t in takes if t.emotion == NEUTRAL or not config.emotion_steps]
    if not any(t.speaker == main for t in plain):
        plain = takes  # somebody has to say what speech without emotion looks like
    known = {t.name for t in plain}
    motions = [read_motion(t, "main" if t.speaker == main else "other") for t in plain]
    felt = [(read_motion(t, "other"), t.emotion) for t in takes if t.name not in known]
    return sorted(motions, key=lambda m: m.group != "main"), felt


def _made_up_motions(
    captured: list[Motion],
    config: TrainingConfig,
    space: FaceSpace,
    rest: NDArray[np.float32],
    corpus_folder: Path,
) -> list[Motion]:
    """Return rest takes and, where asked for and possible, a speech corpus with a teacher's motion."""
    main = captured[0].speaker
    made = rest_motions(rest, main, np.random.default_rng(config.seed))
    made = [in_contact(m, space) for m in made]
    taught = [m for m in captured if m.group == "main" and m.segments]
    if config.synthetic_minutes <= 0 or not taught:
        return made
    engines = tuple(config.corpus_engines.split(","))
    plan = CorpusPlan(
        config.synthetic_minutes,
        engines,
        reader_minutes=config.reader_minutes,
        kokoro_minutes=config.kokoro_minutes,
    )
    lines = build_corpus(plan, corpus_folder)
    teacher = train_teacher(make_lesson(taught), space, seed=config.seed)
    # Where nobody speaks, both manners rest.
    made += [replace(m, name=f"{CAREFUL}, {m.name}", speaker=CAREFUL) for m in made]
    return made + animate_lines(teacher, lines, space, rest)


def principal_directions(
    coefficients: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean [R] and up to `count` principal directions [P, R], each times its standard deviation.

    Args:
        coefficients: [N, R].
        count: Largest number of directions; those without variance (below 1e-6 of the largest) are left out.
    """
    mean = coefficients.mean(0)
    centred = (coefficients - mean).astype(np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    order = np.argsort(values)[::-1][:count]
    order = order[values[order] > 1e-9 * values[order[0]]]
    return mean.astype(np.float32), (vectors[:, order] * np.sqrt(values[order])).T.astype(np.float32)


def _measure_spread(metric: FaceMetric, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch  # noqa: PLC0415

    return np.asarray(metric.measures(torch.tensor(coefficients)).numpy().std(0), np.float32)
