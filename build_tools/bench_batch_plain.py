"""Times the bare pipeline over a folder of lines; `build.py bench batch` starts it in `.venv`.

Usage: python -m build_tools.bench_batch_plain SOUNDS OUTPUT; prints processor seconds for each line.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from inference.bundled import default_model_path
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle
from inference.motion_files import write_csv
from inference.pipeline import animate_line, model_solver

MOST = 200


def main(sounds: Path, output: Path) -> None:
    """Animate up to MOST lines in one process, after one to warm up."""
    output.mkdir()
    predictor = FacePredictor(load_bundle(default_model_path()), threads=1)
    solver = model_solver(predictor.bundle)
    lines = sorted(sounds.glob("*.wav"))[:MOST]
    animate_line(predictor, lines[0], solver=solver)
    begun = time.process_time()
    for line in lines:
        write_csv(animate_line(predictor, line, solver=solver), output / f"{line.stem}.csv")
    print((time.process_time() - begun) / len(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
