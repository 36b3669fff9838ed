"""How far lips, and lip and teeth, are to meet, by how surely they are heard to.

Contact is learned with ramps on both sides, as lips come and go. Acted on as it is heard, it would shut the
middle of a short vowel beside a p. So what counts are its peaks: contact is as sure as it is heard there, and
beside a peak far less sure. A peak that is sure by a tenth or so closes in full: a p that is missed is seen
more than a closure too many, of which there are some in noise. One that is less sure closes nothing: lips
closed by half only hover, and twitch. A lip at the teeth is taken for sure sooner still: few vowels suffer by
it, and lips shut less often at an f. Contact is held, since an animation shows 24 frames a second, and comes
and goes over some frames, so that nothing flickers.
"""

from __future__ import annotations

from torch import Tensor, nn

#: Contact that is believed this far at its peak is acted on in full: the lips', and lip and teeth's.
CERTAIN = (0.09, 0.02)
#: A peak up to this share of that is not acted on at all.
NOTHING = 0.8
#: Code frames of 16 ms to both sides among which a peak is the highest, and how fast belief falls beside it:
#: by this power of its ratio to the peak.
PEAK_REACH, SHARPNESS = 5, 16
#: Frames to both sides for which contact is held, and what it then comes and goes with: a single frame of
#: full contact stays one of full contact.
HOLD, RAMP = 1, (0.2, 0.3, 0.4, 0.3, 0.2)
#: How far all of that looks to both sides, in code frames.
CONTACT_REACH = PEAK_REACH + HOLD + len(RAMP) // 2
#: Belief that is smaller is none; keeps the ratio finite.
LEAST_BELIEF = 1e-6


def highest(values: Tensor, reach: int) -> Tensor:
    """Return the highest of the values [B, K, M] up to `reach` away; beyond the ends all is as there."""
    around = nn.functional.pad(values, (reach, reach), mode="replicate")
    return nn.functional.max_pool1d(around, 2 * reach + 1, 1)


def contact_share(logit: Tensor) -> Tensor:
    """Return how far each contact is to be acted on [B, M, 2], from 0 to 1, by its log-odds [B, M, 2]."""
    belief = logit.transpose(1, 2).sigmoid()
    peak = highest(belief, PEAK_REACH).clamp(min=LEAST_BELIEF)
    certain = logit.new_tensor(CERTAIN)[:, None]
    share = (belief * (belief / peak) ** SHARPNESS / certain).clamp(max=1)
    share = share * ((peak / certain - NOTHING) / (1 - NOTHING)).clamp(0, 1)
    margin = len(RAMP) // 2
    held = nn.functional.pad(highest(share, HOLD), (margin, margin), mode="replicate")
    taps = logit.new_tensor(RAMP).expand(logit.shape[2], 1, -1)
    ramped = nn.functional.conv1d(held, taps, groups=logit.shape[2]).clamp(max=1)
    return ramped.transpose(1, 2)
