"""Sounds to test a model with: what may happen to speech, what is no speech, and other manners of speaking.

Everything is made on the spot and depends on nothing but the generator that it is given. Lengths and timing
stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.sound_conditions import conditions, still_sounds, voices

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Alteration = Callable[[NDArray[np.float32], int, np.random.Generator], NDArray[np.float32]]
    Maker = Callable[[float, int, np.random.Generator], NDArray[np.float32]]

#: Each takes speech [N] (mono float32), its sample rate (Hertz) and a generator, and returns [N].
CONDITIONS: dict[str, Alteration] = {
    "noise_10db": conditions.noise_10db,
    "babble_10db": conditions.babble_10db,
    "telephone": conditions.telephone,
    "reverb_06s": conditions.reverb_06s,
    "mp3_32k": conditions.mp3_32k,
    "quiet_25db": conditions.quiet_25db,
    "clipping": conditions.clipping,
}
#: Each takes seconds, the sample rate and a generator, and returns [N].
STILL_SOUNDS: dict[str, Maker] = {
    "silence": still_sounds.silence,
    "fan_noise": still_sounds.fan_noise,
    "white_noise": still_sounds.white_noise,
    "music": still_sounds.music,
    "applause": still_sounds.applause,
    "breathing": still_sounds.breathing,
}
#: As `CONDITIONS`: the same words at the same times.
VOICES: dict[str, Alteration] = {
    "whisper": voices.whisper,
    "shout": voices.shout,
    "laughter": voices.laughter,
    "singing": voices.singing,
    "child_high": voices.child_high,
    "bass_low": voices.bass_low,
}
