"""`build.py bench batch`: many lines at once, again, and killed again and again, beside the bare pipeline."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import wave
from dataclasses import dataclass
from pathlib import Path

from build_tools import environments
from build_tools.console import BuildError, say
from build_tools.paths import ROOT, SAMPLE_LINES

SECONDS = 4
STEP = 127
"""Samples from one line's beginning to the next one's: every line sounds otherwise, and all are speech."""
RHUBARB_LINES = 10
KILL_LINES = 200
BLENDER_LINES = 200
BUSY = 0.7
"""Processes that want a processor, from which a bench does not have the machine to itself."""
POLL_S = 0.2


@dataclass(frozen=True)
class BatchRun:
    """One run of a batch: seconds by the clock and of processors, and each process's peak in megabytes."""

    seconds: float
    processor: float
    peaks: tuple[float, ...]


def run_batch_bench(lines: int, kills: int) -> int:
    """Measure and print; returns the exit status.

    Args:
        lines: how many to animate.
        kills: how often to kill a run.

    Raises:
        BuildError: where a batch fails, or a killed one does not end like an undisturbed one.
    """
    python = environments.ensure(environments.RUNTIME)
    say(f"{os.cpu_count()} cores, {lines} lines of {SECONDS} s, csv{_other_work()}\n")
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as name:
        folder = Path(name)
        sounds = make_lines(folder / "lines", lines)
        _speed(python, sounds, folder, lines)
        _rhubarb(sounds, folder)
        _blender(python, folder, min(lines, BLENDER_LINES))
        if kills:
            _kills(python, make_lines(folder / "few", min(lines, KILL_LINES)), folder, kills)
    return 0


