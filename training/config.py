"""What a training run is told: one frozen dataclass, kept in checkpoints and in the bundle's figures."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss terms, each applied after the term was divided by its running RMS.

    Attributes:
        position: Vertex positions, whole face, mouth vertices counted `mouth_emphasis` times.
        motion: Change of vertex positions from one output frame to the next.
        mouth: Lip gap, mouth width and chin drop as the report measures them.
        closure: Logarithm of the lip gap, so that lips that hover are as wrong as a lazy jaw.
        emotion: Change of the learned latent vectors over time.
        touch: Whether the lips touch, for networks that say so.
        phones: Which phone is heard, for the same networks: whoever tells p from t knows when lips touch.
        silence: Whether anybody speaks, for the same networks.
    """

    position: float = 1.0
    motion: float = 1.0
    mouth: float = 1.0
    closure: float = 0.5
    emotion: float = 1.0
    touch: float = 0.5
    phones: float = 0.5
    silence: float = 0.2


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run's result.

    Attributes:
        network: Module name under `training/networks`.
        feature_kind: "log_mel" or "autocorrelation" (the published input).
        channels: Feature channels per frame.
        emotion_size: Numbers in one learned latent vector (the paper uses 16 or 24).
        components: Largest width of the network's linear bottleneck (the paper uses 150).
        steps: Optimiser steps.
        motion_steps: How many of them motion learns in, after which contact learns alone; 0 lets both learn
            all the time. Minutes of capture are soon learned by heart, hours of speech are not.
        refining_steps: How many of them, the last, motion learns in what to take over from contact's ear, and
            nothing else; none where that leaves contact no step of its own.
        recognising_steps: How many of them, before those, contact's second ear learns in, and nothing else,
            once it was taught to judge sound as a speech recogniser does; 0 for a network with one ear.
            Needs `feature_kind` "log_mel".
        captured_after: Share of chunks drawn from capture after that, for the same reason.
        batch_size: Chunks per step.
        motion_batch_size: The same while motion learns, 0 for as many.
        chunk_outputs: Consecutive output frames in a chunk.
        learning_rate: Peak of the cosine schedule.
        contact_rate: How many times as fast contact learns, which has hours to learn from.
        weight_decay: AdamW's decoupled decay.
        ema_decay: Decay per step of the averaged weights that are exported.
        dropout: Dropped share of the activations before the bottleneck and of the speech code.
        latent_dropout: Share of chunks trained with the zero latent: zero then means "what the voice says".
        feature_noise: Standard deviation of the multiplicative feature noise, in octaves. The paper's 0.485
            (log2 1.4) costs this network a fifth of its correlation on log-mel.
        altered_share: Share of captured chunks that are altered: altered sound, shifted channels, other
            colour. Every alteration of the actor's own voice costs correlation on that voice.
        synthetic_altered_share: The same for synthesised speech, which stands for all other voices.
        variants: Altered copies of every take's sound (speed, formants, tone, noise) besides the original.
        synthetic_variants: The same of every line of synthesised speech: as many rooms and noises for each.
        synthetic_minutes: Synthesised speech, animated by a teacher that knows its phones; needs phone
            timings in the project and espeak-ng or flite on the machine. 0 for none.
        corpus_engines: Where that speech comes from, separated by commas: "espeak", "flite", "festival",
            "real" for aligned recordings, and "kokoro" for what `kokoro_minutes` asks for.
        reader_minutes: Speech of a Russian man who reads, on top of `synthetic_minutes` where those are asked
            for and `corpus_engines` has "real"; needs Debian's festvox-ru on the machine.
        kokoro_minutes: Speech of natural voices by Kokoro, on top of that, where `corpus_engines` has
            "kokoro" and "espeak"; needs what `build.py train-default` and `build.py test` fetch.
        synthetic_share: Share of chunks drawn from it.
        natural_share: Share of chunks drawn from Kokoro's lines while contact learns alone; 0 leaves them
            unheard. Motion hears them at most in the background of other lines.
        careful_share: How far the neutral face of the finished model speaks as that teacher makes it speak,
            in our own network: 0 for the actor's manner, 1 for the teacher's.
        rounding_delay: By how much (s) the rounding that the teacher adds comes later than evenly round its
            phones, as an actor's own may.
        other_share: Share of chunks drawn from speakers other than the main one.
        rest_share: Share of chunks of noise and silence, with the face at rest.
        channel_shift: Largest move of the mel channels up or down (another vocal tract), in channels.
        colour: Standard deviation of a chunk's change in tone, in those of the features.
        mask_share: Share of altered chunks with a masked band of channels and a masked stretch of time.
        mouth_emphasis: Weight of lip and jaw vertices in the position and motion terms; others weigh 1.
        emotion_steps: Steps in which emotion is learned once speech has been, in our own network: from takes
            that name one, else from performances of the neutral capture. 0 learns none.
        performances: How often every neutral take is performed for that; made-up lines, as many, once each,
            and half of the silences and noises.
        heard_utterances: Utterances performed in emotions from which hearing emotion is learned, once the
            model is finished; they need voices, so a corpus of made-up speech. 0 for a model that hears none.
        validation_every: Steps between two validations.
        checkpoint_every: Steps between two checkpoints.
        main_speaker: Whose style the zero vector has; empty for the first training take's speaker.
        seed: Same seed, same machine, same thread count: same network.
        loss: Weights of the loss terms.
    """

    network: str = "karras2017"
    feature_kind: str = "log_mel"
    channels: int = 32
    emotion_size: int = 16
    components: int = 150
    steps: int = 600
    motion_steps: int = 0
    refining_steps: int = 0
    recognising_steps: int = 0
    captured_after: float = 0.1
    batch_size: int = 8
    motion_batch_size: int = 0
    chunk_outputs: int = 64
    learning_rate: float = 1e-3
    contact_rate: float = 1.0
    weight_decay: float = 0.02
    ema_decay: float = 0.98
    dropout: float = 0.0
    latent_dropout: float = 0.5
    feature_noise: float = 0.1
    altered_share: float = 0.15
    synthetic_altered_share: float = 0.5
    variants: int = 2
    synthetic_variants: int = 1
    synthetic_minutes: float = 0.0
    corpus_engines: str = "espeak,flite,festival,real"
    reader_minutes: float = 0.0
    kokoro_minutes: float = 0.0
    synthetic_share: float = 0.3
    natural_share: float = 0.0
    careful_share: float = 0.0
    rounding_delay: float = 0.0
    other_share: float = 0.1
    rest_share: float = 0.05
    channel_shift: float = 3.0
    colour: float = 0.35
    mask_share: float = 0.2
    mouth_emphasis: float = 8.0
    emotion_steps: int = 0
    performances: int = 8
    heard_utterances: int = 0
    validation_every: int = 200
    checkpoint_every: int = 100
    main_speaker: str = ""
    seed: int = 1
    loss: LossWeights = dataclasses.field(default_factory=LossWeights)

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as plain JSON types."""
        return dataclasses.asdict(self)

    def speaks_like(self, values: object) -> bool:
        """Return whether a configuration in JSON trains the same network; hearing is learned after that.

        Args:
            values: What `to_json` returned, maybe in an earlier version, which had none of
                `reader_minutes`, `kokoro_minutes`, `natural_share`, `synthetic_variants`, `refining_steps`,
                `recognising_steps` and `rounding_delay`.
        """
        own = {"heard_utterances": 0}
        new = {"reader_minutes": 0.0, "kokoro_minutes": 0.0, "natural_share": 0.0}
        new |= {"synthetic_variants": 1, "refining_steps": 0, "recognising_steps": 0, "rounding_delay": 0.0}
        return isinstance(values, dict) and {**new, **values, **own} == {**self.to_json(), **own}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TrainingConfig:
        """Build a configuration from what `to_json` returned.

        Args:
            values: Field names with their values; fields left out keep their defaults.
        """
        loss = LossWeights(**values.get("loss", {}))
        return cls(**{**{k: v for k, v in values.items() if k != "loss"}, "loss": loss})


def default_config(network: str) -> TrainingConfig:
    """Return a network's own defaults.

    Args:
        network: A name in `training.networks.NETWORKS`.
    """
    if network != "lipwright":
        return TrainingConfig(network=network)
    # Twice the output rate of the published network, more channels to hear with, and emotion.
    ours = TrainingConfig(network=network, channels=40, chunk_outputs=128, dropout=0.1)
    return dataclasses.replace(ours, emotion_steps=1500, performances=4)
