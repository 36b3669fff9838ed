"""`build.py test`: every check, the fast ones first, with a table of results and times at the end."""

from __future__ import annotations

import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from build_tools import environments
from build_tools.console import BuildError, run, say
from build_tools.extension import zip_for_this_machine
from build_tools.interpreters import find_python
from build_tools.kokoro_voices import ensure_kokoro_voices
from build_tools.paths import BUILD, ROOT
from build_tools.system_parts import BLENDER, require_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

GROUPS = ("lint", "types", "unit", "blender")
UNIT_FOLDERS = ("test_build", "test_head", "test_inference", "test_training")
REPORTS = BUILD / "reports"


@dataclass
class Tally:
    """What the stages so far came to: lines for the table, and the tests counted over all pytest runs."""

    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    failed_stages: int = 0

    def stage(self, name: str, action: Callable[[], bool]) -> None:
        """Run one stage, time it, and go on whatever it came to."""
        say(f"\n=== {name}")
        start = time.monotonic()
        try:
            passed = action()
        except BuildError as error:
            say(f"{name}: {error}")
            passed = False
        self.failed_stages += not passed
        self.lines.append(f"{'ok' if passed else 'FAILED':8}{time.monotonic() - start:7.1f} s  {name}")

    def skip(self, name: str, reason: str) -> None:
        """Note a stage that this machine cannot run."""
        say(f"\n=== {name}: skipped, {reason}")
        self.lines.append(f"{'skipped':8}{'':9}  {name}: {reason}")

    def count(self, report: Path) -> None:
        """Add one pytest run, as its JUnit report has it."""
        suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 - written by our own pytest run
        if suite is None:
            return
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        self.counts["failed"] += failed
        self.counts["skipped"] += skipped
        self.counts["passed"] += int(suite.get("tests", 0)) - failed - skipped


def run_checks(groups: Sequence[str], blender_versions: Sequence[str], extra: Sequence[str]) -> int:
    """Run the chosen groups of checks and return the exit status.

    Args:
        groups: of GROUPS.
        blender_versions: those that the installed extension is tested in.
        extra: further arguments for pytest, such as `-k NAME`.
    """
    REPORTS.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    python = environments.ensure(environments.DEV) if set(groups) - {"blender"} else None
    if python and "lint" in groups:
        tally.stage("ruff check", lambda: run([python, "-m", "ruff", "check"], cwd=ROOT) == 0)
        tally.stage("ruff format", lambda: run([python, "-m", "ruff", "format", "--check"], cwd=ROOT) == 0)
    if python and "types" in groups:
        tally.stage("mypy", lambda: run([python, "-m", "mypy"], cwd=ROOT) == 0)
    if python and "unit" in groups:
        tally.stage("tests without Blender", lambda: _unit_tests(python, tally, extra))
    if "blender" in groups:
        _blender_stages(tally, blender_versions, extra)
    _summarise(tally)
    return 1 if tally.failed_stages else 0


def _unit_tests(python: Path, tally: Tally, extra: Sequence[str]) -> bool:
    try:
        ensure_kokoro_voices()
    except BuildError as error:  # their tests skip themselves, as those of every synthesiser that is missing
        say(f"tests of Kokoro's voices will be skipped: {error}")
    folders = [ROOT / "tests" / name for name in UNIT_FOLDERS]
    return _pytest(python, "unit", [folder for folder in folders if folder.is_dir()], tally, extra, {})


def _blender_stages(tally: Tally, versions: Sequence[str], extra: Sequence[str]) -> None:
    """Build the extension, then test it installed in each Blender: a process and a user folder for each."""
    built: list[Path] = []

    def build() -> bool:
        require_parts(BLENDER)
        environments.ensure(environments.blender_environment(environments.DEFAULT_BLENDER))
        built.append(zip_for_this_machine())
        return True

    tally.stage("extension zip", build)
    for version in versions:
        name = f"installed extension in Blender {version}"
        environment = environments.blender_environment(version)
        if not built:
            tally.skip(name, "there is no zip")
        elif find_python(environment.python) is None:
            tally.skip(name, f"no Python {environment.python} on this machine")
        else:
            tally.stage(name, lambda v=version: _blender_tests(v, built[0], tally, extra))  # type: ignore[misc] # a default binds the loop's value


def _blender_tests(version: str, archive: Path, tally: Tally, extra: Sequence[str]) -> bool:
    python = environments.ensure(environments.blender_environment(version))
    with tempfile.TemporaryDirectory(prefix="lipwright-blender-") as user_folder:
        env = {
            "BLENDER_USER_RESOURCES": user_folder,
            "LIPWRIGHT_EXTENSION_ZIP": str(archive),
            "LIPWRIGHT_READERS": str(environments.ensure(environments.READERS)),
        }
        return _pytest(python, f"blender-{version}", [ROOT / "tests" / "test_blender"], tally, extra, env)


def _pytest(  # noqa: PLR0917 - all its callers stand above
    python: Path, name: str, folders: Sequence[Path], tally: Tally, extra: Sequence[str], env: dict[str, str]
) -> bool:
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command: list[str | Path] = [
        python,
        "-m",
        "pytest",
        "--durations=5",
        f"--junitxml={report}",
        *folders,
        *extra,
    ]
    status = run(command, cwd=ROOT, env=env)
    if report.is_file():
        tally.count(report)
    return status == 0


def _summarise(tally: Tally) -> None:
    """Print the table, and last the one line that counts every test."""
    say("\n=== summary")
    for line in tally.lines:
        say(line)
    counts = tally.counts
    if tally.failed_stages:
        say(f"{tally.failed_stages} of {len(tally.lines)} stages FAILED")
    say(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
