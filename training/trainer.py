"""The training run: steps, averaged weights, curves, validation, checkpoints, resuming."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from inference.audio_features import silence_features
from inference.errors import LipwrightError
from training import losses
from training.alteration.augmentation import FeatureAugmentation
from training.amplitude import restore_amplitude
from training.checkpoint import (
    CHECKPOINT_NAME,
    load_checkpoint,
    make_run_folder,
    save_checkpoint,
    unreadable,
)
from training.corpus.phones import PHONES, SILENCE
from training.dataset import Batch, Dataset
from training.half_precision import half_precision
from training.learner import Learner
from training.networks import NETWORKS, lipwright
from training.preparation import Prepared, prepare
from training.second_ear.recogniser_lesson import teach_second_ear
from training.teaching.careful_speech import CAREFUL
from training.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.config import TrainingConfig
    from training.networks import FaceNetwork

#: Training chunks, of two to three seconds each, that tell how far the steps of eight bits must reach.
ROUNDING_CHUNKS = 256
#: Steps in which the second ear learns what to listen to, for each in which it learns contact.
LIKELIHOOD_STEPS_EACH = 2
#: What is learned in steps of its own: motion, then contact, then contact by the second ear, then what motion
#: takes over from contact's first.
LESSONS = ("motion", "contact", "recognising", "refining")


@dataclass(frozen=True)
class TrainedModel:
    """A finished run.

    Attributes:
        network: The network with averaged weights, on the CPU, in evaluation mode.
        latents: [N, E] learned latent vectors of the main speaker, mean zero.
        latent_takes: [N] number of the take each of them belongs to, in the order of `prepared.motions`.
        styles: [E] vectors of manners that are not the neutral face's, by speaker.
        prepared: What the network was trained on.
        config: How it was trained.
        figures: Steps, seconds, loss and validation figures.
        points: [16] latent vectors of the emotions learned after speech, by name; with any, `latents` are the
            latents of emotion.
    """

    network: FaceNetwork
    latents: np.ndarray[Any, np.dtype[np.float32]]
    latent_takes: np.ndarray[Any, np.dtype[np.int32]]
    styles: dict[str, np.ndarray[Any, np.dtype[np.float32]]]
    prepared: Prepared
    config: TrainingConfig
    figures: dict[str, Any]
    points: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = dataclasses.field(default_factory=dict)


class Trainer:
    """One training run in a folder of its own."""

    def __init__(self, prepared: Prepared, config: TrainingConfig, folder: Path, device: str) -> None:
        """Set up data, parameters and optimiser, and pick up the folder's checkpoint where there is one.

        Args:
            prepared: The project's motion and features.
            config: Training configuration.
            folder: Checkpoint and curves; made when missing.
            device: "cpu" or "cuda".

        Raises:
            LipwrightError: The folder cannot be made, or its checkpoint belongs to another configuration or
                cannot be read.
        """
        make_run_folder(folder)
        torch.manual_seed(config.seed)
        self.prepared, self.config, self.folder = prepared, config, folder
        self.device = torch.device(device)
        self.data = Dataset(prepared.motions, prepared.settings, config, prepared.target_db)
        self.learner = Learner(config, prepared, self.data).to(self.device)
        self.metric = prepared.metric.to(self.device)
        self.spread = torch.tensor(prepared.measure_spread, device=self.device)
        self.average = {k: v.detach().clone() for k, v in self.learner.network.state_dict().items()}
        self.rms = losses.RunningRms()
        self.optimiser = self._optimiser()
        self.augmentation = FeatureAugmentation(
            config.feature_kind,
            torch.tensor(prepared.settings.mean, dtype=torch.float32, device=self.device),
            torch.tensor(prepared.settings.std, dtype=torch.float32, device=self.device),
            config.feature_noise,
            config.channel_shift,
            config.colour,
            config.mask_share,
        )
        self.step, self.seconds = 0, 0.0
        if (folder / CHECKPOINT_NAME).exists():
            self._resume()

    def _optimiser(self) -> torch.optim.Optimizer:
        network, contact = self.learner.network, list(self.learner.contact_parameters())
        shared, again = [], []
        if isinstance(network, lipwright.Network):
            shared, again = (
                list(network.code_from_contact.parameters()),
                list(network.recogniser_parameters()),
            )
        known = {id(p) for p in contact + shared + again}
        motion = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
        beside = [self.learner.latents, self.learner.styles]
        groups = [
            {"params": motion, "weight_decay": self.config.weight_decay, "learns": "motion"},
            {"params": beside, "weight_decay": 0.0, "scale": 3.0, "learns": "motion"},
            {
                "params": contact,
                "weight_decay": self.config.weight_decay,
                "scale": self.config.contact_rate,
                "learns": "contact",
            },
        ]
        if shared:
            rate = {"weight_decay": self.config.weight_decay, "scale": self.config.contact_rate}
            groups.append({"params": again, **rate, "learns": "recognising"})
            groups.append({"params": shared, "weight_decay": self.config.weight_decay, "learns": "refining"})
        return torch.optim.AdamW(groups, lr=self.config.learning_rate, betas=(0.9, 0.99))

    def run(self, progress: Callable[[str], None] = print) -> None:
        """Train to the last step.

        Args:
            progress: Receives one line per validation.

        Raises:
            LipwrightError: The folder cannot be written, or the loss is no number any more.
        """
        writer = self._curves()
        try:
            self._run(writer, progress)
        except OSError as error:  # the disk is full: the writer's own thread found out a few steps ago
            raise LipwrightError(
                f"{self.folder}: the curves cannot be written ({error.strerror}); free some disk space and "
                "start again: training goes on from the last checkpoint"
            ) from error

    def _run(self, writer: SummaryWriter, progress: Callable[[str], None]) -> None:
        begun, before = time.monotonic(), self.seconds
        with writer, self._bar() as bar:
            while self.step < self.config.steps:
                values = self.take_step()
                self.seconds = before + time.monotonic() - begun
                bar.update()
                self._report(values, writer, progress)
                if self.step % self.config.checkpoint_every == 0 or self.step == self.config.steps:
                    self._save()

    def _curves(self) -> SummaryWriter:
        try:
            return SummaryWriter(str(self.folder), purge_step=self.step)
        except OSError as error:
            raise LipwrightError(
                f"{self.folder}: cannot be written ({error.strerror}); name another folder with --run"
            ) from error

    def _bar(self) -> tqdm[Any]:
        """Return the progress bar; it draws on a terminal only, since a log would get a line per step."""
        return tqdm(
            total=self.config.steps,
            initial=self.step,
            unit="step",
            desc=self.config.network,
            disable=None,
        )

    def _report(
        self, values: dict[str, float], writer: SummaryWriter, progress: Callable[[str], None]
    ) -> None:
        if self.step % 10 == 0:
            for name, value in values.items():
                writer.add_scalar(f"loss/{name}", value, self.step)
        if self.step % self.config.validation_every and self.step != self.config.steps:
            return
        figures = validate(self.averaged_network(), self.prepared)
        if figures:
            for name, value in figures.items():
                writer.add_scalar(f"validation/{name}", value, self.step)
            shown = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            progress(f"step {self.step}  {self.seconds:.0f} s  {shown}")

    def take_step(self) -> dict[str, float]:
        """Take one optimiser step and return its losses; seed and step decide all that is random."""
        seed = self.config.seed * 1_000_003 + self.step
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        moving, hearing = self._learns("motion") or self._learns("refining"), self._learns("contact")
        batch = self.data.draw(generator, motion_learns=moving).to(self.device)
        keep = (torch.rand(len(batch.speaker), generator=generator) >= self.config.latent_dropout).to(
            self.device
        )
        self._set_rate()
        self.learner.train()
        features = self.augmentation(batch.features, self._altered_share(batch, moving=moving), generator)
        terms = self._motion_terms(batch, features, keep) if moving else {}
        if hearing:
            terms |= self._contact_terms(batch, features)
        if self._learns("recognising"):
            self._open_second_ear()
            terms |= self._second_contact_terms(batch, features)
        weights = dataclasses.asdict(self.config.loss)
        loss = torch.stack([weights[k] * self.rms.normalise(k, v) for k, v in terms.items()]).sum()
        self._check_finite(loss, batch)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norms = self._clip_gradients()
        self.optimiser.step()
        self._update_average()
        self.step += 1
        return {k: float(v.detach()) for k, v in terms.items()} | norms

    def _learns(self, lesson: str) -> bool:
        """Return whether one of `LESSONS` is learned in this step."""
        first, last = self._steps_of(lesson)
        return first <= self.step < last

    def _hears_contact(self) -> bool:
        return isinstance(self.learner.network, lipwright.Network)

    def _clip_gradients(self) -> dict[str, float]:
        """Clip each lesson's gradients apart, drop those not learned now, and return their norms."""
        norms = {}
        for lesson in LESSONS:
            groups = [g["params"] for g in self.optimiser.param_groups if g["learns"] == lesson]
            together = list(itertools.chain.from_iterable(groups))
            if self._learns(lesson):
                norms[f"gradient of {lesson}"] = float(nn.utils.clip_grad_norm_(together, 5.0))
            else:
                for parameter in together:
                    parameter.grad = None
        return norms

    def _check_finite(self, loss: Tensor, batch: Batch) -> None:
        """Stop a run that went wrong before it reaches the weights and the checkpoint."""
        if not torch.isfinite(loss):
            culprits = sorted({self.data.speakers[int(k)] for k in batch.speaker})
            raise LipwrightError(
                f"step {self.step}: the loss is no number; lower the learning rate, or look at the takes of "
                f"{', '.join(culprits)}"
            )

    def _motion_terms(self, batch: Batch, features: Tensor, keep: Tensor) -> dict[str, Tensor]:
        emotion, own = self.learner.emotion(batch, keep)
        network = self.learner.network
        if isinstance(network, lipwright.Network):
            # Motion is judged with the true contact: what the other trunk does well, this one need not learn.
            pose = network.pose(self._motion_code(features), emotion)
            predicted = network.seal(pose, torch.nan_to_num(batch.touch))
        else:
            predicted = network.face(network.speech_code(features), emotion)
        mouth, closure = losses.mouth_losses(self.metric, predicted, batch.target, batch.weight, self.spread)
        return {
            "position": losses.position_loss(self.metric, predicted, batch.target, batch.weight),
            "motion": losses.motion_loss(self.metric, predicted, batch.target, batch.weight),
            "mouth": mouth,
            "closure": closure,
            "emotion": losses.emotion_loss(own),
        }

    def _motion_code(self, features: Tensor) -> Tensor:
        network = self.learner.network
        assert isinstance(network, lipwright.Network)  # noqa: S101 - no other network has two trunks
        if not self._learns("refining"):
            alone: Tensor = network.speech(features)
            return alone
        with torch.no_grad():
            heard = network.contact(features)
        return network.motion_code(features, heard, taken_over=1.0)

    def _contact_terms(self, batch: Batch, features: Tensor) -> dict[str, Tensor]:
        network = self.learner.network
        assert isinstance(network, lipwright.Network)  # noqa: S101 - no other network hears contact
        with half_precision(self.device):
            heard = network.contact_code(features)
            silence = network.silence(heard)
            terms = _heard_terms(batch, heard, network.touch, network.phones)
        asleep = losses.touch_loss(silence.float(), _silence(batch.phone), batch.weight)
        return terms | {"silence": asleep}

    def _open_second_ear(self) -> None:
        """Teach the second ear what it listens to, before its first step."""
        network = self.learner.network
        assert isinstance(network, lipwright.Network)  # noqa: S101 - no other network hears contact
        if network.has_second_ear:
            return
        steps = LIKELIHOOD_STEPS_EACH * self.config.recognising_steps
        teach_second_ear(network, self._heard_in_training(), steps, self.config.seed)
        for name, value in network.recogniser.likelihoods.state_dict().items():
            self.average[f"recogniser.likelihoods.{name}"].copy_(value)

    def _second_contact_terms(self, batch: Batch, features: Tensor) -> dict[str, Tensor]:
        network = self.learner.network
        assert isinstance(network, lipwright.Network)  # noqa: S101 - no other network hears contact
        with half_precision(self.device):
            heard = network.second_contact_code(features)
            return _heard_terms(batch, heard, network.touch_again, network.phones_again)

    def _altered_share(self, batch: Batch, *, moving: bool) -> Tensor:
        """Return the odds [B] of each chunk to be altered; where motion learns, the actor's seldom are."""
        made_up = torch.full_like(batch.weight[:, 0], self.config.synthetic_altered_share)
        return torch.where(batch.captured, self.config.altered_share, made_up) if moving else made_up

    def _set_rate(self) -> None:
        """Cosine schedule with a short warm-up, for each lesson its own."""
        for group in self.optimiser.param_groups:
            first, last = self._steps_of(group["learns"])
            done = min(1.0, max(0.0, (self.step - first) / max(1, last - first)))
            warm = min(1.0, max(1, self.step - first + 1) / 50)
            rate = self.config.learning_rate * warm * (0.5 * (1 + math.cos(math.pi * done)) + 1e-3)
            group["lr"] = rate * group.get("scale", 1.0)

    def _steps_of(self, lesson: str) -> tuple[int, int]:
        """Return the first step in which one of `LESSONS` is learned, and the one after the last."""
        motion, steps = self.config.motion_steps, self.config.steps
        apart = self._hears_contact() and motion > 0
        refining = steps - self.config.refining_steps if apart else steps
        recognising = refining - self.config.recognising_steps if apart else refining
        if recognising <= motion:  # a short try has no time for either
            refining = recognising = steps
        if lesson == "refining":
            return refining, steps
        if lesson == "recognising":
            return recognising, refining
        if lesson == "contact":
            return (motion, max(recognising, motion + 1)) if self._hears_contact() else (steps, steps)
        return 0, min(motion, steps) if apart else steps

    def _update_average(self) -> None:
        decay = min(self.config.ema_decay, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for name, value in self.learner.network.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    def averaged_network(self) -> FaceNetwork:
        """Return a copy of the network with the averaged weights, on the CPU, in evaluation mode."""
        width, outputs = self.average["output.weight"].shape[1], self.average["output.weight"].shape[0]
        network = NETWORKS[self.config.network](
            self.config.channels, self.config.emotion_size, width, outputs, 0.0
        )
        network.load_state_dict({k: v.cpu() for k, v in self.average.items()})
        if isinstance(network, lipwright.Network):
            network.round_off(self._heard_in_training())
            if any(m.spoken for m in self.prepared.motions):
                network.rest_in_silence(torch.tensor(silence_features(self.prepared.settings)))
        return network.eval()

    def _heard_in_training(self) -> Tensor:
        """Return features of training chunks [B, N, C], altered as they are in training; always the same."""
        generator = torch.Generator().manual_seed(self.config.seed)
        batches: list[Tensor] = []
        while sum(len(batch) for batch in batches) < ROUNDING_CHUNKS:
            batch = self.data.draw(generator, motion_learns=False).to(self.device)
            odds = self._altered_share(batch, moving=False)
            batches.append(self.augmentation(batch.features, odds, generator).cpu())
        return torch.cat(batches)

    def _save(self) -> None:
        state = {
            "config": self.config.to_json(),
            "fingerprint": self.prepared.fingerprint.to_json(),
            "step": self.step,
            "seconds": self.seconds,
            "learner": self.learner.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "rms": self.rms.state,
        }
        save_checkpoint(self.folder, state)

    def _resume(self) -> None:
        state = load_checkpoint(self.folder, self.device)
        known = self.prepared.fingerprint.is_that_of(state["fingerprint"])
        if not known or not self.config.speaks_like(state["config"]):
            raise LipwrightError(
                f"{self.folder / CHECKPOINT_NAME}: belongs to other settings or other capture; delete it or "
                "train into another folder with --run DIR"
            )
        self.step, self.seconds, self.rms.state = state["step"], state["seconds"], state["rms"]
        try:
            self.learner.load_state_dict(state["learner"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise unreadable(self.folder) from error
        self.average = state["average"]

    def result(self) -> TrainedModel:
        """Return the trained model."""
        network = self.averaged_network()
        gain = restore_amplitude(network, self.prepared)
        validated = validate(network, self.prepared)
        with torch.no_grad():
            latents = self.learner.centred_latents().cpu()
        mine = self.learner.get_buffer("frame_speaker").cpu() == 0
        takes = torch.repeat_interleave(torch.arange(len(self.data.motions)), self.data.first_frame.diff())
        return TrainedModel(
            network,
            latents[mine].numpy(),
            takes[: len(mine)][mine].numpy().astype(np.int32),
            self._settle_neutral(network),
            self.prepared,
            self.config,
            {"steps": self.step, "seconds": round(self.seconds, 1), "gain": round(gain, 3)} | validated,
        )

    def _settle_neutral(self, network: FaceNetwork) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
        """Move a network's neutral face where the configuration wants it, and return the styles beside it.

        Where it moves, the main speaker's own manner becomes a style too.
        """
        vectors = self.learner.styles.detach().cpu()
        styles = dict(zip(self.data.speakers[1:], vectors[1:], strict=True))
        share = self.config.careful_share
        if share and CAREFUL in styles and isinstance(network, lipwright.Network):
            neutral = share * styles[CAREFUL]
            network.move_neutral(neutral)
            styles = {self.data.speakers[0]: torch.zeros_like(neutral)} | styles
            styles = {name: vector - neutral for name, vector in styles.items()}
        return {name: vector.numpy().astype(np.float32) for name, vector in styles.items() if vector.any()}


def _heard_terms(batch: Batch, heard: Tensor, touch: nn.Linear, phones: nn.Linear) -> dict[str, Tensor]:
    """Return the losses of contacts and phones that two layers tell by what an ear hears [B, T, C]."""
    return {
        "touch": losses.touch_loss(touch(heard).float(), batch.touch, batch.weight),
        "phones": losses.phone_loss(phones(heard).float(), batch.phone, batch.weight),
    }


def _silence(phone: Tensor) -> Tensor:
    """Return whether nobody speaks [B, T, 1] by phones [B, T]; NaN where that is unknown."""
    silent = (phone == PHONES.index(SILENCE)).float()
    return silent.masked_fill(phone < 0, math.nan)[..., None]


def train_project(
    project_folder: Path, config: TrainingConfig, run_folder: Path, device: str = "cpu"
) -> TrainedModel:
    """Train a network on a capture project.

    Args:
        project_folder: What `python -m training import` wrote.
        config: Training configuration.
        run_folder: Checkpoint and TensorBoard curves; a run that was stopped goes on from there.
        device: "cpu" or "cuda".

    Raises:
        LipwrightError: No usable takes, or a checkpoint of another run.
    """
    trainer = Trainer(prepare(project_folder, config), config, run_folder, device)
    trainer.run(tqdm.write)
    return trainer.result()
