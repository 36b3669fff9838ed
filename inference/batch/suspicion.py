"""Says which lines somebody should look at first, and why.

The thresholds were set on clean recordings and on the same recordings with clipping, noise, chords and drums
mixed in at known levels; that of two speakers on a man's and a woman's lines spliced in turns, of which it
finds half, and on lines of one person, of which it suspects none.
"""

from dataclasses import dataclass

from .measures import LineMeasures

_QUIET_DB = -45.0
_CLIPPED = 1e-4
_MOSTLY_SILENT = 0.7
_NOISY_DB = 25.0
"""Speech this far above its floor or less is noisy; clean recordings measure 33 dB and more."""
_TONAL = 0.12
_STEADY = 0.4
_FAST = 6.5
"""Syllables per second as measured here; recordings at their own pace measure 4.4 to 6.0."""
_STILL_MM = 2.0
_OPEN_MM = 30.0
_SHORTEST_S = 0.3
_LONG_S = 60.0
_SPEAKS_DB = -65.0
_ENOUGH_SYLLABLES = 6
_TWO_VOICES = 7.0
"""Semitones; the turns of one reader, and of one actor in several moods, lay up to 6.9 apart."""


@dataclass(frozen=True)
class Suspicion:
    """One reason to look at a line.

    Attributes:
        kind: a word for machines.
        sentence: for people.
        weight: 0..1, how much it says that something is wrong.
    """

    kind: str
    sentence: str
    weight: float


def suspicions(measures: LineMeasures) -> list[Suspicion]:
    """Returns the reasons to look at a line, the weightiest first."""
    found = [*_of_level(measures), *_of_background(measures), *_of_pace(measures), *_of_motion(measures)]
    return sorted(found, key=lambda warning: -warning.weight)


def score(warnings: list[Suspicion]) -> float:
    """Returns how suspicious a line is: 0 for nothing at all; two reasons count more than one."""
    return round(sum(warning.weight for warning in warnings), 4)


def _of_level(m: LineMeasures) -> list[Suspicion]:
    found = []
    if m.level_db < _SPEAKS_DB:
        found.append(Suspicion("silent", f"holds no speech ({m.level_db:.0f} dB)", 1.0))
    elif m.level_db < _QUIET_DB:
        weight = min(0.9, 0.4 + (_QUIET_DB - m.level_db) / 40)
        found.append(Suspicion("too quiet", f"is very quiet ({m.level_db:.0f} dB)", weight))
    if m.clipped_share > _CLIPPED:
        weight = min(0.9, 0.3 + m.clipped_share * 30)
        found.append(Suspicion("clipped", f"is clipped ({m.clipped_share:.2%} of its samples)", weight))
    if m.silence_share > _MOSTLY_SILENT and m.level_db >= _SPEAKS_DB:
        found.append(Suspicion("mostly silence", f"is silent for {m.silence_share:.0%} of its time", 0.4))
    return found


def _of_background(m: LineMeasures) -> list[Suspicion]:
    above = m.level_db - m.floor_db
    if above >= _NOISY_DB or m.level_db < _SPEAKS_DB:
        return []
    weight = min(0.9, 0.4 + (_NOISY_DB - above) / 40)
    if m.flatness < _TONAL and m.steadiness > _STEADY:
        return [Suspicion("music", f"has music or a hum under it, {above:.0f} dB below the speech", weight)]
    return [Suspicion("noise", f"has noise under it, {above:.0f} dB below the speech", weight)]


def _of_pace(m: LineMeasures) -> list[Suspicion]:
    found = []
    if m.syllable_rate > _FAST:
        found.append(Suspicion("very fast", f"is very fast ({m.syllable_rate:.1f} syllables a second)", 0.4))
    if m.duration < _SHORTEST_S:
        found.append(Suspicion("very short", f"lasts {m.duration:.2f} s only", 0.4))
    if m.duration > _LONG_S:
        found.append(Suspicion("very long", f"lasts {m.duration:.0f} s; is it one line?", 0.2))
    if m.pitch_step > _TWO_VOICES and m.level_db - m.floor_db >= _NOISY_DB:  # pitch is misheard in noise
        apart = f"its turns lie {m.pitch_step:.0f} semitones apart"
        found.append(Suspicion("two speakers", f"may hold two speakers: {apart}", 0.5))
    return found


def _of_motion(m: LineMeasures) -> list[Suspicion]:
    speaks = m.level_db >= _SPEAKS_DB and m.syllable_rate * m.duration * (1 - m.silence_share) >= 1
    found = []
    if speaks and m.peak_opening < _STILL_MM:
        found.append(Suspicion("hardly moves", f"opens the mouth {m.peak_opening:.1f} mm at most", 0.8))
    if m.peak_opening > _OPEN_MM:
        found.append(Suspicion("wide open", f"opens the mouth {m.peak_opening:.0f} mm", 0.5))
    syllables = m.syllable_rate * m.duration * (1 - m.silence_share)
    if syllables >= _ENOUGH_SYLLABLES and not m.closures and m.peak_opening >= _STILL_MM:
        found.append(Suspicion("never closes", "never closes the lips", 0.5))
    return found
