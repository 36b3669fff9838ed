"""A capture project as flat tensors, and the chunks that a training step sees."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from inference.audio_features import FeatureSettings, silence_features
from inference.audio_file import read_audio
from training.alteration.altered_copies import CopyMaker, altered_copies, features_of
from training.alteration.augmentation import band_music, bursts, chords, gusts, noise, silence
from training.corpus.phones import PHONES, SILENCE, spread_all
from training.networks import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.config import TrainingConfig
    from training.corpus.phones import Segment
    from training.project import Take

SAMPLE_RATE = 16000
HOP_LENGTH = 128
#: Seconds of each made-up sound with a face at rest, and how many there are.
REST_SECONDS, REST_SOUNDS = 6.0, 72
REST_SOUND_KINDS = (silence, noise, chords, bursts, gusts, band_music)
#: Every how many made-up lines one is heard in the background of others.
TALKER_STEP = 25
#: The groups of made-up lines.
SPOKEN_LINES = ("synthetic", "natural")


@dataclass(frozen=True)
class Motion:
    """One take's motion, at a steady rate.

    Attributes:
        name: The take's name.
        speaker: Whose motion it is.
        samples: [N] float32 sound at 16 kHz.
        start: Time of the first frame, seconds.
        frame_rate: Frames per second.
        coefficients: [T, R] float32.
        valid: [T] bool.
        group: "main" (the speaker whose style is neutral), "other" (captured too), "synthetic", "natural"
            (synthesised so well that contact alone learns from it) or "rest".
        segments: Its phones, where known.
        touch: [T, 2] float32, from 0 to 1 how much the lips touch, and lower lip and teeth; NaN where that is
            unknown, None where nothing is known.
    """

    name: str
    speaker: str
    samples: NDArray[np.float32]
    start: float
    frame_rate: float
    coefficients: NDArray[np.float32]
    valid: NDArray[np.bool_]
    group: str = "main"
    segments: tuple[Segment, ...] = ()
    touch: NDArray[np.float32] | None = None

    @property
    def captured(self) -> bool:
        """Whether an actor or animator made the motion; only then its frames own latent vectors."""
        return self.group in {"main", "other"}

    @property
    def spoken(self) -> bool:
        """Whether it is known when somebody speaks in it."""
        return any(s.phone != SILENCE for s in self.segments)


@dataclass(frozen=True)
class Batch:
    """Chunks for one step.

    Attributes:
        features: [B, N, C] normalised.
        target: [B, T, R] coefficients.
        weight: [B, T] 1 where the capture is valid, else 0.
        frame: [B, T] position among all training frames (fractional); used for phones and reports.
        code_frame: [B, M] the same for every code frame; the latents are read there.
        speaker: [B] speaker number.
        captured: [B] bool, chunks whose frames own latent vectors.
        touch: [B, T, 2] how much the lips, and lip and teeth, touch; NaN where unknown.
        phone: [B, T] which of `training.corpus.phones.PHONES` is spoken; -1 where unknown.
    """

    features: Tensor
    target: Tensor
    weight: Tensor
    frame: Tensor
    code_frame: Tensor
    speaker: Tensor
    captured: Tensor
    touch: Tensor
    phone: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return a copy on `device`."""
        return Batch(**{f.name: getattr(self, f.name).to(device) for f in dataclasses.fields(self)})


def read_motion(take: Take, group: str) -> Motion:
    """Read a take's sound beside its motion; `group` as in `Motion`."""
    samples = np.asarray(read_audio(take.audio_path).samples, np.float32)
    return Motion(
        take.name,
        take.speaker,
        samples,
        float(take.times[0]),
        float(take.frame_rate),
        np.nan_to_num(take.coefficients.astype(np.float32)),
        take.valid & np.isfinite(take.coefficients).all(1),
        group,
        spread_all(take.phones),
    )


def rest_pose(motions: Sequence[Motion], speaker: str) -> NDArray[np.float32]:
    """Return a speaker's face at rest [R]: the median over the frames with the least sound around them."""
    poses, levels = [], []
    for motion in motions:
        if motion.speaker != speaker:
            continue
        power = np.convolve(motion.samples**2, np.ones(4000) / 4000, "same")
        at = ((motion.start + np.arange(len(motion.coefficients)) / motion.frame_rate) * SAMPLE_RATE).astype(
            int
        )
        level = power[np.clip(at, 0, len(power) - 1)] / (power.mean() + 1e-12)
        poses.append(motion.coefficients[motion.valid])
        levels.append(level[motion.valid])
    pose, level = np.concatenate(poses), np.concatenate(levels)
    return np.asarray(np.median(pose[level <= np.quantile(level, 0.1)], 0), np.float32)


