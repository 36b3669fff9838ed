"""A teacher that sees phones instead of sound, and the synthesised speech that it animates.

Three minutes of one actor say how this actor moves at each phone; they do not say what other voices sound
like. Synthesised speech does, and its phones are known. So a small network learns the actor's motion from
phone timings, animates many synthetic voices, and the real network learns from those beside the capture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from training import losses
from training.corpus.phones import BILABIALS, LABIODENTALS, SILENCE
from training.dataset import SAMPLE_RATE, Motion
from training.mouth.lip_contact import sealed, touch_share
from training.teaching.careful_speech import CAREFUL
from training.teaching.phone_windows import WINDOW_SIZE, phone_windows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from training.corpus.phones import Segment
    from training.corpus.spoken_line import SpokenLine
    from training.losses import FaceMetric
    from training.mouth.jaw_height import JawHeight
    from training.mouth.lip_rounding import LipRounding
    from training.mouth.teeth_contact import TeethContact
    from training.networks.lipwright import LipLines

FRAME_RATE = 50.0
#: Lips are pulled together within a bilabial, ramped over this time (s) to both sides.
CONTACT_RAMP = 0.05
#: The teacher's amplitude is raised by this factor at most; more would tell of bad data, not of hedging.
MOST_GAIN = 1.5
#: In pauses of synthesised speech the face goes to rest between these distances from speech (s).
PAUSE_NEAR, PAUSE_FAR = 0.1, 0.25


def contact_share(
    segments: Sequence[Segment], times: NDArray[np.floating[Any]], phones: Collection[str] = BILABIALS
) -> NDArray[np.float32]:
    """Return how much each time belongs to one of `phones`, a p, b or m [T], from 0 to 1."""
    share = np.zeros(len(times))
    for segment in segments:
        if segment.phone in phones:
            outside = np.maximum(np.maximum(segment.start - times, times - segment.end), 0)
            share = np.maximum(share, np.clip(1 - outside / CONTACT_RAMP, 0, 1))
    return share.astype(np.float32)


def pause_share(segments: Sequence[Segment], times: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return how far each time lies inside a pause [T]: 0 near speech, 1 from a quarter of a second away."""
    away = np.full(len(times), np.inf)
    for segment in segments:
        if segment.phone != SILENCE:
            away = np.minimum(away, np.maximum(np.maximum(segment.start - times, times - segment.end), 0))
    return np.clip((away - PAUSE_NEAR) / (PAUSE_FAR - PAUSE_NEAR), 0, 1).astype(np.float32)


class Teacher(nn.Module):
    """Phones round a frame to motion coefficients."""

    def __init__(self, directions: NDArray[np.float32], mean: NDArray[np.float32]) -> None:
        """Create the layers; the last one starts from PCA, as in the network that it teaches.

        Args:
            directions: [P, R] principal directions times their standard deviation.
            mean: [R] mean coefficients.
        """
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(WINDOW_SIZE, 256), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(256, 256), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(256, len(directions)),
        )  # fmt: skip
        self.register_buffer("directions", torch.tensor(directions))
        self.register_buffer("mean", torch.tensor(mean))

    def forward(self, windows: Tensor) -> Tensor:
        """Map windows [..., 17 * 40] to coefficients [..., R]."""
        directions, mean = self.get_buffer("directions"), self.get_buffer("mean")
        return torch.as_tensor(self.layers(windows) @ directions + mean)


@dataclass(frozen=True)
class FaceSpace:
    """How motion coefficients are seen: by vertices, by lips, by their usual directions.

    Attributes:
        metric: Metric of the loss.
        lips: Where the lips are.
        teeth: How the lower lip gets to the teeth.
        rounding: How the lips are rounded and spread.
        jaw: How the jaw is lowered and raised.
        centre: [R] mean coefficients.
        directions: [P, R] principal directions times their standard deviation.
        spread: [3] standard deviation of gap, width and chin.
    """

    metric: FaceMetric
    lips: LipLines
    teeth: TeethContact
    rounding: LipRounding
    jaw: JawHeight
    centre: NDArray[np.float32]
    directions: NDArray[np.float32]
    spread: NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """Captured frames with the phones round them: windows [N, 17 * 40], coefficients [N, R]."""

    windows: NDArray[np.float32]
    coefficients: NDArray[np.float32]


def make_lesson(motions: Sequence[Motion]) -> Lesson:
    """Collect the valid frames of all takes that have phones."""
    windows, coefficients = [], []
    for motion in motions:
        if motion.segments:
            times = motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate
            seconds = len(motion.samples) / SAMPLE_RATE
            windows.append(phone_windows(motion.segments, times, seconds)[motion.valid])
            coefficients.append(motion.coefficients[motion.valid])
    return Lesson(np.concatenate(windows), np.concatenate(coefficients))


