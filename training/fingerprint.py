"""What tells one capture from another, so that a checkpoint goes on only with what it was trained on."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Motion

#: Two imports of one capture differ in the last digits, which depend on how many threads did the sums.
_SAME = 1e-5


@dataclass(frozen=True)
class Fingerprint:
    """Of the takes that train.

    Attributes:
        digest: sha256 of all that every import of the same capture makes alike: sounds, times, valid frames.
        sizes: Root mean square of each take's coefficients, metres.
    """

    digest: str
    sizes: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, for a checkpoint."""
        return asdict(self) | {"sizes": list(self.sizes)}

    def is_that_of(self, stored: object) -> bool:
        """Tell whether a checkpoint's value is that of the same capture."""
        if not isinstance(stored, dict) or stored.get("digest") != self.digest:
            return False
        sizes = stored.get("sizes")
        if not isinstance(sizes, list) or len(sizes) != len(self.sizes):
            return False
        pairs = zip(sizes, self.sizes, strict=True)
        return all(isinstance(a, float) and math.isclose(a, b, rel_tol=_SAME) for a, b in pairs)


def fingerprint_of(motions: Sequence[Motion]) -> Fingerprint:
    """Return the fingerprint of training takes."""
    digest = hashlib.sha256()
    for motion in motions:
        digest.update(f"{motion.speaker}\0{motion.start}\0{motion.frame_rate}\0".encode())
        for array in (motion.samples, motion.valid):
            digest.update(np.ascontiguousarray(array).tobytes())
    sizes = (float(np.sqrt(np.square(m.coefficients, dtype=np.float64).mean())) for m in motions)
    return Fingerprint(digest.hexdigest(), tuple(sizes))
