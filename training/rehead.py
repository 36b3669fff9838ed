"""Puts a trained model on a changed head, without training again.

Motion that was captured as ARKit weights is the same mixture of shapes on every head with those shapes. The
output of such a model is written as a mixture of its own head's shapes; the other head's take their place.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.bundled import default_head_path
from inference.errors import LipwrightError
from inference.head_mesh import load_head
from inference.model_bundle import ModelBundle, load_bundle, write_bundle
from training.export.bundle import face_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Share of the model's motion that its own head's shapes must explain.
LARGEST_RESIDUAL = 1e-3


def shape_mixture(bundle: ModelBundle) -> NDArray[np.float64]:
    """Return the model's basis, and below it its mean offset, as mixtures of its ARKit shapes, [P + 1, 52].

    Raises:
        LipwrightError: The model moves its head in ways that the 52 shapes do not.
    """
    shapes = bundle.arkit_deltas.reshape(len(bundle.arkit_deltas), -1).astype(np.float64)
    motion = np.concatenate([bundle.basis, bundle.mean_offset[None]]).reshape(len(bundle.basis) + 1, -1)
    gram = shapes @ shapes.T
    mixture = motion.astype(np.float64) @ shapes.T @ np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
    residual = np.linalg.norm(mixture @ shapes - motion) / np.linalg.norm(motion)
    if residual > LARGEST_RESIDUAL:
        raise LipwrightError(
            f"{bundle.path}: {100 * residual:.1f} % of its motion is beyond the 52 shapes; train it again"
        )
    return np.asarray(mixture)


def rehead(model: Path, head_path: Path, output: Path) -> None:
    """Write a model for another head.

    Args:
        model: The bundle.
        head_path: The other head, with the same 52 shapes.
        output: The bundle to write; may be `model` itself.

    Raises:
        LipwrightError: Unreadable input, or motion that the shapes cannot express.
    """
    bundle, head = load_bundle(model), load_head(head_path)
    shapes = head.shape_deltas.reshape(len(head.shape_deltas), -1).astype(np.float64)
    moved = (shape_mixture(bundle) @ shapes).reshape(-1, len(head.vertices), 3).astype(np.float32)
    with zipfile.ZipFile(model) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("model.json"))
        graphs = {name: archive.read(name) for name in ("speech.onnx", "face.onnx")}
    manifest["head"] = {"id": head.head_id, "hash": head.hash, "vertices": len(head.vertices)}
    arrays = {
        "face.npz": face_arrays(head, moved[:-1], moved[-1]),
        "emotion.npz": {"database": bundle.emotion_database},
    }
    if bundle.hearing is not None:
        arrays["hearing.npz"] = bundle.hearing.arrays()
    write_bundle(output, manifest, graphs, arrays)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.rehead", description=__doc__)
    parser.add_argument("model", type=Path, help="the bundle to put on another head")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--head", type=Path, default=default_head_path(), help="the head (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        rehead(options.model, options.head, options.output)
    except LipwrightError as error:
        print(f"lipwright: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
