"""What lies in the repository is fit to be published."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = {".npz", ".lipmodel", ".wav", ".png", ".jpg", ".onnx", ".flac", ".ogg", ".mp3"}
MACHINE_PATHS = re.compile(
    r"/(?:home|root|Users|work)/\w|[A-Z]:\\\\?Users|file:///|https?://[\w.-]*(?:proxy|mirror|pypi)"
)
LONGEST_MODULE = 500


def tracked_files() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_machine_paths_or_registry_hosts():
    mine = Path(__file__).resolve()
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_files()
        if path.suffix not in BINARY and path.resolve() != mine
        for match in MACHINE_PATHS.finditer(path.read_text(encoding="utf-8"))
    }
    assert not found


def test_modules_stay_short():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked_files()
        if path.suffix == ".py"
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_lock_files_pin_every_version():
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        for line in lock.read_text().splitlines():
            if line and line[0] not in "# -":
                assert re.match(r"[\w.-]+==[\w.]+(?: ;.*| \\|$)", line), f"{lock.name}: {line}"
        if lock.stem != "torch":
            assert "--hash=sha256:" in lock.read_text(), f"{lock.name} has no hashes"


def test_each_wish_list_has_its_lock_and_is_in_it():
    for wishes in sorted((ROOT / "requirements").glob("*.in")):
        locked = wishes.with_suffix(".txt").read_text()
        for line in wishes.read_text().splitlines():
            name = re.match(r"[\w-]+", line)
            if name:
                assert f"\n{name.group()}==" in f"\n{locked}", f"{name.group()} is not in {wishes.stem}.txt"


@pytest.mark.parametrize("python", ["cp311", "cp313"])
def test_extension_brings_what_inference_imports(python):
    """Blender has NumPy; everything else that the installed extension imports must be a wheel inside it."""
    locked = re.findall(
        r"^([\w-]+)==", (ROOT / f"requirements/extension-{python}.txt").read_text(), re.MULTILINE
    )
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "inference").rglob("*.py"))
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", sources, re.MULTILINE)) - set(
        sys.stdlib_module_names
    )
    assert "onnxruntime" in imported
    beyond = {
        "numpy",
        "joblib",
        "distributed",
    }  # Blender's own; and what batches do without where it is missing
    assert imported - beyond <= set(locked)


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    manifest = tomllib.loads((ROOT / "blender_addon/blender_manifest.toml").read_text())["version"]
    assert project == manifest
    assert f"## {project}" in (ROOT / "CHANGELOG.md").read_text()


def test_licence_names_what_it_covers():
    text = (ROOT / "LICENSE").read_text()
    for words in ("either version 3", "GNU GENERAL PUBLIC LICENSE", "CC0 1.0", "CC BY 4.0", "assets/models"):
        assert words in text


def test_readme_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text) + re.findall(r'src="(?!https?:)([^"]+)"', text)
    assert targets
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing
