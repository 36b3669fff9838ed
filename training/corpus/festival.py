"""Speech with phone timings from festival, through its program: one start for many lines."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from training.corpus.phones import Segment, spread
from training.corpus.spoken_line import SpokenLine

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Festival's name of each voice, and where Debian's package puts it.
FESTIVAL_VOICES = {
    "kal": "voice_kal_diphone",
    "ked": "voice_ked_diphone",
    "slt": "voice_cmu_us_slt_arctic_hts",
}
VOICE_FILES = {
    "kal": "/usr/share/festival/voices/english/kal_diphone",
    "ked": "/usr/share/festival/voices/english/ked_diphone",
    "slt": "/usr/share/festival/voices/us/cmu_us_slt_arctic_hts",
}
#: How many times longer than usual the phones of a line may last; mean pitch (Hertz) of the two older voices.
STRETCHES, PITCHES = (0.75, 1.35), (85.0, 150.0)


def festival_voices() -> tuple[str, ...]:
    """Return the voices that can speak here."""
    if shutil.which("festival") is None:
        return ()
    return tuple(voice for voice, folder in VOICE_FILES.items() if Path(folder).is_dir())


def speak_with_festival(
    texts: Sequence[str], voice: str, generators: Sequence[np.random.Generator]
) -> list[SpokenLine | None]:
    """Return one line for each text, with random tempo and pitch; None where one failed.

    Args:
        texts: What to say.
        voice: One of `festival_voices`.
        generators: Source of the manner of each text.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = [f"({FESTIVAL_VOICES[voice]})"]
        for index, (text, rng) in enumerate(zip(texts, generators, strict=True)):
            script += _commands(text, folder / str(index), rng)
        path = folder / "lines.scm"
        path.write_text("\n".join(script), encoding="latin-1", errors="replace")
        subprocess.run(["festival", "-b", path], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        return [_read(folder / str(index), voice) for index in range(len(texts))]


def _commands(text: str, stem: Path, rng: np.random.Generator) -> list[str]:
    """Return the Scheme that speaks a text into STEM.wav and lists its phones in STEM.segs."""
    quoted = text.replace("\\", "").replace('"', "")
    pitch = rng.uniform(*PITCHES)
    intonation = f"(target_f0_mean {pitch:.0f}) (target_f0_std {pitch * rng.uniform(0.08, 0.2):.0f})"
    return [
        f"(Parameter.set 'Duration_Stretch {rng.uniform(*STRETCHES):.3f})",
        f"(set! int_lr_params '({intonation} (model_f0_mean 170) (model_f0_std 34)))",
        f"(set! u (utt.synth (eval (list 'Utterance 'Text \"{quoted}\"))))",
        f'(utt.save.segs u "{stem}.segs")',
        f'(utt.save.wave u "{stem}.wav" \'riff)',
    ]


def _read(stem: Path, voice: str) -> SpokenLine | None:
    """Return what `_commands` left: after "#", each line of the table is an end (s), a colour and a phone."""
    sound, table = stem.with_suffix(".wav"), stem.with_suffix(".segs")
    if not (sound.is_file() and table.is_file()):
        return None
    samples = np.asarray(read_audio(sound).samples, np.float32)
    segments: list[Segment] = []
    start = 0.0
    for row in table.read_text(encoding="latin-1").partition("#")[2].split("\n"):
        if row.strip():
            end, _, phone = row.split()[:3]
            segments += spread(phone, start, float(end))
            start = float(end)
    return SpokenLine(f"festival {voice}", samples, tuple(segments), voice, "festival") if segments else None