def train_teacher(lesson: Lesson, space: FaceSpace, *, seed: int, epochs: int = 20) -> Teacher:
    """Train a teacher; half a minute on one core.

    Args:
        lesson: Captured frames.
        space: What the loss measures with.
        seed: Same seed, same teacher.
        epochs: Passes over the lesson.
    """
    torch.manual_seed(seed)
    teacher = Teacher(space.directions, space.centre)
    windows, target = torch.tensor(lesson.windows), torch.tensor(lesson.coefficients)
    metric, scale = space.metric, torch.tensor(space.spread)
    optimiser = torch.optim.AdamW(teacher.parameters(), 1e-3, weight_decay=0.05)
    steps = epochs * (len(windows) // 128)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    ones = torch.ones(1, 128)
    for step in range(steps):
        pick = torch.randint(
            len(windows), (128,), generator=torch.Generator().manual_seed(seed * 7919 + step)
        )
        ours, theirs = teacher(windows[pick])[None], target[pick][None]
        mouth, closure = losses.mouth_losses(metric, ours, theirs, ones, scale)
        loss = losses.position_loss(metric, ours, theirs, ones) + mouth + 0.1 * closure
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return _lively(teacher.eval(), windows, target, metric)


def _lively(teacher: Teacher, windows: Tensor, target: Tensor, metric: FaceMetric) -> Teacher:
    """Give a teacher, which hedges as whatever minimises squared errors does, the actor's amplitude."""
    with torch.no_grad():
        ours = teacher(windows)
        spread = [((c - c.mean(0)) @ metric.root).square().sum().sqrt() for c in (ours, target)]
        gain = (spread[1] / spread[0]).clamp(1.0, MOST_GAIN)
        teacher.get_buffer("directions").mul_(gain)
        teacher.get_buffer("mean").add_((1 - gain) * (ours.mean(0) - teacher.get_buffer("mean")))
    return teacher


def animate_lines(
    teacher: Teacher,
    lines: Sequence[SpokenLine],
    space: FaceSpace,
    rest: NDArray[np.float32],
) -> list[Motion]:
    """Return the lines with the teacher's motion, in the manner `CAREFUL`.

    Args:
        teacher: Trained on the speaker.
        lines: Synthesised speech.
        space: Where lips and teeth are, which touch within bilabials and labiodentals, and how careful
            speech rounds the lips and moves the jaw: the speaker's capture shows less.
        rest: [R] the speaker's face at rest, for pauses; those of the capture are full of preparation.
    """
    motions = []
    for index, line in enumerate(lines):
        seconds = len(line.samples) / SAMPLE_RATE
        times = (np.arange(int(seconds * FRAME_RATE)) + 0.5) / FRAME_RATE
        with torch.no_grad():
            pose = teacher(torch.tensor(phone_windows(line.segments, times, seconds))).numpy()
        apart = 1 - contact_share(line.segments, times)[:, None]
        pose = pose + space.rounding.added(line.segments, times)
        pose = pose + apart * space.jaw.added(line.segments, times)
        pause = pause_share(line.segments, times)[:, None]
        motion = Motion(
            name=f"synthetic {index} {line.voice}",
            speaker=CAREFUL,
            samples=line.samples,
            start=float(times[0]),
            frame_rate=FRAME_RATE,
            coefficients=np.asarray(pose * (1 - pause) + rest * pause, np.float32),
            valid=np.ones(len(times), bool),
            group="natural" if line.engine == "kokoro" else "synthetic",
            segments=line.segments,
        )
        motions.append(in_contact(motion, space))
    return motions


class Mouth(Protocol):
    """Whatever knows where lips and teeth are."""

    @property
    def lips(self) -> LipLines:
        """Where the lips are."""

    @property
    def teeth(self) -> TeethContact:
        """How the lower lip gets to the teeth."""


def in_contact(motion: Motion, mouth: Mouth) -> Motion:
    """Return motion whose lips meet at p, b, m and nowhere overlap, and touch the teeth at f, v.

    Args:
        motion: A take; where its phones are unknown only overlap is taken away.
        mouth: Where lips and teeth are.
    """
    times = motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate
    lips, teeth = (contact_share(motion.segments, times, p) for p in (BILABIALS, LABIODENTALS))
    closed = sealed(mouth.lips, mouth.teeth.applied(motion.coefficients, teeth), lips)
    if motion.captured and not motion.segments:
        teeth = np.full_like(teeth, np.nan)
    touch = np.stack([np.maximum(lips, touch_share(mouth.lips, closed)), teeth], 1)
    return replace(motion, coefficients=closed, touch=touch)


def finer(motion: Motion) -> Motion:
    """Return captured motion at `FRAME_RATE`: 25 frames a second step over short closures."""
    count = len(motion.coefficients)
    times = motion.start + np.arange(count) / motion.frame_rate
    fine = np.arange(motion.start, times[-1] + 1e-6, 1 / FRAME_RATE)
    low = np.clip(((fine - motion.start) * motion.frame_rate).astype(int), 0, count - 1)
    high = np.minimum(low + 1, count - 1)
    share = ((fine - times[low]) * motion.frame_rate)[:, None].clip(0, 1)
    pose = motion.coefficients[low] * (1 - share) + motion.coefficients[high] * share
    return replace(
        motion,
        frame_rate=FRAME_RATE,
        coefficients=np.asarray(pose, np.float32),
        valid=motion.valid[low] & motion.valid[high],
    )
