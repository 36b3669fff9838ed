"""The phone sets of festival's voices of other languages, by the features that their definitions give.

As in `ipa`, what the lips do counts first, and a rolled "r" leaves them alone.
"""

from __future__ import annotations

from training.corpus.phones import SILENCE

_LIPS = "p:P b:B m:M f:F v:V"
_STOPS = "t:T d:D k:K g:G"
#: A 1 is stress; "nf" is the n before f and v.
_ITALIAN = (
    "i:IY e:EH E:EH a:AA o:AO O:AO u:UW i1:IY e1:EH E1:EH a1:AA o1:AO O1:AO u1:UW j:Y w:W "
    "s:S S:SH z:Z Z:ZH ts:T,S tS:CH dz:D,Z dZ:JH n:N J:N ng:NG nf:V l:L L:L r:L"
)
#: "~" is a hook: "c~" as in cheese, "r~" rolled and hissed at once, and unvoiced with a star; "c" is ts.
_CZECH = (
    "a:AA a::AA e:EH e::EH i:IH i::IY o:AO o::AO u:UH u::UW _:HH c:T,S c~:CH ch:HH d~:G dz:D,Z dz~:JH h:HH "
    "j:Y l:L n:N n*:NG n~:N r:L r~:L r~*:L s:S s~:SH t~:K z:Z z~:ZH"
)
#: "@" is the front open vowel, "7" the rounded front one, "&" the schwa.
_FINNISH = (
    "a:AA e:EH i:IY o:AO u:UW y:UW @:AE 7:OW &:AH j:Y w:W "
    "T:TH D:DH s:S z:Z S:SH Z:ZH h:HH n:N N:NG l:L L:L r:L"
)


def _phones(*groups: str) -> dict[str, tuple[str, ...]]:
    """Return our phones for each symbol; what follows the last colon of an entry are the phones."""
    pairs = [entry.rpartition(":") for group in groups for entry in group.split()]
    return dict.fromkeys(("#", "##"), (SILENCE,)) | {
        symbol: tuple(phones.split(",")) for symbol, _, phones in pairs
    }


def _with_long(phones: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Add the long form of each sound, which a colon marks."""
    return phones | {f"{symbol}:": ours for symbol, ours in phones.items() if symbol[0] != "#"}


#: Our phones for each of a language's.
FESTIVAL_PHONES = {
    "it": _phones(_LIPS, _STOPS, _ITALIAN),
    "cs": _phones(_LIPS, _STOPS, _CZECH),
    "fi": _with_long(_phones(_LIPS, _STOPS, _FINNISH)),
}
