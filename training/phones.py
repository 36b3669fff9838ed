"""One phone inventory (the 39 of the CMU dictionary, and silence) for capture and synthesised speech."""

# ruff: noqa: RUF001 - phonetic symbols look like other letters

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.errors import LipwrightError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SILENCE = "SIL"
_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
PHONES = (SILENCE, *f"{_VOWELS} {_CONSONANTS}".split())
#: Phones whose lips touch.
BILABIALS = ("B", "M", "P")

#: International Phonetic Alphabet, as espeak-ng writes it, to the inventory; length marks are dropped first.
_LETTERS = "pbtdkɡgmnŋfvθðszʃʒhlɹrjw"
_LETTER_PHONES = "P B T D K G G M N NG F V TH DH S Z SH ZH HH L R R Y W"
_IPA = {
    **dict(zip(_LETTERS, _LETTER_PHONES.split(), strict=True)),
    "tʃ": "CH",
    "dʒ": "JH",
    "ɫ": "L",
    "ɾ": "T",
    "ʔ": "T",
    "ʍ": "W",
    "x": "K",
    "n̩": "N",
    "əl": "AH L",
    "i": "IY",
    "ɪ": "IH",
    "ᵻ": "IH",
    "ɨ": "IH",
    "e": "EH",
    "ɛ": "EH",
    "æ": "AE",
    "a": "AE",
    "ɑ": "AA",
    "ɒ": "AA",
    "ɔ": "AO",
    "o": "AO",
    "ʊ": "UH",
    "u": "UW",
    "ʉ": "UW",
    "ʌ": "AH",
    "ɐ": "AH",
    "ə": "AH",
    "ɚ": "ER",
    "ɜ": "ER",
    "ɝ": "ER",
    "l̩": "AH L",
    "eɪ": "EY",
    "aɪ": "AY",
    "ɔɪ": "OY",
    "oɪ": "OY",
    "aʊ": "AW",
    "oʊ": "OW",
    "əʊ": "OW",
    "ɑɹ": "AA R",
    "ɔɹ": "AO R",
    "oɹ": "AO R",
    "ɪɹ": "IH R",
    "ɛɹ": "EH R",
    "ʊɹ": "UH R",
    "iə": "IY AH",
    "eə": "EH R",
    "ɛə": "EH R",
    "ʊə": "UH R",
    "aɪɚ": "AY ER",
    "aɪə": "AY AH",
    "aʊɚ": "AW ER",
    "aʊə": "AW AH",
}
#: The radio alphabet of flite where it differs from the inventory.
_RADIO = {
    "AX": "AH",
    "AXR": "ER",
    "IX": "IH",
    "DX": "T",
    "EL": "L",
    "EM": "M",
    "EN": "N",
    "NX": "N",
    "HV": "HH",
}


@dataclass(frozen=True)
class Segment:
    """One spoken phone.

    Attributes:
        phone: A member of `PHONES`.
        start: Seconds.
        end: Seconds.
    """

    phone: str
    start: float
    end: float


def known_phones(symbol: str) -> list[str]:
    """Return the phones [1 or 2] of a symbol in CMU, radio or IPA notation; silence for what is no phone."""
    plain = symbol.rstrip("012").upper()
    plain = _RADIO.get(plain, plain)
    if plain in PHONES:
        return [plain]
    return _IPA.get(symbol.replace("ː", "").replace("ˈ", "").replace("ˌ", ""), SILENCE).split()


def spread(symbol: str, start: float, end: float) -> list[Segment]:
    """Return a symbol's segments; two phones share its time equally."""
    names = known_phones(symbol)
    step = (end - start) / len(names)
    return [Segment(n, start + i * step, start + (i + 1) * step) for i, n in enumerate(names)]


def read_phones(path: Path) -> dict[str, list[Segment]]:
    """Read a table of "take, phone, start s, end s" lines, separated by tabs.

    Args:
        path: The table.

    Returns:
        Segments by take, in order.

    Raises:
        LipwrightError: The table cannot be read.
    """
    found: dict[str, list[Segment]] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            take, symbol, start, end = line.split("\t")
            found.setdefault(take, []).extend(spread(symbol, float(start), float(end)))
    except (OSError, ValueError) as error:
        raise LipwrightError(
            f"{path}: no table of take, phone, start, end ({error}); remove or mend it"
        ) from error
    return found


def write_phones(path: Path, takes: dict[str, Sequence[Segment]]) -> None:
    """Write what `read_phones` reads."""
    lines = [
        f"{t}\t{s.phone}\t{s.start:.4f}\t{s.end:.4f}\n" for t, segments in takes.items() for s in segments
    ]
    path.write_text("".join(lines), encoding="utf-8")
