"""What tells one capture from another, so that a checkpoint goes on only with what it was trained on."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.dataset import Motion

#: Two imports of one capture, and two resamplings of its sound, differ in the last digits, which depend on
#: how many threads did the sums.
_SAME = 1e-5


@dataclass(frozen=True)
class Fingerprint:
    """Of the takes that train.

    Attributes:
        digest: sha256 of all that every import of the same capture makes alike: times, lengths, valid frames.
        sizes: Root mean square of each take's coefficients, metres, and of both halves of its sound.
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
        told = (motion.speaker, motion.start, motion.frame_rate, len(motion.samples))
        digest.update("".join(f"{part}\0" for part in told).encode())
        digest.update(np.ascontiguousarray(motion.valid).tobytes())
    return Fingerprint(digest.hexdigest(), tuple(size for motion in motions for size in _sizes(motion)))


def _sizes(motion: Motion) -> Iterator[float]:
    half = len(motion.samples) // 2
    for values in (motion.coefficients, motion.samples[:half], motion.samples[half:]):
        yield float(np.sqrt(np.square(values, dtype=np.float64).mean())) if values.size else 0.0
