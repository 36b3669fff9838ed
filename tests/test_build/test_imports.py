"""blender_addon -> inference <- training, and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"assets", "blender_addon", "build_tools", "inference", "tests", "training"}
HEAVY = {"bpy", "mathutils", "torch"}
BLENDERS_OWN = {"bpy", "mathutils", "bpy_extras", "gpu", "blf", "aud", "addon_utils"}
LIGHT = {"numpy", "soundfile", "onnxruntime"}  # SciPy would more than double the extension's size
ONLY_IN = {"joblib": "inference/batch/run_local.py", "distributed": "inference/batch/run_dask.py"}
MAY_IMPORT = {
    "inference": LIGHT | set(ONLY_IN),
    "blender_addon": {"inference", "numpy"} | BLENDERS_OWN,
    "training": {"inference", "scipy", "onnx", "torch", "tqdm", "matplotlib", "pocketsphinx", "av"} | LIGHT,
}


def imported_names(path: Path, package: str) -> set[str]:
    """Top-level names that a module imports anywhere in it; relative imports count as what they reach."""
    names = set()
    depth_in_package = len(path.relative_to(ROOT / package).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= depth_in_package, f"{path}: a relative import leaves {package}"
            reached_root = package == "blender_addon" and node.level == depth_in_package
            names |= (
                {"inference"} if reached_root and (node.module or "").split(".")[0] == "inference" else set()
            )
    return names


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package):
    assert modules(package), f"{package} has no modules"
    allowed = MAY_IMPORT[package] | set(sys.stdlib_module_names) | {package}
    strangers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(package)
        for name in imported_names(path, package) - allowed
    }
    assert not strangers


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_what_the_extension_lacks_is_imported_where_it_is_run_and_nowhere_else(library):
    importing = [path for path in modules("inference") if library in imported_names(path, "inference")]
    assert importing == [ROOT / ONLY_IN[library]]
    at_the_top = {
        alias.name
        for node in ast.parse(importing[0].read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert library not in at_the_top


def test_inference_imports_itself_relatively():
    """Otherwise two installed copies could mix, and the extension would need a changed sys.path."""
    absolute = [
        str(path) for path in modules("inference") if "inference" in imported_names(path, "inference")
    ]
    assert not absolute


def test_bpy_and_torch_stay_in_their_folders():
    homes = {"torch": "training", "bpy": "blender_addon", "mathutils": "blender_addon"}
    astray = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("inference", "training", "blender_addon", "assets")
        for path in modules(package)
        for name in imported_names(path, package) & HEAVY
        if homes[name] != package
    }
    assert not astray


def test_build_tools_reach_the_packages_only_from_programs_they_start():
    """build.py runs under a bare Python, so it may import the standard library and build_tools only."""
    heavy = (
        "import build, build_tools.checks, build_tools.extension, build_tools.demo_setup, build_tools.bench"
        ", build_tools.bench_batch"
    )
    code = f"import sys; {heavy}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not set(loaded) & {"numpy", "bpy", "torch", "inference", "training", "blender_addon"}


def test_importing_the_pipeline_does_not_load_heavy_libraries():
    """Blender enables the add-on at start-up, so heavy imports must wait until a line is animated."""
    code = "import sys, inference.pipeline; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"onnxruntime", "soundfile", "torch"} & set(loaded)
