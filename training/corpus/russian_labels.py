"""Label files of Debian's festvox-ru: when each phone of a recording is said, in its own set of phones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from training.corpus.phones import SILENCE, Segment, share_time

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "festvox-ru"
MEND = f"install {PACKAGE} again, as root with apt-get install --reinstall {PACKAGE}"
#: No label file is larger (bytes).
_LARGEST = 1 << 18
#: Doubled ones are stressed, the others reduced. "ay" and "ae" are what the weakest vowels become after hard
#: and after soft consonants; the first sounds like a schwa, the second like "i".
_VOWELS = "ii:IY yy:IH uu:UW ee:EH oo:AO aa:AA i:IH y:IH u:UH ur:UH e:EH a:AH ae:IH ay:AH"
#: Doubled ones are palatalised, which the lips do not show.
_LIPS = "p:P pp:P b:B bb:B m:M mm:M f:F ff:F v:V vv:V"
#: The rolled tongue tip of "r" leaves the lips alone, which R does not.
_TONGUE_TIP = "t:T tt:T d:D dd:D n:N nn:N s:S ss:S z:Z zz:Z l:L ll:L r:L rr:L c:T,S"
#: In Russian these push the lips forward, the soft ones too.
_HISSES = "sh:SH zh:ZH sch:SH ch:CH"
_BACK = "j:Y k:K kk:K g:G gg:G h:HH hh:HH"
#: Our phones for each of the package's, by the features that its `msu_ru_nsh_phoneset.scm` gives them.
RUSSIAN_PHONES = {"pau": (SILENCE,)} | {
    symbol: tuple(phones.split(","))
    for group in (_VOWELS, _LIPS, _TONGUE_TIP, _HISSES, _BACK)
    for symbol, phones in (entry.split(":") for entry in group.split())
}


def read_labels(path: Path) -> list[Segment]:
    """Return a recording's phones from 0 on, without gaps.

    Args:
        path: After "#", each of its lines is an end (s), a colour and a phone.

    Raises:
        LipwrightError: It is no such file, or has a phone that is none of `RUSSIAN_PHONES`.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise LipwrightError(f"{path}: is too large for the labels of a recording; {MEND}")
        rows = path.read_text(encoding="ascii").partition("#\n")[2].splitlines()
        labels = [(float(end), symbol) for end, _, symbol in (row.split() for row in rows)]
    except (OSError, ValueError) as error:
        raise LipwrightError(f"{path}: cannot be read as labels ({error}); {MEND}") from error
    segments: list[Segment] = []
    start = 0.0
    for end, symbol in labels:
        if symbol not in RUSSIAN_PHONES:
            raise LipwrightError(f"{path}: has the unknown phone '{symbol[:20]}'; {MEND}")
        if not start < end < math.inf:
            raise LipwrightError(f"{path}: has a phone that ends at {end} s after {start} s; {MEND}")
        segments += share_time(RUSSIAN_PHONES[symbol], start, end)
        start = end
    if all(s.phone == SILENCE for s in segments):
        raise LipwrightError(f"{path}: holds no phones; {MEND}")
    return segments
