"""`build.py bench`: speed, start-up and memory, each beside a baseline measured in the same run."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path

from build_tools import environments
from build_tools.console import BuildError, run, say
from build_tools.paths import ROOT, SAMPLE_LINES
from build_tools.system_parts import BLENDER, require_parts

IMPORTS_ONLY = "import numpy, onnxruntime, soundfile"  # what every run of inference must load
MEGABYTE = 1 << 20
STARTS = 7
"""Runs of which the shortest counts; the first may have to compile modules, which Python then keeps."""
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Where this is set every start compiles the checkout anew, which no user's does."""


@dataclass(frozen=True)
class Cost:
    """What a program took: seconds by the clock, and its peak memory in megabytes (None on Windows)."""

    seconds: float
    peak: float | None


def run_bench(*, quick: bool) -> int:
    """Measure and print; returns the exit status.

    Args:
        quick: leave out the one-hour line and Blender.

    Raises:
        BuildError: where a measured program fails.
    """
    require_parts(BLENDER)
    python = environments.ensure(environments.RUNTIME)
    say(f"{os.cpu_count()} cores, {platform.machine()}, {platform.platform()}\n")
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as name:
        folder = Path(name)
        lines = {seconds: _make_line(folder, seconds) for seconds in (10, 60)}
        _speed(python, lines)
        _start_up(python, lines[10], folder)
        _memory(python, lines[60], 60, folder)
        if not quick:
            _memory(python, _make_line(folder, 3600), 3600, folder)
    return 0 if quick else _blender(python)


def _row(what: str, ours: str, baseline: str) -> None:
    say(f"{what:66}{ours:>9}   {baseline}")


def _speed(python: Path, lines: dict[int, Path]) -> None:
    command = [str(python), "-m", "build_tools.bench_inference", str(lines[10]), str(lines[60])]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise BuildError("Timing inference failed, see above.")
    figures = json.loads(answer.stdout.splitlines()[-1])
    for name in ("10 s", "60 s"):
        _row(
            f"file to weights, {name} line, warm: audio seconds per second",
            f"{figures[f'{name} line']:.0f}",
            f"loudness opens the jaw: {figures[f'{name} baseline']:.0f}",
        )
    first, second = figures["first emotion"], figures["second emotion"]
    _row(
        "same 10 s line, another emotion", f"{second * 1000:.1f} ms", f"first emotion: {first * 1000:.1f} ms"
    )
    _row("  times faster than the first", f"{first / second:.1f}", "")


def _start_up(python: Path, line: Path, folder: Path) -> None:
    ours = min(_inference(python, line, folder).seconds for _ in range(STARTS))
    bare = min(_cost([str(python), "-c", IMPORTS_ONLY]).seconds for _ in range(STARTS))
    _row(
        "file to CSV, 10 s line, with start-up: audio seconds per second",
        f"{10 / ours:.0f}",
        f"took {ours:.2f} s; importing NumPy, ONNX Runtime and soundfile alone: {bare:.2f} s",
    )


def _memory(python: Path, line: Path, seconds: int, folder: Path) -> None:
    ours, bare = _inference(python, line, folder), _cost([str(python), "-c", IMPORTS_ONLY])
    if ours.peak is None or bare.peak is None:
        return
    _row(
        f"peak memory, {seconds} s line",
        f"{ours.peak:.0f} MB",
        f"imports alone: {bare.peak:.0f} MB   (file to CSV took {ours.seconds:.1f} s)",
    )


def _inference(python: Path, line: Path, folder: Path) -> Cost:
    return _cost([str(python), "-m", "inference", str(line), "-o", str(folder / "out"), "--format", "csv"])


def _cost(command: list[str]) -> Cost:
    """Run a program to its end and tell what it took.

    Raises:
        BuildError: where it failed.
    """
    environment = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    peak = None
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        # Linux counts kilobytes, macOS bytes
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MEGABYTE
    else:
        process.wait()
    if process.returncode != 0:
        message = f"`{' '.join(command[1:4])}` failed with status {process.returncode}, see above."
        raise BuildError(message)
    return Cost(time.perf_counter() - start, peak)


def _make_line(folder: Path, seconds: int) -> Path:
    """Write the bundled lines one after another until there are that many seconds, and return the file."""
    sources = sorted(SAMPLE_LINES.glob("*.wav"))
    pieces = []
    for source in sources:
        with wave.open(str(source), "rb") as sound:
            parameters = sound.getparams()
            pieces.append(sound.readframes(sound.getnframes()))
    speech = b"".join(pieces)
    wanted = seconds * parameters.framerate * parameters.sampwidth
    path = folder / f"{seconds}s.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams(parameters)
        while wanted > 0:
            sound.writeframes(speech[:wanted])
            wanted -= len(speech)
    return path


def _blender(python: Path) -> int:
    say("")
    return run([python, ROOT / "build_tools" / "bench_blender.py"], cwd=ROOT)
