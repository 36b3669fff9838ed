"""Which voices of espeak-ng speak: English in many timbres, and other languages in a few each.

Left out are the variants whose stops do not fall 20 dB under their vowels: robots and echoes, whose lips
nobody could hear.
"""

from __future__ import annotations

from training.corpus.sentences_other import LANGUAGES

_ACCENTS = ("en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-029")
_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 f5 klatt klatt2 klatt4 whisper Denis Diogo Hugo victor steph steph2 "
    "sandro aunty anika Alex Andrea Andy Annie Gene Jacky Lee Michael Mike adam belinda boris david ed "
    "edward grandma linda max miguel quincy rob shelby travis zac"
)
#: English; the accents come with variants of both sexes too.
ESPEAK_VOICES = (
    *_ACCENTS,
    *(f"en-us+{variant}" for variant in _VARIANTS.split()),
    *(f"{accent}+{variant}" for accent in _ACCENTS[1:] for variant in ("f1", "m3", "Annie")),
)
_ABROAD = "f1 m1 f3 m4 Annie m7 f5 Andy linda klatt belinda Michael aunty max anika Lee f4 m3 f2 edward"
_EACH = 5


def voices_of(language: str) -> tuple[str, ...]:
    """Return six voices of a language: its own, and variants that differ from language to language.

    Args:
        language: A member of `LANGUAGES`.
    """
    variants, first = _ABROAD.split(), LANGUAGES.index(language) * _EACH
    return (language, *(f"{language}+{variants[(first + i) % len(variants)]}" for i in range(_EACH)))
