"""The wheels inside the extension: fetched unmodified, by pinned version and hash, into a cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from build_tools.console import BuildError, run
from build_tools.paths import BUILD, REQUIREMENTS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Platform:
    """A platform that the extension is built for.

    Attributes:
        name: as Blender's manifest spells it.
        wheel_tags: the wheels' platform tags that run there, the ones for the oldest systems first.
    """

    name: str
    wheel_tags: tuple[str, ...]


PLATFORMS = (
    Platform(
        "linux-x64",
        tuple(f"manylinux{tag}_x86_64" for tag in ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28")),
    ),
    Platform("windows-x64", ("win_amd64",)),
    Platform("macos-arm64", tuple(f"macosx_{release}_0_arm64" for release in range(11, 16))),
)
PYTHONS = ("cp311", "cp313")  # Blender 4.2 to 5.0, and 5.1 on


def fetch_wheels(python: Path, platform: Platform) -> list[Path]:
    """Return the wheels for one platform and both Pythons, fetched with pip where they are not cached.

    Args:
        python: the interpreter whose pip fetches.
        platform: what the wheels must run on.

    Raises:
        BuildError: where a wheel cannot be fetched.
    """
    found: dict[str, Path] = {}
    for tag in PYTHONS:
        for wheel in _fetch(python, platform, tag):
            found[wheel.name] = wheel  # the two Pythons share wheels that fit any
    return [found[name] for name in sorted(found)]


def _fetch(python: Path, platform: Platform, tag: str) -> list[Path]:
    lock = REQUIREMENTS / f"extension-{tag}.txt"
    folder = BUILD / "wheels" / f"{platform.name}-{tag}"
    stamp = folder / lock.name
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return sorted(folder.glob("*.whl"))
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        stale.unlink()
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    command += ["--no-deps", "--only-binary", ":all:", "--implementation", "cp", "--dest", folder]
    command += ["--python-version", f"{tag[2]}.{tag[3:]}", "-r", lock]
    for wheel_tag in platform.wheel_tags:
        command += ["--platform", wheel_tag]
    if run(command) != 0:
        message = f"The wheels in {lock.name} could not be fetched for {platform.name}, see above."
        raise BuildError(message)
    stamp.write_bytes(lock.read_bytes())
    return sorted(folder.glob("*.whl"))
