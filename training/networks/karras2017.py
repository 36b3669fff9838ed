"""The network of "Audio-Driven Facial Animation by Joint End-to-End Learning of Pose and Emotion".

Karras, Aila, Laine, Herva and Lehtinen, ACM Transactions on Graphics 36(4), 2017: formant analysis along the
feature channels, articulation along time with an emotion vector after every layer, and a linear output that
starts from PCA.

Where this departs from the paper:

* Convolutions along time are valid (unpadded), so the window is 79 feature frames (79, 39, 19, 9, 4, 1), not
  64 padded ones, and neighbouring windows share their layers. A whole line is then one pass of dilated
  convolutions (`forward`), equal to evaluating every window by itself (`forward_window`).
* The output lives in the project's orthonormal motion basis instead of 3V numbers. Every training target lies
  in the span of that basis and it is orthonormal, so squared errors, gradients and the PCA start are equal.
* Over a line each layer reads the emotion of its own time; a constant emotion makes it the paper's network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMANT_CHANNELS = (72, 108, 162, 243)
WIDTH = 256
#: Receptive field and stride of the speech part (up to the first articulation layer), in feature frames.
SPEECH_FIELD, SPEECH_STRIDE = 3, 2
#: Receptive field and stride of the face part, in code frames.
FACE_FIELD, FACE_STRIDE = 39, 2
#: Feature frames behind one output frame.
WINDOW = SPEECH_FIELD + (FACE_FIELD - 1) * SPEECH_STRIDE
#: Feature frames from one output frame to the next.
HOP = SPEECH_STRIDE * FACE_STRIDE
#: Kernel and dilation of the articulation layers after the first, in the form that runs over a whole line;
#: only the first of these has a stride (FACE_STRIDE). In the window form each has stride 2 and no dilation.
ARTICULATION = ((3, 1), (3, 1), (3, 2), (4, 4))


class FormantAnalysis(nn.Module):
    """1x3 convolutions with stride 1x2 along the channels of each feature frame, then one to 256.

    Written as matrix products over unfolded triples, which trains about twice as fast on a CPU as `Conv2d`.
    """

    def __init__(self, channels: int) -> None:
        """Create the layers.

        Args:
            channels: Feature channels per frame; 32 in the paper.
        """
        super().__init__()
        ins = (1, *FORMANT_CHANNELS[:-1])
        self.layers = nn.ModuleList(nn.Linear(3 * i, o) for i, o in zip(ins, FORMANT_CHANNELS, strict=True))
        self.rest = channels
        for _ in FORMANT_CHANNELS:
            self.rest = (self.rest + 1) // 2
        self.collapse = nn.Linear(FORMANT_CHANNELS[-1] * self.rest, WIDTH)

    def forward(self, features: Tensor) -> Tensor:
        """Map features [B, N, C] to [B, N, 256]."""
        batch, frames, channels = features.shape
        x = features.reshape(batch * frames, channels, 1)
        for layer in self.layers:
            padded = nn.functional.pad(x, (0, 0, 1, 1))
            x = torch.relu(layer(padded.unfold(1, 3, 2).flatten(2)))
        x = x.transpose(1, 2).reshape(batch * frames, -1)
        return torch.relu(self.collapse(x)).reshape(batch, frames, WIDTH)


class Network(nn.Module):
    """Features and emotion to motion coefficients."""

    window, hop, code_stride, code_field = WINDOW, HOP, SPEECH_STRIDE, SPEECH_FIELD
    whole_window = WINDOW
    face_field, face_stride, code_channels = FACE_FIELD, FACE_STRIDE, WIDTH

    def __init__(
        self, channels: int, emotion_size: int, components: int, outputs: int, dropout: float
    ) -> None:
        """Create the layers.

        Args:
            channels: Feature channels per frame.
            emotion_size: E, numbers in an emotion vector.
            components: Width of the linear bottleneck (150 in the paper); at most `outputs`.
            outputs: R, coefficients of the motion basis.
            dropout: Dropped share of the activations in training.
        """
        super().__init__()
        self.emotion_size = emotion_size
        self.formants = FormantAnalysis(channels)
        self.listen = nn.Conv1d(WIDTH, WIDTH, SPEECH_FIELD, SPEECH_STRIDE)
        self.articulation: Sequence[nn.Conv1d] = nn.ModuleList(  # type: ignore[assignment]
            nn.Conv1d(WIDTH + emotion_size, WIDTH, kernel, dilation=dilation)
            for kernel, dilation in ARTICULATION
        )
        self.bottleneck = nn.Linear(WIDTH + emotion_size, components)
        self.output = nn.Linear(components, outputs)
        self.dropout = nn.Dropout(dropout)
        self.reset()

    def reset(self) -> None:
        """Draw He-initialised weights, with zero biases."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv1d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.bottleneck.weight, std=1 / math.sqrt(WIDTH))

    def start_from_pca(self, mean: Tensor, components: Tensor) -> None:
        """Set the output layer to a PCA of the training motion.

        Args:
            mean: [R] mean coefficients.
            components: [P, R] principal directions, each scaled by its standard deviation, so that the
                bottleneck starts with unit variance everywhere.
        """
        with torch.no_grad():
            self.output.weight.copy_(components.T)
            self.output.bias.copy_(mean)

    def speech_code(self, features: Tensor) -> Tensor:
        """Map features [B, N, C] to the emotion-independent code [B, (N - 3) // 2 + 1, 256]."""
        x = self.formants(features).transpose(1, 2)
        return torch.relu(self.listen(x)).transpose(1, 2)

    def face(self, code: Tensor, emotion: Tensor) -> Tensor:
        """Map code [B, M, 256] and emotion [B, M, E] to coefficients [B, (M - 39) // 2 + 1, R]."""
        x, e = self.dropout(code).transpose(1, 2), emotion.transpose(1, 2)
        for index, (layer, (kernel, dilation)) in enumerate(
            zip(self.articulation, ARTICULATION, strict=True)
        ):
            stride = FACE_STRIDE if index == 0 else 1
            x = nn.functional.conv1d(
                torch.cat([x, e], 1), layer.weight, layer.bias, stride=stride, dilation=dilation
            )
            x, margin = torch.relu(x), (kernel - 1) * dilation // 2
            e = e[:, :, margin : e.shape[2] - margin : stride]
        return self.pose(torch.cat([x, e], 1).transpose(1, 2))

    def pose(self, x: Tensor) -> Tensor:
        """Map [..., 256 + E] to coefficients [..., R]: the two linear layers."""
        pose: Tensor = self.output(self.bottleneck(self.dropout(x)))
        return pose

    def forward(self, features: Tensor, emotion: Tensor) -> Tensor:
        """Map features [B, N, C] and emotion [B, M, E] (one per code frame) to coefficients [B, T, R]."""
        return self.face(self.speech_code(features), emotion)

    def forward_window(self, features: Tensor, emotion: Tensor) -> Tensor:
        """Evaluate single windows as the paper does, with stride 2 in every layer.

        Args:
            features: [B, 79, C].
            emotion: [B, E].

        Returns:
            Coefficients [B, R], equal to what `forward` gives for that window's frame.
        """
        x = self.dropout(self.speech_code(features)).transpose(1, 2)
        for layer in self.articulation:
            e = emotion[:, :, None].expand(-1, -1, x.shape[2])
            x = torch.relu(nn.functional.conv1d(torch.cat([x, e], 1), layer.weight, layer.bias, stride=2))
        return self.pose(torch.cat([x[:, :, 0], emotion], 1))