def make_lines(folder: Path, count: int) -> Path:
    """Write lines of speech, cut out of the bundled ones at places of their own, and return the folder."""
    folder.mkdir()
    pieces = []
    for source in sorted(SAMPLE_LINES.glob("*.wav")):
        with wave.open(str(source), "rb") as sound:
            parameters = sound.getparams()
            pieces.append(sound.readframes(sound.getnframes()))
    speech = b"".join(pieces) * 2
    size = SECONDS * parameters.framerate * parameters.sampwidth
    for number in range(count):
        start = number * STEP * parameters.sampwidth % (len(speech) // 2)
        with wave.open(str(folder / f"line{number:05d}.wav"), "wb") as sound:
            sound.setparams(parameters)
            sound.writeframes((speech[start:] + speech)[:size])
    return folder


def _row(what: str, ours: str, baseline: str = "") -> None:
    say(f"{what:52}{ours:>12}   {baseline}")


def _speed(python: Path, sounds: Path, folder: Path, lines: int) -> None:
    plain = _plain(python, sounds, folder)
    start = _batch(python, make_lines(folder / "one", 1), folder / "first", 1)
    one = _batch(python, sounds, folder / "alone", 1)
    two = _batch(python, sounds, folder / "pair", 2)
    again = _batch(python, sounds, folder / "pair", 2)
    _compare(folder / "alone", folder / "pair")
    each = (one.processor - start.processor) / max(lines - 1, 1)
    pair = (two.processor - start.processor) / max(lines - 1, 1)
    _row("lines per second, two workers", f"{lines / two.seconds:.1f}", f"took {two.seconds:.1f} s")
    _row("lines per second, one worker", f"{lines / one.seconds:.1f}", f"took {one.seconds:.1f} s")
    _row("  two workers over one", f"{one.seconds / two.seconds:.2f}", "2 would be perfect")
    if each > 0:  # not where a system does not tell what its processors were busy with
        ours, bare = f"{each * 1000:.1f}", f"bare pipeline: {plain * 1000:.1f}"
        _row("processor milliseconds for each line, one worker", ours, bare)
        _row("  over the bare pipeline", f"{each / plain:.2f}", "the rest: hashes, measures, the ledger")
        _row("  two workers over one", f"{pair / each:.2f}", "1 would be perfect")
    _row("second run, nothing changed, seconds", f"{again.seconds:.2f}", f"processor: {again.processor:.2f}")
    _row("  over the first run", f"{again.seconds / two.seconds:.4f}")
    if two.peaks:
        workers = ", ".join(f"{peak:.0f}" for peak in two.peaks[1:])
        _row(
            "peak memory, MB",
            f"{two.peaks[0]:.0f}",
            f"workers: {workers}; one process doing all: {one.peaks[0]:.0f}",
        )


def _other_work() -> str:
    """Say so where other programs keep the processors busy: figures are then theirs too."""
    if not hasattr(os, "getloadavg") or os.getloadavg()[0] < BUSY:
        return ""
    return f"; other programs run (load {os.getloadavg()[0]:.1f}), so these are no figures of an idle machine"


def _blender(python: Path, folder: Path, lines: int) -> None:
    """Time the same through headless Blender, one scene or binary glTF a line."""
    there = subprocess.run([python, "-c", "import bpy"], capture_output=True, text=True, check=False)
    if there.returncode != 0:
        say(f"Blender was not timed: {(there.stderr.strip().splitlines() or ['it does not start'])[-1]}")
        return
    say(f"\nheadless Blender, {lines} lines of {SECONDS} s, with its start")
    single, sounds = make_lines(folder / "blender_one", 1), make_lines(folder / "blender_lines", lines)
    for kind in ("blend", "glb"):
        extra = ("--format", kind)
        start = _batch(python, single, folder / f"{kind} start", 1, "blender_addon", *extra)
        for workers in (1, 2):
            output = folder / f"{kind} {workers}"
            run = _batch(python, sounds, output, workers, "blender_addon", *extra)
            peaks = ", ".join(f"{peak:.0f}" for peak in run.peaks[1:])
            there_are = len(list(output.glob(f"*.{kind}")))
            if there_are != lines:
                message = f"Blender's batch wrote {there_are} of {lines} files."
                raise BuildError(message)
            each = (run.processor - start.processor) / max(lines - 1, 1)
            _row(
                f".{kind}: lines per second, {_workers(workers)}",
                f"{lines / run.seconds:.1f}",
                f"took {run.seconds:.1f} s, the start and one line {start.seconds:.1f}; each line "
                f"{each * 1000:.0f} ms of processor, {_megabytes(output, kind) / lines:.1f} MB",
            )
            if peaks:
                _row("  peak memory of each worker, MB", peaks)
            shutil.rmtree(output)


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"


def _megabytes(folder: Path, kind: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(f"*.{kind}")) / 1e6


def _plain(python: Path, sounds: Path, folder: Path) -> float:
    """Return processor seconds for each line of a program that only animates them and writes them down."""
    command = [str(python), "-m", "build_tools.bench_batch_plain", str(sounds), str(folder / "plain")]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as the command line sets it for itself
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise BuildError("Timing the bare pipeline failed, see above.")
    return float(done.stdout.split()[-1])


def _command(
    python: Path, sounds: Path, output: Path, workers: int, module: str = "inference", *more: str
) -> list[str]:
    command = [str(python), "-m", module, "batch", str(sounds), "-o", str(output)]
    return [*command, "--workers", str(workers), "--quiet", "--pictures", "0", *more]


def _batch(
    python: Path, sounds: Path, output: Path, workers: int, module: str = "inference", *more: str
) -> BatchRun:
    begun, busy = time.perf_counter(), _children_seconds()
    command = _command(python, sounds, output, workers, module, *more)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    peaks: dict[int, float] = {}
    while process.poll() is None:
        _note_peaks(process.pid, peaks)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
    if process.returncode != 0:
        message = f"A batch of {output.name} failed with status {process.returncode}, see above."
        raise BuildError(message)
    own = peaks.pop(process.pid, None)
    largest = sorted(peaks.values(), reverse=True)[:workers]
    seconds = time.perf_counter() - begun
    return BatchRun(seconds, _children_seconds() - busy, (own, *largest) if own else ())


def _children_seconds() -> float:
    """Return what all ended children, and theirs, have kept processors busy for."""
    times = os.times()
    return times.children_user + times.children_system


def _note_peaks(parent: int, peaks: dict[int, float]) -> None:
    """Note the peak memory so far of a process and its children; where there is no /proc, nothing."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if parent in {int(fields["Pid"]), int(fields["PPid"])} and "VmHWM" in fields:
                peaks[int(fields["Pid"])] = int(fields["VmHWM"].split()[0]) / 1024
        except (OSError, ValueError):
            continue


def _compare(expected: Path, found: Path, *, whole: bool = True) -> None:
    names = {path.name for path in expected.glob("*.csv")}
    there = {path.name for path in found.glob("*.csv")}
    wrong = [name for name in there & names if (expected / name).read_bytes() != (found / name).read_bytes()]
    if wrong or there - names or (whole and names - there):
        message = f"{found.name}: {len(wrong)} results differ and {len(names - there)} are missing."
        raise BuildError(message)


def _kills(python: Path, sounds: Path, folder: Path, kills: int) -> None:
    """Kill runs at random moments; a run that ends before its kill makes room for a new beginning."""
    undisturbed = _batch(python, sounds, folder / "undisturbed", 2)
    moments = random.Random(kills)  # noqa: S311 - not for secrets
    output = folder / "killed"
    killed = finished = 0
    while killed < kills:
        process = subprocess.Popen(
            _command(python, sounds, output, 2),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # joblib's remarks on what the kill left it to clean up
        )
        timer = threading.Timer(
            moments.uniform(0.1, undisturbed.seconds / 2), process.send_signal, [signal.SIGKILL]
        )
        timer.start()
        status = process.wait()
        timer.cancel()
        _compare(folder / "undisturbed", output, whole=status == 0)
        if status == 0:
            finished += 1
            shutil.rmtree(output)
        killed += status == -signal.SIGKILL
        if status not in {0, -signal.SIGKILL}:
            message = f"A batch after {killed} kills failed with status {status}, see above."
            raise BuildError(message)
    _batch(python, sounds, output, 2)
    _compare(folder / "undisturbed", output)
    _row(
        "results after kills equal to an undisturbed run's",
        "all",
        f"{killed} kills, {finished + 1} runs to the end",
    )


def _rhubarb(sounds: Path, folder: Path) -> None:
    program = shutil.which("rhubarb")
    if program is None:
        say("rhubarb is not on the PATH, so it was not timed")
        return
    chosen = sorted(sounds.glob("*.wav"))[:RHUBARB_LINES]
    begun = time.perf_counter()
    for sound in chosen:
        command = [
            program,
            "-q",
            "-r",
            "phonetic",
            "-f",
            "tsv",
            "-o",
            str(folder / "rhubarb.tsv"),
            str(sound),
        ]
        subprocess.run(command, check=True)
    each = (time.perf_counter() - begun) / len(chosen)
    _row("Rhubarb (phonetic), lines per second, one process", f"{1 / each:.1f}")
