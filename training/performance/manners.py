"""How speech changes in each emotion: articulation, tempo and the voice.

Directions follow published work; the amounts are ours, and moderate, so that words stay words.

- Murray and Arnott 1993, "Toward the simulation of emotion in synthetic speech: a review of the literature on
  human vocal emotion", Journal of the Acoustical Society of America 93, 1097-1108: pitch, range, intensity,
  rate and articulation of anger, happiness, sadness, fear and disgust.
- Banse and Scherer 1996, "Acoustic profiles in vocal emotion expression", Journal of Personality and Social
  Psychology 70, 614-636: intense forms (hot anger, panic, despair) are high and loud, sadness low and soft.
- Juslin and Laukka 2003, "Communication of emotions in vocal expression and music performance: different
  channels, same code?", Psychological Bulletin 129, 770-814: rate, level, high-frequency energy, pitch, its
  variability and its irregularity in anger, fear, happiness and sadness.
- Lee, Yildirim, Kazemzadeh and Narayanan 2005, "An articulatory study of emotional speech production",
  Interspeech: angry speech has greater ranges of displacement and velocity of tongue tip, jaw and lower lip,
  sad speech smaller ones; happy speech is articulated much like neutral, with the widest range of pitch.
- Kim, Lee and Narayanan 2011, "An exploratory study of the relations between perceived emotion strength and
  articulatory kinematics", Interspeech: strong portrayals differ from weak ones in articulation as well as in
  pitch and loudness. Hence everything here grows with the intensity.

Amazement stands near happiness and fear in these tables, grief is taken for despair; cheekiness, pain and
being out of breath are ours altogether.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from training.performance.expressions import EMOTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Manner:
    """How an emotion speaks at its apex.

    Attributes:
        opening: Factor of the mouth's movements about rest.
        width: Factor of how much they widen and narrow the mouth, on top of that.
        duration: Factor of the line's length.
        pitch: Semitones above neutral.
        pitch_range: Factor of the pitch's excursions from its middle.
        level: Loudness above neutral, dB.
        tilt: Brighter by so many dB an octave, round 500 Hz.
        breathiness: Breath beside the voice, a share of its spectrum's envelope.
        tremor: Slow trembling of the pitch, semitones.
        jitter: Irregularity of the pitch, semitones.
    """

    opening: float = 1.0
    width: float = 1.0
    duration: float = 1.0
    pitch: float = 0.0
    pitch_range: float = 1.0
    level: float = 0.0
    tilt: float = 0.0
    breathiness: float = 0.0
    tremor: float = 0.0
    jitter: float = 0.0


NEUTRAL = Manner()

MANNERS: dict[str, Manner] = {
    "amazement": Manner(1.2, 0.95, 1.0, 3.0, 1.5, 1.0, 0.3, 0.12),
    "anger": Manner(1.3, 1.1, 0.94, 3.0, 1.4, 6.0, 2.2, 0.0, 0.0, 0.25),
    "cheekiness": Manner(1.0, 1.1, 1.0, 1.0, 1.4, 0.0, 0.4, 0.06),
    "disgust": Manner(0.95, 1.05, 1.12, -1.5, 1.1, -1.5, -0.4, 0.08, 0.0, 0.25),
    "fear": Manner(0.95, 1.05, 0.9, 4.5, 1.0, 0.0, 0.3, 0.2, 0.35, 0.25),
    "grief": Manner(0.9, 1.0, 1.1, 2.5, 1.15, 0.0, 0.2, 0.25, 0.7, 0.25),
    "joy": Manner(1.1, 1.15, 0.96, 3.0, 1.5, 3.0, 1.0),
    "outofbreath": Manner(1.0, 1.0, 0.97, 1.0, 0.9, -1.5, -0.5, 0.5),
    "pain": Manner(0.85, 1.1, 1.05, 2.0, 1.1, 1.0, 1.2, 0.1, 0.3, 0.4),
    "sadness": Manner(0.8, 0.9, 1.12, -1.5, 0.65, -5.0, -1.6, 0.15),
}

_TABLE = np.array([astuple(MANNERS[name]) for name in EMOTIONS]) - np.array(astuple(NEUTRAL))
_COLUMNS = tuple(f.name for f in fields(Manner))


def manner_curve(name: str, labels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return one of `Manner`'s attributes over time [T], by labels [T, 10] of 0 to 1."""
    column = _COLUMNS.index(name)
    return np.asarray(getattr(NEUTRAL, name) + labels @ _TABLE[:, column], np.float64)
