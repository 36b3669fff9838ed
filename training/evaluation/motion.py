"""What is kept of an animated face: only what is measured, never whole meshes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Motion:
    """A face's motion, reduced to what is measured. T frames.

    Attributes:
        curves: Lip gap, mouth width, chin drop [T, 3] over the eye distance; NaN where a system has none.
        landmarks: Positions of the 68 landmarks [T, 68, 3], metres; None for a system without a face.
        lips: Offsets of the lip vertices [T, L, 3], metres; None where nothing asks for them.
        upper: Offsets of the upper face's vertices [T, U, 3], metres; likewise.
        lower_lip: Positions of the lower lip's vertices [T, N, 3], metres; likewise.
        solved: The landmarks [T, 68, 3] of the face that the 52 weights make; None without weights.
        head_rotation: Pitch, yaw, roll [T, 3], radians; None for a still head.
    """

    curves: NDArray[np.floating]
    landmarks: NDArray[np.floating] | None = None
    lips: NDArray[np.floating] | None = None
    upper: NDArray[np.floating] | None = None
    lower_lip: NDArray[np.floating] | None = None
    solved: NDArray[np.floating] | None = None
    head_rotation: NDArray[np.floating] | None = None

    @property
    def gap(self) -> NDArray[np.floating]:
        """Lip gap [T] over the eye distance."""
        return self.curves[:, 0]

    def only(self, frames: NDArray[np.bool_]) -> Motion:
        """The frames [T] that are marked."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        kept: dict[str, Any] = {n: None if part is None else part[frames] for n, part in parts.items()}
        return Motion(**kept)