def rest_motions(pose: NDArray[np.float32], speaker: str, rng: np.random.Generator) -> list[Motion]:
    """Return made-up takes in which nobody speaks, so that silence, noise and music leave the face at rest.

    Args:
        pose: [R] the face at rest.
        speaker: Speaker of the pose.
        rng: Source of the sounds.
    """
    count, motions = int(REST_SECONDS * SAMPLE_RATE), []
    for index in range(REST_SOUNDS):
        made = REST_SOUND_KINDS[index % len(REST_SOUND_KINDS)]
        sound = 0.1 * made(count, SAMPLE_RATE, rng)
        frames = int(REST_SECONDS * 25)
        motions.append(
            Motion(
                f"rest {index}",
                speaker,
                sound.astype(np.float32),
                0.0,
                25.0,
                np.repeat(pose[None], frames, 0),
                np.ones(frames, bool),
                group="rest",
            )
        )
    return motions


class Dataset:
    """All training takes with their altered copies, ready to draw chunks from."""

    def __init__(
        self, motions: Sequence[Motion], settings: FeatureSettings, config: TrainingConfig, target_db: float
    ) -> None:
        """Compute the features of every take and of its altered copies.

        Args:
            motions: Training takes, the main speaker's first; made-up ones included.
            settings: Feature settings with mean and standard deviation.
            config: Training configuration.
            target_db: Loudness of the training sound.
        """
        self.config = config
        self.network = NETWORKS[config.network]
        self.motions = list(motions)
        self.speakers = list(dict.fromkeys(m.speaker for m in motions))
        counts = [len(m.coefficients) for m in motions]
        self.first_frame = torch.tensor(np.concatenate([[0], np.cumsum(counts)]))
        self.coefficients = torch.tensor(np.concatenate([m.coefficients for m in motions]))
        self.valid = torch.tensor(np.concatenate([m.valid for m in motions]))
        self.touch = torch.tensor(np.concatenate([_touch(m) for m in motions]))
        self.phone = torch.tensor(np.concatenate([_phone(m) for m in motions]))
        self._fill_features(settings, target_db)

    def _fill_features(self, settings: FeatureSettings, target_db: float) -> None:
        pad = np.repeat(silence_features(settings)[None], self.margin + self.chunk_span, 0)
        talkers = [m.samples for m in self.motions if m.group in SPOKEN_LINES][::TALKER_STEP]
        maker = CopyMaker(settings, target_db, tuple(talkers), self.config.seed)
        counts = [self._variants(motion) for motion in self.motions]
        copies = altered_copies([m.samples for m in self.motions], counts, maker)
        parts, owners, originals, scales, lengths = [], [], [], [], []
        for index, motion in enumerate(self.motions):
            own = [(features_of(motion.samples, settings, target_db), 1.0)]
            for variant, (frames, scale) in enumerate([*own, *islice(copies, counts[index])]):
                parts += [pad[: self.margin], frames, pad]
                owners.append(index)
                originals.append(variant == 0)
                scales.append(scale)
                lengths.append(len(frames))
        self.features = torch.tensor(np.concatenate(parts))
        starts = np.cumsum([0, *(n + len(pad) + self.margin for n in lengths[:-1])]) + self.margin
        self.start, self.length = torch.tensor(starts), torch.tensor(lengths)
        self.owner, self.scale = torch.tensor(owners), torch.tensor(scales, dtype=torch.float64)
        self.is_original = originals
        groups = [self.motions[i].group for i in owners]
        self.odds = self._odds(groups, self._shares(groups))
        self.odds_after_motion = self._odds(groups, self._shares_after_motion(groups))

    def _variants(self, motion: Motion) -> int:
        if motion.captured:
            return self.config.variants
        return self.config.synthetic_variants if motion.group in SPOKEN_LINES else 0

    @property
    def margin(self) -> int:
        """Feature frames before the first output frame's own."""
        return self.network.window // 2

    @property
    def chunk_span(self) -> int:
        """Feature frames from a chunk's first output frame to the end of what it reads."""
        return self.network.hop * (self.config.chunk_outputs - 1) + 1 + self.margin

    def _shares(self, groups: Sequence[str]) -> dict[str, float]:
        """Return the share of chunks that each group of sounds gets while motion learns.

        What natural voices teach of contact, they cost the actor's face in correlation: of them it learns
        nothing.
        """
        shares = {"other": self.config.other_share, "synthetic": self.config.synthetic_share}
        shares = {k: v for k, v in (shares | {"rest": self.config.rest_share}).items() if k in groups}
        return shares | {"main": 1 - sum(shares.values())}

    def _shares_after_motion(self, groups: Sequence[str]) -> dict[str, float]:
        """Return the same for the time when contact learns alone, and capture is known by heart."""
        shares = self._shares(groups)
        if "synthetic" not in shares:
            return shares
        captured = {k: shares[k] for k in ("main", "other") if k in shares}
        scale = self.config.captured_after / sum(captured.values())
        shares |= {k: v * scale for k, v in captured.items()}
        if "natural" in groups:
            shares["natural"] = self.config.natural_share
        return shares | {"synthetic": 1 - sum(v for k, v in shares.items() if k != "synthetic")}

    def _odds(self, groups: Sequence[str], shares: dict[str, float]) -> Tensor:
        """Return the odds of drawing each sound: by group, original or copy, and seconds."""
        odds = self.length.double()
        own = [self.motions[i] for i in self.owner.tolist()]
        captured, made_up = self.config.altered_share, self.config.synthetic_altered_share
        altered = torch.tensor([captured if m.captured else made_up for m in own], dtype=torch.float64)
        copies = torch.tensor([max(1, self._variants(m)) for m in own])
        odds *= torch.where(torch.tensor(self.is_original), 1 - altered, altered / copies)
        for group in set(groups):
            mine = torch.tensor([g == group for g in groups])
            odds[mine] *= shares.get(group, 0.0) / odds[mine].sum().clamp(min=1)
        return odds

    def _batch_size(self, *, motion_learns: bool) -> int:
        return (self.config.motion_batch_size if motion_learns else 0) or self.config.batch_size

    def draw(self, generator: torch.Generator, *, motion_learns: bool = True) -> Batch:
        """Draw one batch; every choice comes from `generator`.

        A chunk may start at any feature frame (8 ms) and its targets are interpolated at the exact times of
        its outputs, which includes the paper's random shift of both by up to half a frame.
        """
        size, outputs = self._batch_size(motion_learns=motion_learns), self.config.chunk_outputs
        odds = self.odds if motion_learns else self.odds_after_motion
        sound = torch.multinomial(odds, size, replacement=True, generator=generator)
        hop, stride, field = self.network.hop, self.network.code_stride, self.network.code_field
        room = (self.length[sound] - hop * (outputs - 1)).clamp(min=8)
        lead = 16  # a chunk may begin a little before the recording, in the silence that precedes every line
        begin = (torch.rand(size, generator=generator) * (room + lead)).long() - lead
        span = torch.arange(-self.margin, self.chunk_span)
        index = (self.start[sound] + begin)[:, None] + span
        features = self.features[index.clamp(0, len(self.features) - 1)]
        output = begin[:, None] + hop * torch.arange(outputs)
        codes = torch.arange((len(span) - field) // stride + 1)
        code = begin[:, None] - self.margin + (field - 1) // 2 + stride * codes
        frame, inside = self._frames(sound, output)
        target, weight = self._between(self.coefficients, frame), self._weight(frame, inside)
        owner = self.owner[sound]
        speakers = torch.tensor([self.speakers.index(self.motions[i].speaker) for i in owner.tolist()])
        captured = torch.tensor([self.motions[i].captured for i in owner.tolist()])
        codes_at, touch = self._frames(sound, code)[0], self._between(self.touch, frame)
        phone = self.phone[frame.round().long()]
        return Batch(features, target, weight, frame, codes_at, speakers, captured, touch, phone)

    def _frames(self, sound: Tensor, feature_frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return positions among all training frames, clamped to the take, and whether they lay inside it."""
        owner = self.owner[sound]
        rate = torch.tensor([self.motions[i].frame_rate for i in owner.tolist()], dtype=torch.float64)
        begin = torch.tensor([self.motions[i].start for i in owner.tolist()], dtype=torch.float64)
        seconds = feature_frame * (HOP_LENGTH / SAMPLE_RATE) * self.scale[sound][:, None]
        local = (seconds - begin[:, None]) * rate[:, None]
        last = (self.first_frame[owner + 1] - self.first_frame[owner] - 1)[:, None]
        inside = (local > -rate[:, None]) & (local < last + rate[:, None])
        return self.first_frame[owner][:, None] + local.clamp(min=0).minimum(last.double()), inside

    @staticmethod
    def _between(values: Tensor, frame: Tensor) -> Tensor:
        """Return values [F, K] at fractional frames [B, T], as [B, T, K]."""
        low = frame.floor().long()
        share = (frame - low).float()[..., None]
        return values[low] * (1 - share) + values[frame.ceil().long()] * share

    def _weight(self, frame: Tensor, inside: Tensor) -> Tensor:
        return (self.valid[frame.floor().long()] & self.valid[frame.ceil().long()] & inside).float()


def _touch(motion: Motion) -> NDArray[np.float32]:
    unknown = np.full((len(motion.coefficients), 2), np.nan, np.float32)
    return unknown if motion.touch is None else motion.touch


def _phone(motion: Motion) -> NDArray[np.int64]:
    """Return the number of the phone at each frame [T]; -1 all along where none is known.

    Sounds without speech are silence, however loud.
    """
    count = len(motion.coefficients)
    if not motion.segments:
        return np.full(count, PHONES.index(SILENCE) if motion.group == "rest" else -1)
    phone = np.full(count, PHONES.index(SILENCE))
    times = motion.start + np.arange(count) / motion.frame_rate
    for segment in motion.segments:
        phone[(times >= segment.start) & (times < segment.end)] = PHONES.index(segment.phone)
    return phone


def with_statistics(
    motions: Sequence[Motion], settings: FeatureSettings, target_db: float
) -> FeatureSettings:
    """Return settings that bring the training sound's features to mean 0 and deviation 1 in every channel."""
    return settings.with_statistics(
        np.concatenate([features_of(m.samples, settings, target_db) for m in motions])
    )
