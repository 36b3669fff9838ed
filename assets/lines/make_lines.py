"""Speaks the sample lines anew with flite (Debian package `flite`): sound and phone timings.

Usage: python assets/lines/make_lines.py
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Line:
    """A sample line: its file's stem, flite's voice, and the text (one utterance, so no inner full stop)."""

    name: str
    voice: str
    text: str


LINES = (
    Line("every_voice", "rms", "Every voice moves a face, my friend: watch how both my lips move."),
    Line(
        "blue_boat", "slt", "Five brave men pushed the old blue boat away from the shore before we woke up."
    ),
)


def speak(line: Line) -> None:
    """Write NAME.wav (16 kHz, mono) and NAME.tsv (phone, start and end in seconds)."""
    wav = HERE / f"{line.name}.wav"
    command = ["flite", "-voice", line.voice, "-psdur", "-t", line.text, "-o", str(wav)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    start, rows = 0.0, ["phone\tstart\tend"]
    for word in printed.split():
        phone, end = word.rsplit(":", 1)
        rows.append(f"{phone}\t{start:.3f}\t{float(end):.3f}")
        start = float(end)
    (HERE / f"{line.name}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for each in LINES:
        speak(each)
        print(each.name)
