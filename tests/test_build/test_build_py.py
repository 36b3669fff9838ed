"""build.py as a person meets it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from build_tools import environments, extension, interpreters, system_parts, training
from build_tools.console import BuildError
from build_tools.wheels import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]


def build_py(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "build.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["demo", "test", "extension", "bench", "train-default"])
def test_every_command_explains_itself(command):
    assert command in build_py("--help").stdout
    answer = build_py(command, "--help")
    assert answer.returncode == 0
    assert f"build.py {command}" in answer.stdout


def test_a_missing_line_is_one_sentence():
    answer = build_py("demo", "--wav", "no such line.wav")
    assert answer.returncode == 1
    assert answer.stderr.startswith("build.py: error: ")
    assert "no such line.wav does not exist" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_a_python_that_only_pretends_is_passed_over(tmp_path, monkeypatch):
    """Version managers put shims on PATH that fail when called."""
    shim = tmp_path / "python3.77"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert interpreters.find_python("3.77") is None
    real = tmp_path / "pyenv/versions/3.77.1/bin/python3.77"
    real.parent.mkdir(parents=True)
    real.write_text("#!/bin/sh\necho 3.77\n")
    real.chmod(0o755)
    assert interpreters.find_python("3.77") == real


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are a matter of Linux")
def test_missing_system_libraries_are_named_with_their_command():
    lacking = {
        "libLipwrightNone.so.7": "liblipwrightnone7",
        "libc.so.6": "libc6",
        "lipwright-no-such-program": "none-such",
        "/no/such/lipwright/voice": "no-voice",
        "/": "base-files",
    }
    with pytest.raises(BuildError) as caught:
        system_parts.require_parts(lacking)
    lacking_parts = "libLipwrightNone.so.7, lipwright-no-such-program, /no/such/lipwright/voice"
    assert f"lacks {lacking_parts}. " in str(caught.value)
    assert str(caught.value).endswith(" liblipwrightnone7 none-such no-voice")


def test_an_environment_is_renewed_when_its_lock_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    (tmp_path / "tiny.txt").write_text("# nothing yet\n")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    tiny = environments.Environment("venv", version, ("tiny",), "a test")
    installed = []
    monkeypatch.setattr(environments, "_create", lambda env: env.executable.parent.mkdir(parents=True))
    monkeypatch.setattr(
        environments, "_install", lambda env, lock: (installed.append(lock.name), env.executable.touch())
    )
    environments.ensure(tiny)
    environments.ensure(tiny)
    assert installed == ["tiny.txt"]
    (tmp_path / "tiny.txt").write_text("# something else\n")
    environments.ensure(tiny)
    assert installed == ["tiny.txt", "tiny.txt"]


def test_manifest_lists_are_filled_in():
    manifest = (ROOT / "blender_addon" / "blender_manifest.toml").read_text()
    filled = extension._with_lists(manifest, list(PLATFORMS[:1]), ["a-1-py3-none-any.whl"])  # noqa: SLF001 - the seam
    read = tomllib.loads(filled)
    assert read["platforms"] == ["linux-x64"]
    assert read["wheels"] == ["./wheels/a-1-py3-none-any.whl"]
    assert read["permissions"]


def test_a_manifest_without_the_empty_lists_is_refused():
    with pytest.raises(BuildError, match=r"platforms = \[\]"):
        extension._with_lists('id = "x"\n', list(PLATFORMS), [])  # noqa: SLF001 - the seam


def test_an_unknown_platform_is_refused():
    with pytest.raises(BuildError, match="no wheels for amiga"):
        extension.build_extension(["amiga"])


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ([], True),
        (["--steps", "100"], True),
        (["--kokoro-minutes", "45"], True),
        (["--kokoro-minutes", "0"], False),
        (["--kokoro-minutes=0.0"], False),
        (["--kokoro-minutes", "-1"], False),
        (["--help"], False),
    ],
)
def test_voices_are_fetched_for_a_training_that_hears_them(arguments, needed):
    assert training.hears_kokoro(arguments) == needed
