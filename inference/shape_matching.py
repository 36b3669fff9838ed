"""Recognises the ARKit shapes under the names that characters give them."""

import re
from collections.abc import Sequence

from .blendshape_names import ARKIT_NAMES

_CANONICAL = {name.lower(): name for name in ARKIT_NAMES}
_SIDES = {"l": "left", "r": "right", "left": "left", "right": "right"}
_SEPARATED_SIDE = re.compile(r"^(.+?)[._\- ](l|r|left|right)$", re.IGNORECASE)
_CAMEL_SIDE = re.compile(r"^(.*[a-z])(L|R)$")
_SEPARATORS = re.compile(r"[._\-: |]+")


def match_shapes(names: Sequence[str]) -> dict[str, str]:
    """Finds which of a character's shapes are ARKit shapes.

    Understands any case, `_L` / `.R` / `Left` endings, prefixes such as `Head_` or `blendShape1.`, and shapes
    that a character splits into halves (`browInnerUp_L` and `_R` both answer to `browInnerUp`).

    Args:
        names: the character's own shape names.

    Returns:
        Own name -> ARKit name, for those that are recognised.
    """
    found = {name: _recognise(name) for name in names}
    return {name: arkit for name, arkit in found.items() if arkit is not None}


def _recognise(name: str) -> str | None:
    parts = [part for part in _SEPARATORS.split(name) if part]
    for start in range(len(parts)):
        arkit = _exact("_".join(parts[start:]))
        if arkit:
            return arkit
    return None


def _exact(name: str) -> str | None:
    whole = _CANONICAL.get(name.replace("_", "").lower())
    if whole:
        return whole
    match = _SEPARATED_SIDE.match(name) or _CAMEL_SIDE.match(name)
    if not match:
        return None
    base = match[1].replace("_", "").lower()
    return _CANONICAL.get(base + _SIDES[match[2].lower()]) or _CANONICAL.get(base)
