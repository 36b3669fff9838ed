"""Fits our head's 52 ARKit shapes to tracked landmarks, frame by frame.

What is fitted is motion: tracked landmarks against the take's own rest, in eye distances, so that neither the
actor's proportions nor the tracker's idea of them enter. The tracked vertices are the witness; the tracker's
own ARKit weights (less their value at rest) are only a prior, strong for eyes and brows, weak round the
mouth, where they are known to disagree on closed lips.

Lip gap, mouth width and chin drop, which decide what a viewer sees and what is measured, have strong rows of
their own. They are distances, hence not linear in the weights, so their targets are corrected between solves
by what the distances still lack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inference.blendshape_names import ARKIT_NAMES
from inference.measures import landmark_curves

from .bounded_least_squares import solve_bounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIPS = tuple(range(48, 68))
ROW_WEIGHTS = (
    (tuple(range(5, 12)), 0.3),  # jaw line round the chin; a silhouette, so it slides
    ((8,), 1.0),
    (tuple(range(17, 27)), 0.4),  # brows
    (tuple(range(31, 36)), 0.2),  # nostrils
    (LIPS, 1.0),
)
DEPTH_WEIGHT = 0.35
"""Depth from one camera is the tracker's guess."""

PAIRS = ((62, 66, 2), (61, 67, 2), (63, 65, 2), (54, 48, 0), (33, 8, 2), (62, 66, 1))
"""Landmark pairs with the axis that carries their distance (0 = x, 2 = z): gap three times, width, chin."""

PAIR_WEIGHTS = (6.0, 2.0, 2.0, 5.0, 4.0, 6.0)
CURVE_ROWS = (0, 3, 4)
LIP_DEPTH_ROW = 5
LIP_DEPTH_SHARE = 0.5
OUTER_PASSES = 6
MOUTH_PRIOR = 0.02
FACE_PRIOR = 0.5
SIDEWAYS_PRIOR = 0.05
UNSEEN = ("tongueOut", "cheekPuff", "jawForward")
"""Shapes that landmarks cannot tell from others; they keep the tracker's value."""


