"""Results of a version stay the same; a change of them needs a new number, or batches would keep old ones.

Where this fails and the change is meant: raise OUTPUT_VERSION and write the new figures with
`python tests/test_inference/test_output_version.py`.
"""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np

from inference.audio_file import AudioClip
from inference.model_bundle import load_bundle
from inference.motion_files import write_csv
from inference.output_version import OUTPUT_VERSION
from inference.pipeline import animate_line

FIGURES = Path(__file__).parent / "fixtures" / "output_version.json"
TINY_MODEL = Path(__file__).parent / "fixtures" / "tiny.lipmodel"
TOLERANCE = 2e-3
"""Processors round differently; what somebody could see is far larger."""


def made_up_speech():
    t = np.arange(32_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    return (0.1 * np.clip(np.sin(2 * np.pi * 3 * t), 0, None) * buzz).astype(np.float32)


def figures(folder):
    """What a line comes to: the CSV's columns, and each column's mean over each tenth of the line."""
    clip = AudioClip.from_samples(made_up_speech())
    motion = animate_line(load_bundle(TINY_MODEL), clip, Fraction(30), {"joy": 0.5})
    write_csv(motion, folder / "line.csv")
    header, *rows = (folder / "line.csv").read_text().splitlines()
    values = np.array([[float(cell) for cell in row.split(",")[1:]] for row in rows])
    means = [part.mean(axis=0).round(4).tolist() for part in np.array_split(values, 10)]
    return {"version": OUTPUT_VERSION, "columns": header, "timecode": rows[-1].split(",")[0], "means": means}


def test_a_change_of_results_has_a_new_number(tmp_path):
    known, now = json.loads(FIGURES.read_text()), figures(tmp_path)
    assert known["version"] == now["version"], "write the figures of the new version, see above"
    assert (known["columns"], known["timecode"]) == (now["columns"], now["timecode"])
    assert np.abs(np.array(known["means"]) - now["means"]).max() < TOLERANCE, (
        "raise OUTPUT_VERSION, see above"
    )


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        FIGURES.write_text(json.dumps(figures(Path(name))) + "\n")
