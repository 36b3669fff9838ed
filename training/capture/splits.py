"""Which takes train, which choose the settings, and which only measure the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEST_SHARE = 1 / 7
VALIDATION_SHARE = 4 / 35
FACEGOOD_SPLITS = {"1114_2_04": "test"}
"""FACEGOOD's five takes are two series; the last of the long series measures, all others train."""


def assign_splits(stems: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """Split the takes of one capture folder.

    Args:
        stems: The takes, sorted.
        named: Splits given by the folder itself. Where there are any, all other takes train.

    Returns:
        Split by stem. By default the last seventh tests and the eight seventieths before it validate (10 and
        8 of 70); fewer than four takes all train.
    """
    named = named or {stem: split for stem, split in FACEGOOD_SPLITS.items() if stem in stems}
    if named:
        return {stem: named.get(stem, "train") for stem in stems}
    test = round(len(stems) * TEST_SHARE)
    validation = round(len(stems) * VALIDATION_SHARE) if test else 0
    train = len(stems) - test - validation
    return {
        stem: "train" if i < train else "validation" if i < train + validation else "test"
        for i, stem in enumerate(stems)
    }
