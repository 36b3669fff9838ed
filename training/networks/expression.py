"""What emotion does to a face that already speaks: a change of its pose, none where nothing is felt.

The latent vector of Karras et al. 2017 enters here, late, beside the code of the speech; it sees the pose as
well, since joy widens a spread mouth and anger opens an open one. It adds to a network that has learned to
speak and is not touched: no emotion can be learned at the cost of speech.

Lips that rest against each other between words may be parted by what is felt, by amazement or a want of
breath; at p, b and m they may not. So an expression also says how far it lets go of lips that touch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: Numbers in a latent vector, as in the paper.
LATENT_SIZE = 16
WIDTH = 160
#: Lips are held together up to the first of these, and let go of altogether from the second on: a little
#: doubt at a p must not show.
LETTING_GO = (0.3, 0.7)
#: Length of latent vectors that nothing limits.
UNLIMITED = 1e6


class Expression(nn.Module):
    """Pose, speech code and latent vector to a change of the pose."""

    def __init__(self, outputs: int, code_channels: int) -> None:
        """Create the layers.

        Args:
            outputs: R, coefficients of the motion basis.
            code_channels: C, of the speech code.
        """
        super().__init__()
        self.spoken = nn.Linear(outputs + code_channels, WIDTH)
        self.felt = nn.Linear(LATENT_SIZE, WIDTH, bias=False)
        self.mixed = nn.Linear(WIDTH, WIDTH)
        self.change = nn.Linear(WIDTH, outputs, bias=False)
        self.release = nn.Linear(WIDTH, 1, bias=False)
        self.register_buffer("pose_scale", torch.ones(1))
        self.register_buffer("reach", torch.full((1,), UNLIMITED))

    def limit(self, reach: float) -> None:
        """Shorten latent vectors to this length from now on: nobody has felt what lies beyond.

        Ten sliders at 1 would add up to a face that no capture has; so shortened, they are a mix of ten.
        """
        self.get_buffer("reach").fill_(reach)

    def forward(self, pose: Tensor, code: Tensor, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Map pose [..., R], code [..., C] and latent [..., 16] to what is felt on the face.

        Returns:
            What is added to the pose [..., R], and how far lips that touch are to be let go of [..., 1]: 0 at
            p, b and m, and 1 where they rest parted, about. Both are 0 where the latent vector is.
        """
        length = latent.norm(dim=-1, keepdim=True).clamp(min=1 / UNLIMITED)
        latent = latent * (self.get_buffer("reach") / length).clamp(max=1)
        spoken = self.spoken(torch.cat([pose / self.get_buffer("pose_scale"), code], -1))
        moved = self._hidden(spoken + self.felt(latent)) - self._hidden(spoken)
        return self.change(moved), self.release(moved)

    @staticmethod
    def held(let_go: Tensor) -> Tensor:
        """Return the share of contact that is left."""
        none, all_of_it = LETTING_GO
        return ((all_of_it - let_go) / (all_of_it - none)).clamp(0, 1)

    def _hidden(self, x: Tensor) -> Tensor:
        hidden: Tensor = nn.functional.relu(self.mixed(nn.functional.relu(x)))
        return hidden
