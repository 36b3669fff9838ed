"""Text to what Kokoro reads: the phonetic alphabet of espeak-ng, in the model's own spelling."""

# ruff: noqa: RUF001 - phonetic symbols look like other letters

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training.corpus.ipa import ipa_phones

if TYPE_CHECKING:
    from training.corpus.espeak import Espeak

#: Numbers of the symbols that the model knows, those of its published vocabulary that speech needs.
_NUMBERED = """
;1 :2 ,3 .4 !5 ?6 ʣ18 ʦ20 ʨ21 A24 I25 O31 Q33 W39 Y41 ᵊ42 a43 b44 c45 d46 e47 f48 h50 i51 j52 k53
l54 m55 n56 o57 p58 q59 r60 s61 t62 u63 v64 w65 x66 y67 z68 ɑ69 ɐ70 ɒ71 æ72 β75 ɔ76 ɕ77 ç78 ɖ80 ð81
ʤ82 ə83 ɚ85 ɛ86 ɜ87 ɟ90 ɡ92 ɥ99 ɨ101 ɪ102 ʝ103 ɯ110 ɰ111 ŋ112 ɳ113 ɲ114 ɴ115 ø116 ɸ118 θ119 œ120
ɹ123 ɾ125 ɻ126 ʁ128 ɽ129 ʂ130 ʃ131 ʈ132 ʧ133 ʊ135 ʋ136 ʌ138 ɣ139 ɤ140 χ142 ʎ143 ʒ147 ʔ148 ˈ156 ˌ157
ː158 ʰ162 ʲ164 ᵻ177
"""
SYMBOLS = {" ": 16, "\u0303": 17} | {pair[0]: int(pair[1:]) for pair in _NUMBERED.split()}
#: Pairs of symbols that are one in the model's spelling.
_PAIRS = "aɪ:I aʊ:W eɪ:A ɔɪ:Y oʊ:O əʊ:Q dʒ:ʤ tʃ:ʧ dz:ʣ ts:ʦ g:ɡ"
_TOGETHER = {pair[:-2]: pair[-1] for pair in _PAIRS.split()}
#: How American English is spelled besides: without long vowels, and r as a sound of its own.
_AMERICAN = {"ɜː": "ɜɹ", "ɚ": "əɹ", "r": "ɹ", "ː": ""}
#: What alone is no word.
_MARKS = "ˈˌː"
_PUNCTUATION = re.compile(r"([,.;:!?]+)")


def kokoro_line(espeak: Espeak, text: str, language: str) -> tuple[str, list[list[str]]]:
    """Return a text as the model reads it, and the phones of each word, members of `PHONES`.

    Args:
        espeak: Says how words sound.
        text: What to say.
        language: As espeak-ng calls it.

    Returns:
        Symbols of the model, some of which it may not know; and words, none where a sound is unknown.
    """
    spelled, words = [], []
    kind = "en" if language.startswith("en") else language
    for part in _PUNCTUATION.split(text):
        if _PUNCTUATION.fullmatch(part):
            spelled.append(f"{part[0]} ")
            continue
        said = espeak.ipa(part, language)
        spelled.append(_spelled(said, language))
        words += [list(ipa_phones(word, kind)) for word in said.split() if word.strip(_MARKS)]
    return "".join(spelled).strip(), words if all(words) else []


def symbol_numbers(spelled: str) -> list[int]:
    """Return the numbers of the symbols that the model knows."""
    return [SYMBOLS[symbol] for symbol in spelled if symbol in SYMBOLS]


def _spelled(said: str, language: str) -> str:
    table = _TOGETHER | (_AMERICAN if language == "en-us" else {})
    for ours in sorted(table, key=len, reverse=True):
        said = said.replace(ours, table[ours])
    return said
