"""Speech with phone timings from festival, through its program: one start for many lines."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.audio_file import read_audio
from inference.errors import LipwrightError
from training.corpus.festival_phones import FESTIVAL_PHONES
from training.corpus.festival_voices import FESTIVAL_VOICES, FestivalVoice
from training.corpus.phones import Segment, share_time, spread
from training.corpus.spoken_line import SpokenLine

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How many times longer than usual the phones of a line may last; mean pitch (Hertz) of the two
#: older English voices.
STRETCHES, PITCHES = (0.75, 1.35), (85.0, 150.0)


def speak_with_festival(
    texts: Sequence[str], voice: str, generators: Sequence[np.random.Generator]
) -> list[SpokenLine | None]:
    """Return one line for each text, with random tempo and pitch; None where one failed.

    Args:
        texts: What to say.
        voice: One of `FESTIVAL_VOICES` whose package is installed; texts are in its language.
        generators: Source of the manner of each text.

    Raises:
        LipwrightError: The voice says a phone that its language's table lacks.
    """
    whose = FESTIVAL_VOICES[voice]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = [f"({whose.command})"]
        for index, (text, rng) in enumerate(zip(texts, generators, strict=True)):
            script += _commands(text, folder / str(index), rng, own_pitch=whose.language != "en")
        path = folder / "lines.scm"
        path.write_text("\n".join(script), encoding=whose.encoding, errors="replace")
        subprocess.run(["festival", "-b", path], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        return [_read(folder / str(index), voice, whose) for index in range(len(texts))]


def _commands(text: str, stem: Path, rng: np.random.Generator, *, own_pitch: bool) -> list[str]:
    """Return the Scheme that speaks a text into STEM.wav and lists its phones in STEM.segs."""
    quoted = text.replace("\\", "").replace('"', "")
    pitch = rng.uniform(*PITCHES)
    intonation = f"(target_f0_mean {pitch:.0f}) (target_f0_std {pitch * rng.uniform(0.08, 0.2):.0f})"
    pitched = f"(set! int_lr_params '({intonation} (model_f0_mean 170) (model_f0_std 34)))"
    return [
        f"(Parameter.set 'Duration_Stretch {rng.uniform(*STRETCHES):.3f})",
        *([] if own_pitch else [pitched]),
        f"(set! u (utt.synth (eval (list 'Utterance 'Text \"{quoted}\"))))",
        f'(utt.save.segs u "{stem}.segs")',
        f'(utt.save.wave u "{stem}.wav" \'riff)',
    ]


def _read(stem: Path, name: str, voice: FestivalVoice) -> SpokenLine | None:
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
            segments += _spoken(phone, voice.language, start, float(end))
            start = float(end)
    if not segments:
        return None
    return SpokenLine(f"festival {name}", samples, tuple(segments), name, "festival", voice.language)


def _spoken(symbol: str, language: str, start: float, end: float) -> list[Segment]:
    if language == "en":
        return spread(symbol, start, end)
    if symbol not in FESTIVAL_PHONES[language]:
        raise LipwrightError(
            f"festival says the phone '{symbol[:20]}' in the language {language}, which is not known; "
            "add it to training/corpus/festival_phones.py"
        )
    return share_time(FESTIVAL_PHONES[language][symbol], start, end)
