"""Which names are fit to be a file's, on every system and inside the output folder."""

import unicodedata

from ..errors import LipwrightError

FOLDER = ".lipwright"
"""Where a batch keeps what it must remember, inside the output folder."""
RESERVED = ("report.html", "report.json")
"""Files in the output folder that are no line's result."""
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"
}
_FORBIDDEN = frozenset('<>:"/\\|?*')
_LONGEST = 200
"""Bytes; file systems take 255, and endings are added."""


def check_name(name: str, what: str) -> None:
    """Refuses a name that cannot be a file's on Windows, macOS and Linux alike.

    Args:
        name: without a folder.
        what: how the message calls it, such as "id".

    Raises:
        LipwrightError: with what is wrong with it and what to do.
    """
    problem = _problem(name)
    if problem:
        raise LipwrightError(f"{what} '{_shown(name)}' {problem}")


def fit_name(text: str, longest: int) -> str:
    """Returns a name that `check_name` takes, as near to a text as can be; "" where nothing is left of it.

    Args:
        text: such as a scene's or an object's name.
        longest: bytes.
    """
    shown = "".join(sign if sign.isprintable() and sign not in _FORBIDDEN else "_" for sign in text)
    name = shown.strip(" .").encode()[:longest].decode(errors="ignore").strip(" .")
    return f"_{name}" if _is_device(name) else name


def name_key(name: str) -> str:
    """Returns what two names share that are one file on systems which ignore case or accents' spelling."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _problem(name: str) -> str | None:
    forbidden = sorted(_FORBIDDEN & set(name))
    tests = (
        (not name.strip(), "is empty; give the line a name"),
        (name in {".", ".."}, "is a folder; use a plain name"),
        (
            any(sign in name for sign in "/\\"),
            "is a path; use a plain name, as results lie side by side in the output folder",
        ),
        (bool(forbidden), f"holds {' '.join(forbidden)}, which Windows takes in no name; leave it out"),
        (not name.isprintable(), "holds characters that cannot be shown; leave them out"),
        (name.startswith("."), "begins with a dot, which hides a file; leave the dot out"),
        (name != name.strip() or name.endswith("."), "begins or ends with a space or dot; leave it out"),
        (_is_device(name), "is a device on Windows; choose another name"),
        (len(name.encode(errors="replace")) > _LONGEST, f"is longer than {_LONGEST} bytes; shorten it"),
    )
    return next((problem for found, problem in tests if found), None)


def _is_device(name: str) -> bool:
    return name.partition(".")[0].strip().casefold() in _DEVICES


def _shown(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:57]}..."  # noqa: PLR2004 - what fits a line of a terminal
