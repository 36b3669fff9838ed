"""The International Phonetic Alphabet to the phone inventory: the nearest phone by what the mouth does.

Lips count first: only what truly closes both lips becomes P, B or M; rounded vowels become rounded ones;
what the throat or the soft palate does becomes a phone that leaves the lips alone. Spread-lipped hisses (the
sh of Polish, Mandarin and Japanese) become S and Z, as SH pushes the lips forward.
"""

# ruff: noqa: RUF001 - phonetic symbols look like other letters

from __future__ import annotations

import unicodedata

_BOTH_LIPS = "p:P b:B m:M ʙ:B ɓ:B pf:P,F"
#: Lower lip at the teeth, or lips near each other: a hiss or buzz that never shuts.
_NEAR_LIPS = "f:F v:V ɱ:V ʋ:V ⱱ:V ɸ:F β:V"
_TONGUE_TIP = (
    "t:T d:D n:N s:S z:Z l:L r:R ɹ:R ɾ:D θ:TH ð:DH ɫ:L ɬ:L ɮ:L ɺ:L ɻ:R ɽ:L ʈ:T ɖ:D ɗ:D ɳ:N ɭ:L ts:T,S dz:D,Z"
)
_PALATE = (
    "ʃ:SH ʒ:ZH ʂ:SH ʐ:ZH ɧ:SH sx:SH tʃ:CH dʒ:JH tʂ:CH dʐ:JH ɕ:S ʑ:Z tɕ:T,S dʑ:D,Z "
    "j:Y ʝ:Y ç:Y ɲ:N ʎ:L c:K ɟ:G ɥ:W w:W ʍ:W"
)
_THROAT = "k:K g:G ɡ:G ŋ:NG ɴ:NG q:K ɢ:G ɰ:G ɣ:G ʁ:G ʀ:G x:HH χ:HH h:HH ɦ:HH ħ:HH ʕ:HH ʜ:HH ʔ:HH"
_VOWELS = (
    "i:IY ɪ:IH ᵻ:IH ɨ:IH ɯ:IH ɯᵝ:UH e:EH ɘ:AH ɛ:EH æ:AE a:AE ɑ:AA ɒ:AA ɔ:AO o:AO ʊ:UH u:UW ʉ:UW y:UW "
    "ʏ:UW ø:OW œ:AO ɶ:AO ɵ:UH ɞ:AO ʌ:AH ɐ:AH ə:AH ɤ:AH ɚ:ER ɜ:ER ɝ:ER l̩:AH,L əl:AH,L"
)
_GLIDES = (
    "eɪ:EY ei:EY ɛɪ:EY ɛi:EY aɪ:AY ai:AY ɑɪ:AY ɑi:AY æi:AY ɔɪ:OY oɪ:OY oi:OY ɔi:OY ɔø:OY ɔʏ:OY ɔy:OY "
    "aʊ:AW au:AW ɑʊ:AW ɑu:AW æʊ:AW oʊ:OW ou:OW əʊ:OW ɔu:OW aɪɚ:AY,ER aɪə:AY,AH aʊɚ:AW,ER aʊə:AW,AH "
    "iə:IY,AH eə:EH,R ɛə:EH,R ʊə:UH,R"
)
_GROUPS = (_BOTH_LIPS, _NEAR_LIPS, _TONGUE_TIP, _PALATE, _THROAT, _VOWELS, _GLIDES)
_TABLE = {
    unicodedata.normalize("NFC", symbol): tuple(phones.split(","))
    for group in _GROUPS
    for symbol, phones in (entry.split(":") for entry in group.split())
}
#: Where a letter means another mouth outside English: a wide open vowel, a rolled tongue tip with calm lips.
_ABROAD = {"a": ("AA",), "r": ("L",)}
#: Stress, length, breath, and what espeak-ng adds to tell variants of a sound apart.
_MARKS = str.maketrans("", "", "ˈˌː:ˑʰʱʷˠˤ˞-.^\"'ᵝ")
_LONGEST = max(map(len, _TABLE))


def ipa_phones(symbol: str, language: str = "en") -> tuple[str, ...]:
    """Return the phones of an IPA symbol, those of its letters where it is a cluster; none if it is unknown.

    Args:
        symbol: As espeak-ng writes it; nasal vowels are their vowels, a lone "ʲ" is a short Y.
        language: Code of the language; anything but "en" reads "a" and "r" as the continent does.
    """
    if symbol == "ʲ":
        return ("Y",)
    whole = unicodedata.normalize("NFC", symbol.translate(str.maketrans("", "", "ˈˌː")))
    table = _TABLE if language == "en" else _TABLE | _ABROAD
    return table.get(whole) or _split(_bare(whole), table)


def _bare(symbol: str) -> str:
    """Drop every mark on or beside the letters."""
    apart = unicodedata.normalize("NFD", symbol.translate(_MARKS).replace("ʲ", "")).replace("c\u0327", "ç")
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")


def _split(letters: str, table: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Read letters from the left, the longest known group first."""
    phones: tuple[str, ...] = ()
    while letters:
        size = next((n for n in range(_LONGEST, 0, -1) if letters[:n] in table and n <= len(letters)), 0)
        if not size:
            return ()
        phones += table[letters[:size]]
        letters = letters[size:]
    return phones