@dataclass(frozen=True, eq=False)
class HeadShapes:
    """The head's landmarks as linear functions of the 52 weights, in eye distances.

    Attributes:
        rest: Landmarks at rest [68, 3].
        deltas: Landmark motion per shape [52, 68, 3].
    """

    rest: NDArray[np.float64]
    deltas: NDArray[np.float64]

    @classmethod
    def of_head(
        cls, vertices: NDArray[np.float32], shape_deltas: NDArray[np.float32], landmarks: NDArray[np.int32]
    ) -> HeadShapes:
        """Take the landmarks out of a head: vertices [V, 3], shape_deltas [52, V, 3], landmarks [68]."""
        rest = vertices[landmarks].astype(np.float64)
        scale = float(np.linalg.norm(rest[36] - rest[45]))
        return cls(rest / scale, shape_deltas[:, landmarks].astype(np.float64) / scale)

    def landmarks(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Landmarks [T, 68, 3] under weights [T, 52]."""
        moved: NDArray[np.float64] = self.rest + np.einsum("tk,kld->tld", weights, self.deltas)
        return moved


@dataclass(frozen=True, eq=False)
class FittedTake:
    """A fitted take.

    Attributes:
        weights: ARKit weights [T, 52], 0..1.
        curves: Tracked lip gap, mouth width, chin drop over the eye distance [T, 3].
        fitted_curves: The same on our head [T, 3].
        rest: Frames [T] taken for the actor's rest.
    """

    weights: NDArray[np.float32]
    curves: NDArray[np.float32]
    fitted_curves: NDArray[np.float32]
    rest: NDArray[np.bool_]


def rest_frames(landmarks: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Frames [T] at rest: lips closed, the whole face nearly still.

    Args:
        landmarks: Tracked landmarks [T, 68, 3] in eye distances.
    """
    curves = landmark_curves(landmarks)
    gap = curves[:, 0]
    floor, ceiling = np.percentile(gap, [2, 98])
    closed: NDArray[np.bool_] = gap <= floor + 0.1 * (ceiling - floor)
    speed = np.linalg.norm(np.gradient(landmarks[:, 48:], axis=0), axis=-1).mean(axis=1)
    slow: NDArray[np.bool_] = speed <= np.median(speed[closed])
    rest: NDArray[np.bool_] = closed & slow
    return rest


def fit_take(
    head: HeadShapes, landmarks: NDArray[np.floating], tracked_weights: NDArray[np.floating] | None
) -> FittedTake:
    """Fit the 52 weights to tracked landmarks.

    Args:
        head: The head's landmark shapes.
        landmarks: Tracked landmarks [T, 68, 3], our axes, eye distances, head motion removed.
        tracked_weights: The tracker's own ARKit weights [T, 52], or None.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    rest = rest_frames(points)
    prior = _prior(tracked_weights, rest, len(points))
    motion = points - np.median(points[rest], axis=0)
    curves = landmark_curves(points)
    goal = curves - np.median(curves[rest], axis=0) + landmark_curves(head.rest[None])[0]
    weights = _solve(head, motion, np.maximum(goal, 0.0), prior)
    fitted = landmark_curves(head.landmarks(weights))
    return FittedTake(weights.astype(np.float32), curves.astype(np.float32), fitted.astype(np.float32), rest)


def _prior(tracked: NDArray[np.floating] | None, rest: NDArray[np.bool_], frames: int) -> NDArray[np.float64]:
    if tracked is None:
        return np.zeros((frames, len(ARKIT_NAMES)))
    at_rest = np.median(tracked[rest], axis=0)
    prior: NDArray[np.float64] = np.clip(tracked - at_rest, 0.0, 1.0).astype(np.float64)
    return prior


def _solve(
    head: HeadShapes, motion: NDArray[np.float64], goal: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows, targets = _point_rows(head, motion)
    pair_rows, pair_targets = _pair_rows(head, motion)
    pair_targets[:, LIP_DEPTH_ROW] = PAIR_WEIGHTS[LIP_DEPTH_ROW] * _lip_depth(head, motion, goal[:, 0])
    stiffness = _prior_stiffness()
    matrix = np.concatenate([rows, pair_rows])
    gram = matrix.T @ matrix + np.diag(stiffness)
    fixed = targets @ rows + prior * stiffness
    weights = prior
    for _ in range(OUTER_PASSES):
        weights = solve_bounded(gram, fixed + pair_targets @ pair_rows, weights, np.ones(len(gram)))
        lacking = goal - _signed_curves(head.landmarks(weights))
        for curve, row in enumerate(CURVE_ROWS):
            pair_targets[:, row] += PAIR_WEIGHTS[row] * np.clip(lacking[:, curve], -0.2, 0.2)
    return weights


def _signed_curves(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curves, with a negative gap where the lower lip has passed through the upper.

    Lips must come back the way they went, not be pushed further through.
    """
    curves = landmark_curves(landmarks).astype(np.float64)
    crossed = landmarks[:, 62, 2] < landmarks[:, 66, 2]
    curves[crossed, 0] *= -1.0
    return curves


def _lip_depth(
    head: HeadShapes, motion: NDArray[np.float64], gap: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far the upper lip moves before the lower one in depth [T].

    At most half of the gap: lips that are closed for the camera must not stand apart in depth, which the
    camera
    hardly sees.
    """
    rest = head.rest[62, 1] - head.rest[66, 1]
    tracked = rest + motion[:, 62, 1] - motion[:, 66, 1]
    limit = LIP_DEPTH_SHARE * gap
    depth: NDArray[np.float64] = np.clip(tracked, -limit, limit) - rest
    return depth


def _point_rows(
    head: HeadShapes, motion: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows [N, 52] and targets [T, N] that ask every landmark to move as tracked."""
    weights = np.zeros((68, 3))
    for points, weight in ROW_WEIGHTS:
        weights[list(points)] = weight * np.array([1.0, DEPTH_WEIGHT, 1.0])
    used = weights.ravel() > 0
    scale = weights.ravel()[used]
    rows = head.deltas.reshape(len(head.deltas), -1)[:, used].T * scale[:, None]
    targets = motion.reshape(len(motion), -1)[:, used] * scale
    return rows, targets


def _pair_rows(
    head: HeadShapes, motion: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows [5, 52] and targets [T, 5] for the landmark distances, along their main axis."""
    rows = [w * (head.deltas[:, a, axis] - head.deltas[:, b, axis]) for (a, b, axis), w in _pairs()]
    targets = [w * (motion[:, a, axis] - motion[:, b, axis]) for (a, b, axis), w in _pairs()]
    return np.stack(rows), np.stack(targets, axis=1)


def _pairs() -> list[tuple[tuple[int, int, int], float]]:
    return list(zip(PAIRS, PAIR_WEIGHTS, strict=True))


def _prior_stiffness() -> NDArray[np.float64]:
    """How strongly each weight is held to the tracker's value [52]."""
    stiffness = np.full(len(ARKIT_NAMES), FACE_PRIOR)
    for k, name in enumerate(ARKIT_NAMES):
        if name.startswith(("mouth", "jaw")):
            stiffness[k] = MOUTH_PRIOR
        elif name.startswith("brow"):
            stiffness[k] = MOUTH_PRIOR * 2
        if name in {"mouthLeft", "mouthRight", "jawLeft", "jawRight"}:
            stiffness[k] = SIDEWAYS_PRIOR
        if name in UNSEEN:
            stiffness[k] = FACE_PRIOR
    return stiffness


def fit_vertex_take(
    shape_deltas: NDArray[np.floating], offsets: NDArray[np.floating], regularisation: float = 1e-3
) -> NDArray[np.float32]:
    """Bounded least-squares weights [T, 52] of vertex offsets [T, V, 3] that already lie on our head.

    Args:
        shape_deltas: ARKit deltas [52, V, 3], metres.
        offsets: Vertex offsets from the head's template, metres.
        regularisation: Pull towards zero, as a share of the shapes' mean energy.
    """
    shapes = shape_deltas.reshape(len(shape_deltas), -1).astype(np.float64)
    gram = shapes @ shapes.T
    gram += regularisation * np.trace(gram) / len(gram) * np.eye(len(gram))
    right = offsets.reshape(len(offsets), -1).astype(np.float64) @ shapes.T
    start = np.zeros_like(right)
    return solve_bounded(gram, right, start, np.ones(len(gram)), sweeps=100).astype(np.float32)
