"""Google's 478-point face mesh: which of its vertices answer to the 68 iBUG landmarks.

Numbers follow the published face mesh topology: lips run along the rings 61-291 (outer) and 78-308 (inner),
eyes along 33-133 and 362-263. Its axes are x to the subject's left, y up, z towards the camera; our head's
are x to the left, z up, y away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_JAW_LINE = (127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356)
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_NOSE = (168, 6, 195, 4, 98, 97, 2, 326, 327)
_EYES = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_OUTER_LIPS = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)
_INNER_LIPS = (78, 81, 13, 311, 308, 402, 14, 178)
IBUG_TO_478 = np.array([*_JAW_LINE, *_BROWS, *_NOSE, *_EYES, *_OUTER_LIPS, *_INNER_LIPS])


def landmarks_in_head_axes(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 68 landmarks of tracked vertices [..., 478, 3], in our axes and in eye distances [..., 68, 3].

    One scale for the whole sequence (its median eye distance), so that blinking or noise at the eye corners
    does not move the mouth. Not finite where the vertices are no face (no eye distance, absurd sizes).
    """
    points = np.asarray(vertices, dtype=np.float32)[..., IBUG_TO_478, :]
    eye_distance = float(np.median(np.linalg.norm(points[..., 36, :] - points[..., 45, :], axis=-1)))
    turned = np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scaled: NDArray[np.float32] = (turned / eye_distance).astype(np.float32)
    return scaled
