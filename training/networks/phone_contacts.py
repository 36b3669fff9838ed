"""How surely lips, and lip and teeth, touch: by contact alone, and by the phone that is heard.

The ear that learns contact learns to name phones beside it, and knows the p, b and m of strangers and of
noisy rooms better by name: to be told from each other, phones must be told from all that resembles them. The
lips touch in p, b and m; whether they do in another consonant or in a pause, contact alone must tell; in a
vowel they do not. For lip and teeth it is the same with f and v.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.corpus.phones import BILABIALS, LABIODENTALS, PHONES, VOWELS

#: How much the phones count in the log-odds of contact, beside what was learned of contact alone.
PHONE_SHARE = 0.5
#: Nothing is surer, or less sure, than by this probability.
DOUBTED = 1e-5
_PLACES = (BILABIALS, LABIODENTALS)
#: Whether a phone brings lips, and lip and teeth, together [P, 2]; whether they may touch in it as well.
TOUCHING = torch.tensor([[float(p in place) for place in _PLACES] for p in PHONES])
POSSIBLE = torch.tensor([[float(p not in place and p not in VOWELS) for place in _PLACES] for p in PHONES])


def contact_odds(touch: Tensor, phones: Tensor) -> Tensor:
    """Return the log-odds [B, M, 2] of each contact.

    Args:
        touch: [B, M, 2] log-odds of contact alone.
        phones: [B, M, P] logits of the phones.
    """
    named = torch.softmax(phones, -1)
    odds = named @ TOUCHING.to(named) + named @ POSSIBLE.to(named) * torch.sigmoid(touch)
    return torch.lerp(touch, torch.logit(odds, DOUBTED), PHONE_SHARE)
