"""Which voices of espeak-ng speak: English in many timbres, and other languages."""

from __future__ import annotations

_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 f5 klatt klatt2 klatt4 "
    "Denis Diogo Hugo victor steph steph2 sandro aunty anika Alex Gene Jacky"
)
#: English.
ESPEAK_VOICES = ("en-us", "en-gb", "en-gb-x-rp", *(f"en-us+{v}" for v in _VARIANTS.split()))
