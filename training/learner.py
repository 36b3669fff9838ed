"""What is learned: the network, one latent vector per captured frame, and one style per further speaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.networks import NETWORKS, lipwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.config import TrainingConfig
    from training.dataset import Batch, Dataset
    from training.preparation import Prepared


class Learner(nn.Module):
    """The network together with what is learned beside it: latents and speaker styles."""

    def __init__(self, config: TrainingConfig, prepared: Prepared, data: Dataset) -> None:
        """Create all parameters.

        Args:
            config: Training configuration.
            prepared: The project's motion.
            data: Training frames, which own one latent vector each.
        """
        super().__init__()
        outputs = prepared.basis.shape[0]
        width = min(config.components, len(prepared.pca))
        self.network = NETWORKS[config.network](
            config.channels, config.emotion_size, width, outputs, config.dropout
        )
        self.network.start_from_pca(torch.tensor(prepared.mean), torch.tensor(prepared.pca[:width]))
        if isinstance(self.network, lipwright.Network):
            self.network.set_lips(prepared.lips, prepared.teeth)
            if config.recognising_steps:
                self.network.recogniser.likelihoods.tell(prepared.settings)
        captured = [m for m in data.motions if m.captured]  # these come first
        owner = torch.tensor([data.speakers.index(m.speaker) for m in captured])
        counts = torch.tensor([len(m.coefficients) for m in captured])
        self.register_buffer("frame_speaker", owner.repeat_interleave(counts))
        self.latents = nn.Parameter(0.1 * torch.randn(int(counts.sum()), config.emotion_size))
        self.styles = nn.Parameter(0.5 * torch.randn(len(data.speakers), config.emotion_size))

    def centred_latents(self) -> Tensor:
        """Return the latents [F, E] less each speaker's mean: zero is neutral."""
        out: Tensor = self.latents
        frame_speaker = self.get_buffer("frame_speaker")
        for speaker in range(len(self.styles)):
            mine = (frame_speaker == speaker).float()[:, None]
            out = out - mine * (self.latents * mine).sum(0) / mine.sum().clamp(min=1)
        return out

    def contact_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what learns contact; everything else learns motion."""
        if isinstance(self.network, lipwright.Network):
            yield from self.network.contact_parameters()

    def emotion(self, batch: Batch, keep: Tensor) -> tuple[Tensor, Tensor]:
        """Return the emotion input [B, M, E] and the latents' part of it.

        Args:
            batch: The chunks.
            keep: [B] 0 where a chunk is to be explained without its latents.
        """
        centred = self.centred_latents()
        last = len(centred) - 1  # frames of made-up motion lie beyond; their chunks are masked below
        low = batch.code_frame.floor().long().clamp(max=last)
        high = batch.code_frame.ceil().long().clamp(max=last)
        share = (batch.code_frame - low).float().clamp(max=1)[..., None]
        captured = batch.captured[:, None, None]
        own = (centred[low] * (1 - share) + centred[high] * share) * captured
        # The first speaker's style is the zero vector. Made-up speech has a style as well, since its motion
        # is more careful than the captured.
        style = self.styles[batch.speaker] * (batch.speaker > 0)[:, None]
        return own * keep[:, None, None] + style[:, None], own
