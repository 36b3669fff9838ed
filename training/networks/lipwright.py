"""Our own network: dilated convolutions over log-mel, and lips that meet by construction.

Learned from what it descends from: features and a speech code once per line and a late emotion (Karras
et al. 2017); several corpora behind one face (Neural Voice Puppetry, 2020). What is new is the contact
gate. A network trained on squared errors alone lets the lips hover, because a closure that may come a
frame earlier or later averages to a gap. So a trunk of its own listens for contact and says how surely the
lips touch each other, and how surely the lower lip touches the teeth, by contact and by the phones that it
names (see `phone_contacts`); it is doubted where motion alone would
leave the lips far apart, and believed sooner where that would nearly close them. Its peaks are acted on (see
`contact_share`): the last step moves the mouth that far into the pose of f and v, and closes what is left of
the lip gap, in height and in depth,
mostly along the direction in which the head's `mouthClose` works; neither changes the mouth's width. Contact
needs an ear for every voice, motion one for the actor's: they learn apart, each for as long as it takes. At
last motion learns what to take over from the ear of contact, which knows noise, rooms and more voices.
What trembles in it is averaged away (`calm`) before contact comes on top.
Lips close on p, b and m whatever the sliders say; only where they rest against each other between words may
an emotion part them. Lips pressed through each other are parted in the same step. The trunk that listens for
contact also tells whether anybody speaks: where nobody does for a quarter of a second, the face rests through
what else is heard as it does in silence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from training.corpus.phones import PHONES
from training.networks.contact_share import CONTACT_REACH, contact_share, highest
from training.networks.contact_trunk import CONTACT_WIDTH, ContactTrunk
from training.networks.expression import LATENT_SIZE, Expression
from training.networks.phone_contacts import contact_odds
from training.networks.recogniser_trunk import RECOGNISER_WIDTH, RecogniserTrunk
from training.networks.speech_trunk import SPEECH_FIELD, SPEECH_STRIDE, SpeechTrunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from training.mouth.teeth_contact import TeethContact

WIDTH = 192
#: Receptive field and stride of the face part, in code frames.
FACE_FIELD, FACE_STRIDE = 3, 1
WINDOW = SPEECH_FIELD + (FACE_FIELD - 1) * SPEECH_STRIDE
HOP = SPEECH_STRIDE * FACE_STRIDE
#: Contact is doubted where the pose alone leaves the lips farther apart than the second of these (metres),
#: and believed sooner where nearer than the first: by so much log-odds for every metre.
BELIEVABLE, DOUBT = (0.003, 0.006), 400.0
#: How far motion follows what it learned to take over from contact's ear. In full it trembles.
TAKEN_OVER = 0.65
#: How much the second ear counts in the log-odds of lips that touch, beside the first; and how much less it
#: is believed for each of the log-odds by which the first hears f or v, some of which it takes for p.
SECOND_EAR, BESIDE_TEETH = 0.2, 1.0
#: Weights of five neighbouring frames in the log-odds of contact: lips do not flicker.
SMOOTHING = (0.1, 0.2, 0.4, 0.2, 0.1)
#: Frames in a window over which motion is averaged, twice: what trembles faster is no movement of a mouth.
#: Contact comes on top of it and stays as quick.
CALM_FRAMES = 3
#: How far that looks to both sides, in code frames.
CALM_REACH = 2 * (CALM_FRAMES // 2)
#: Odds that nobody speaks at which the face begins to rest, and at which it does; for how long on both sides
#: of a moment, and over how long the face gets there and back (code frames, odd).
RESTING, REST_FRAMES = (0.7, 0.95), 15
#: Mean of the features over the silence's at which that happens: in quiet moments motion knows better.
AUDIBLE = (0.9, 1.2)
#: And the other way round, at which it does whatever silence is held for: a recording that was cut to nothing
#: between words is quieter than any room, and of those alone motion has learned.
CUT = (0.03, 0.01)
#: How far rest looks, on each side, in code frames: first for speech, then to get there in time.
REST_REACH = 2 * (REST_FRAMES // 2)
#: How far contact looks in all: its peaks are looked for in poses that are drawn to rest.
REACH = REST_REACH + CONTACT_REACH
#: Weights of the moments in between: a raised cosine.
REST_TAPS = tuple(
    (1 - math.cos(2 * math.pi * (k + 1) / (REST_FRAMES + 1))) / (REST_FRAMES + 1) for k in range(REST_FRAMES)
)
#: What may touch: the lips each other, the lower lip the upper teeth.
CONTACTS = 2
#: Where along the lips their gap is seen.
LIP_PAIRS = 3


@dataclass(frozen=True)
class LipLines:
    """How the inner lips' gaps depend on the motion coefficients.

    Attributes:
        gaps: [R, 6] metres of signed gap (upper less lower lip, less that of the head at rest, whose lips
            touch) per coefficient: three upwards, and the same three in depth.
        closing: [6, R] coefficients that open each gap by one metre.
    """

    gaps: NDArray[np.float32]
    closing: NDArray[np.float32]


def _inside(code: Tensor) -> Tensor:
    """Leave out the code frames [B, M, C] at the ends that are context alone: [B, M - 2, C]."""
    margin = (FACE_FIELD - 1) // 2
    return code[:, margin : code.shape[1] - margin]


def _share(values: Tensor, limits: tuple[float, float]) -> Tensor:
    """Return how far values lie between two limits, from 0 at the first to 1 at the last."""
    first, last = limits
    return ((values - first) / (last - first)).clamp(0, 1)


def calm(code: Tensor) -> Tensor:
    """Return a code [B, M, C] averaged over neighbours; beyond the ends all is as there."""
    around = nn.functional.pad(code.transpose(1, 2), (CALM_REACH, CALM_REACH), mode="replicate")
    for _ in range(2):
        around = nn.functional.avg_pool1d(around, CALM_FRAMES, 1)
    return around.transpose(1, 2)


class Network(nn.Module):
    """Features and emotion to motion coefficients."""

    window, hop, code_stride, code_field = WINDOW, HOP, SPEECH_STRIDE, SPEECH_FIELD
    whole_window = WINDOW + 2 * REACH * SPEECH_STRIDE
    face_field, face_stride, code_channels = FACE_FIELD, FACE_STRIDE, WIDTH + CONTACTS

    def __init__(
        self, channels: int, emotion_size: int, components: int, outputs: int, dropout: float
    ) -> None:
        """Create the layers.

        Args:
            channels: Feature channels per frame.
            emotion_size: Numbers in a vector of manner; E until an expression is added.
            components: Width of the linear bottleneck; at most `outputs`.
            outputs: R, coefficients of the motion basis.
            dropout: Dropped share of the activations in training.
        """
        super().__init__()
        self.manner_size = emotion_size
        self.expression: Expression | None = None
        self.silent_code: Tensor | None
        self.silent_share: Tensor | None
        self.silent_level: Tensor | None
        self.speech = SpeechTrunk(channels, WIDTH, dropout)
        self.contact = ContactTrunk(channels)
        self.articulation = nn.Conv1d(WIDTH + emotion_size, WIDTH, FACE_FIELD)
        self.bottleneck = nn.Linear(WIDTH + emotion_size, components)
        self.output = nn.Linear(components, outputs)
        self.touch = nn.Linear(CONTACT_WIDTH, CONTACTS)
        self.silence = nn.Linear(CONTACT_WIDTH, 1)
        self.phones = nn.Linear(CONTACT_WIDTH, len(PHONES))
        self.dropout = nn.Dropout(dropout)
        self.mel_bands = channels
        self.recogniser = RecogniserTrunk(channels)
        self.touch_again = nn.Linear(RECOGNISER_WIDTH, CONTACTS)
        self.phones_again = nn.Linear(RECOGNISER_WIDTH, len(PHONES))
        # Nothing until the last steps of training, and drawn from no source of chance that the others share.
        self.code_from_contact = nn.utils.skip_init(nn.Linear, CONTACT_WIDTH, WIDTH)  # type: ignore[no-untyped-call]
        nn.init.zeros_(self.code_from_contact.weight)
        nn.init.zeros_(self.code_from_contact.bias)
        self.register_buffer("gaps", torch.zeros(outputs, 2 * LIP_PAIRS))
        self.register_buffer("closing", torch.zeros(2 * LIP_PAIRS, outputs))
        self.register_buffer("teeth_pose", torch.zeros(outputs))
        self.register_buffer("teeth_release", torch.zeros(outputs, outputs))
        self.register_buffer("believed_manner", torch.zeros(emotion_size))
        # Not kept with the weights, of which it follows.
        self.register_buffer("silent_code", None, persistent=False)
        self.register_buffer("silent_share", None, persistent=False)
        self.register_buffer("silent_level", None, persistent=False)

    @property
    def emotion_size(self) -> int:
        """E: a manner, and behind it the latent vector of what is felt where the network knows of any."""
        return self.manner_size + (0 if self.expression is None else LATENT_SIZE)

    def add_expression(self, expression: Expression) -> None:
        """Let emotion change the pose from now on."""
        self.expression = expression

    def start_from_pca(self, mean: Tensor, components: Tensor) -> None:
        """Set the output layer to a PCA of the training motion: mean [R], scaled directions [P, R]."""
        with torch.no_grad():
            self.output.weight.copy_(components.T)
            self.output.bias.copy_(mean)
            self.bottleneck.weight.mul_(0.5)

    def set_lips(self, lips: LipLines, teeth: TeethContact) -> None:
        """Tell the network where the head's lips are, and how the lower one gets to the teeth."""
        self.get_buffer("gaps").copy_(torch.tensor(lips.gaps))
        self.get_buffer("closing").copy_(torch.tensor(lips.closing))
        self.get_buffer("teeth_pose").copy_(torch.tensor(teeth.pose))
        self.get_buffer("teeth_release").copy_(torch.tensor(teeth.release))

    def move_neutral(self, vector: Tensor) -> None:
        """Let the zero manner stand for what `vector` stood for; all other manners move with it."""
        with torch.no_grad():
            felt = self.articulation.weight[:, WIDTH:].sum(2) @ vector
            self.articulation.get_parameter("bias").add_(felt)
            self.bottleneck.bias.add_(self.bottleneck.weight[:, WIDTH:] @ vector)
            self.get_buffer("believed_manner").sub_(vector)

    def round_off(self, features: Tensor) -> None:
        """Let both trunks compute in eight bits from now on, in steps for training features [B, N, C]."""
        self.speech.round_off(features)
        self.contact.round_off(features)
        if self.has_second_ear:
            self.recogniser.round_off(features)

    def rest_in_silence(self, silence: Tensor) -> None:
        """Let the face rest, from now on, wherever nobody is heard to speak, as it does in silence [C]."""
        with torch.no_grad():
            features = silence.expand(1, SPEECH_FIELD, -1)
            heard = self.contact(features)
            code, contact = self.motion_code(features, heard)[:, :1], self.contacts(features, heard)[:, :1]
            lips = contact[..., :1] + self.belief(code.expand(1, FACE_FIELD, -1))
            self.silent_share = contact_share(torch.cat([lips, contact[..., 1:]], 2))[0, 0]
            self.silent_code = code[0, 0]
            self.silent_level = silence.mean()

    def speech_code(self, features: Tensor) -> Tensor:
        """Map features [B, N, C] to the emotion-independent code [B, M, 194], one frame every 16 ms.

        Behind the C features the recording's colour may stand, 13 numbers; else it is that of all of them.

        The last two channels are how far the lips are to touch, and lip and teeth, from 0 to 1; their
        outermost frames are 0, and nobody reads those. What lies at the ends is not told from what lies
        beyond them.
        """
        features, colour = features[..., : self.mel_bands], features[..., self.mel_bands :]
        heard = self.contact(features)
        code = calm(self.motion_code(features, heard))
        contact = self._smooth(self.contacts(features, heard, colour if colour.shape[2] else None))
        rest = self.rest(self.silence(heard), self.loudness(features))
        if self.silent_code is not None:
            code = code + rest * (self.silent_code - code)
        lips = contact[..., :1] + self.belief(code)
        share = contact_share(torch.cat([lips, contact[..., 1:]], 2))
        if self.silent_share is not None:  # not contact itself: what leads to another peak is not acted on
            share = share + _inside(rest) * (self.silent_share - share)
        margin = (FACE_FIELD - 1) // 2
        return torch.cat([code, nn.functional.pad(share, (0, 0, margin, margin))], 2)

    @staticmethod
    def _smooth(logit: Tensor) -> Tensor:
        """Return logits [B, M, 2] averaged over neighbours, without the first and the last [B, M - 2, 2]."""
        margin = len(SMOOTHING) // 2 - (FACE_FIELD - 1) // 2
        around = nn.functional.pad(logit.transpose(1, 2), (margin, margin), mode="replicate")
        taps = logit.new_tensor(SMOOTHING).expand(CONTACTS, 1, -1)
        return nn.functional.conv1d(around, taps, groups=CONTACTS).transpose(1, 2)

    def motion_code(self, features: Tensor, heard: Tensor, taken_over: float = TAKEN_OVER) -> Tensor:
        """Return the code [B, M, 192] that the pose follows, by both trunks.

        Args:
            features: [B, N, C].
            heard: [B, M, 256] what the trunk that listens for contact makes of them.
            taken_over: How far to follow the latter, 0..1; 1 while that is learned.
        """
        code: Tensor = self.speech(features) + taken_over * self.code_from_contact(heard)
        return code

    @property
    def has_second_ear(self) -> bool:
        """Whether its second ear was taught."""
        return self.recogniser.likelihoods.learned

    def contacts(self, features: Tensor, heard: Tensor, colour: Tensor | None = None) -> Tensor:
        """Return the log-odds [B, M, 2] of each contact by both ears.

        Args:
            features: [B, N, C].
            heard: [B, M, 256] what the first ear makes of them.
            colour: [B, N, 13] the recording's; None for that of all of the features.
        """
        odds = contact_odds(self.touch(heard), self.phones(heard))
        if not self.has_second_ear:
            return odds
        again = self.recogniser(features, colour)
        again = contact_odds(self.touch_again(again), self.phones_again(again))[..., :1]
        lips, teeth = odds[..., :1], odds[..., 1:]
        again = again - BESIDE_TEETH * nn.functional.softplus(teeth)
        return torch.cat([torch.lerp(lips, again, SECOND_EAR), teeth], 2)

    def loudness(self, features: Tensor) -> Tensor:
        """Return how far features [B, N, C] lie over silence at every code frame [B, M, 1]."""
        margin = SPEECH_FIELD // 2
        middle = features[:, margin : features.shape[1] - margin : SPEECH_STRIDE].mean(2, keepdim=True)
        return middle if self.silent_level is None else middle - self.silent_level

    def rest(self, silence: Tensor, loudness: Tensor) -> Tensor:
        """Return how far the face rests [B, M, 1].

        Music, breath and applause are no speech, but move what learned from speech alone. A face rests where
        something is heard and nobody speaks for long enough, or where nothing is left of the sound for as
        long, and takes its time: never while somebody speaks.

        Args:
            silence: [B, M, 1] logits of nobody speaking.
            loudness: [B, M, 1] of what is heard, over silence.
        """
        reach = REST_FRAMES // 2
        lasting = -highest(-_share(torch.sigmoid(silence.transpose(1, 2)), RESTING), reach)
        loudest = highest(loudness.transpose(1, 2), reach)
        share = torch.maximum(lasting * _share(loudest, AUDIBLE), _share(loudest, CUT))
        share = nn.functional.pad(share, (reach, reach), mode="replicate")
        taps = share.new_tensor(REST_TAPS)[None, None]
        return nn.functional.conv1d(share, taps).transpose(1, 2)

    def contact_code(self, features: Tensor) -> Tensor:
        """Return what the trunk that listens for contact makes of features at every output [B, T, 256]."""
        return _inside(self.contact(features))

    def second_contact_code(self, features: Tensor) -> Tensor:
        """Return what the second ear makes of features at every output [B, T, 128]."""
        return _inside(self.recogniser(features))

    def belief(self, code: Tensor) -> Tensor:
        """Return what the trunk's code [B, M, 192] adds to the log-odds of lips that touch [B, M - 2, 1].

        It is the pose in the manner that was learned with contact that is asked: neither emotion nor another
        neutral face has a part in it.
        """
        pose = self.pose(code, self.get_buffer("believed_manner").expand(*code.shape[:2], -1))
        gap = (pose @ self.get_buffer("gaps"))[..., :LIP_PAIRS].mean(-1, keepdim=True)
        return DOUBT * (gap.clamp(*BELIEVABLE) - gap)

    def contact_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what learns contact; the other parameters learn motion."""
        yield from self.contact.parameters()
        yield from self.touch.parameters()
        yield from self.silence.parameters()
        yield from self.phones.parameters()

    def recogniser_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what learns contact a second time; not what the second ear listens to."""
        yield from (p for p in self.recogniser.parameters() if p.requires_grad)
        yield from self.touch_again.parameters()
        yield from self.phones_again.parameters()

    def pose(self, code: Tensor, manner: Tensor) -> Tensor:
        """Map the trunk's code [B, M, 192] and manners [B, M, 16] to [B, M - 2, R], before any contact."""
        joined = torch.cat([self.dropout(code), manner], 2)
        x = nn.functional.relu(self.articulation(joined.transpose(1, 2)).transpose(1, 2))
        x = torch.cat([x + _inside(code), _inside(manner)], 2)
        pose: Tensor = self.output(self.bottleneck(x))
        return pose

    def face(self, code: Tensor, emotion: Tensor) -> Tensor:
        """Map code [B, M, 194] and emotion [B, M, E] to coefficients [B, M - 2, R] of lips that meet."""
        speech = code[..., :WIDTH]
        pose = self.pose(speech, emotion[..., : self.manner_size])
        touch = _inside(code[..., WIDTH:])
        if self.expression is not None:
            felt = _inside(emotion[..., self.manner_size :])
            change, let_go = self.expression(pose, _inside(speech), felt)
            pose = pose + change
            touch = torch.cat([touch[..., :1] * self.expression.held(let_go), touch[..., 1:]], -1)
        return self.seal(pose, touch)

    def seal(self, pose: Tensor, touch: Tensor) -> Tensor:
        """Bring lip and teeth, then the lips, together by shares [B, T, 2], and part lips that overlap."""
        change = self.get_buffer("teeth_pose") - pose @ self.get_buffer("teeth_release")
        pose = pose + touch[..., 1:] * change
        gap = pose @ self.get_buffer("gaps")
        apart = torch.cat([nn.functional.relu(gap[..., :LIP_PAIRS]), gap[..., LIP_PAIRS:]], -1)
        wanted = apart * (1 - touch[..., :1])
        sealed: Tensor = pose + (wanted - gap) @ self.get_buffer("closing")
        return sealed

    def forward(self, features: Tensor, emotion: Tensor) -> Tensor:
        """Map features [B, N, C] and emotion [B, M, E] (one per code frame) to coefficients [B, M - 46, R].

        What lies too near the ends to tell whether somebody speaks beyond them is left out.
        """
        inside = slice(REACH, -REACH)
        return self.face(self.speech_code(features)[:, inside], emotion[:, inside])

    def forward_window(self, features: Tensor, emotion: Tensor) -> Tensor:
        """Evaluate whole windows [B, 185, C] with one emotion [B, E] each: coefficients [B, R]."""
        code = self.speech_code(features)[:, REACH:-REACH]
        return self.face(code, emotion[:, None].expand(-1, code.shape[1], -1))[:, 0]
