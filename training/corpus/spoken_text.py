"""English text as the words that are said: numbers, signs and abbreviations spelled out."""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety"
_SAID = {"&": "and", "%": "percent", "#": "pound", "*": "star", "@": "at"}
_NOT_SAID = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")


def number_words(number: int) -> str:
    """Return a whole number below a million in words."""
    small = _ONES.split()
    if number < len(small):
        return small[number]
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = f" {number_words(number % size)}" if number % size else ""
            return f"{number_words(number // size)} {name}{rest}"
    rest = f" {small[number % 10]}" if number % 10 else ""
    return _TENS.split()[number // 10] + rest


def without_remarks(text: str) -> str:
    """Return a text less what stands in brackets, which nobody says."""
    return _NOT_SAID.sub(" ", text)


def spoken_words(text: str) -> list[str]:
    """Return the lower-case words of a text; what stands in brackets is a remark and not said."""
    text = without_remarks(text.lower().replace("\u2019", "'"))
    text = re.sub(r"\b([a-z])\.(?=[a-z]\.)", r"\1 ", text)  # a.m. is two letters
    for sign, word in _SAID.items():
        text = text.replace(sign, f" {word} ")
    text = re.sub(r"\d+", lambda found: f" {number_words(int(found.group()))} ", text)
    return [word for word in (w.strip("'") for w in re.sub(r"[^a-z']", " ", text).split()) if word]
