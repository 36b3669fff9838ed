"""One phone inventory (the 39 of the CMU dictionary, and silence) for capture and synthesised speech."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.errors import LipwrightError
from training.corpus.ipa import ipa_phones

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from inference.measures import PhoneInterval

SILENCE = "SIL"
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
PHONES = (SILENCE, *VOWELS, *_CONSONANTS.split())
#: Phones whose lips touch.
BILABIALS = ("B", "M", "P")
#: Phones whose lower lip touches the upper teeth.
LABIODENTALS = ("F", "V")
#: The radio alphabet of flite and festival where it differs from the inventory.
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
    **dict.fromkeys(("PAU", "SSIL", "H#", "BRTH"), SILENCE),
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
    """Return the phones of a symbol in CMU, radio or English IPA notation; silence for what is no phone."""
    plain = symbol.rstrip("012").upper()
    plain = _RADIO.get(plain, plain)
    return [plain] if plain in PHONES else list(ipa_phones(symbol)) or [SILENCE]


def spread(symbol: str, start: float, end: float) -> list[Segment]:
    """Return a symbol's segments; several phones share its time equally."""
    return share_time(known_phones(symbol), start, end)


def spread_all(phones: Iterable[PhoneInterval]) -> tuple[Segment, ...]:
    """Return the segments of aligned phones, in order."""
    return tuple(part for phone in phones for part in spread(phone.name, phone.start, phone.end))


def share_time(phones: Sequence[str], start: float, end: float) -> list[Segment]:
    """Return one segment for each phone, of equal length, from `start` to `end` (s)."""
    count = len(phones)
    borders = [start + i * (end - start) / count for i in range(count)] + [end]
    return [Segment(phones[i], borders[i], borders[i + 1]) for i in range(count)]


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
