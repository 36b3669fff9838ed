"""Names for the array and callback types that travel between modules."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
DoubleArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int32]
BoolArray: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]

FrameRate: TypeAlias = float | Fraction
Progress: TypeAlias = Callable[[float], None]
"""Called with the share of the work done, 0..1."""
CancelCheck: TypeAlias = Callable[[], bool]
"""Asked now and then; true stops the work with `Cancelled`."""
EmotionSampler: TypeAlias = Callable[[DoubleArray], FloatArray]
"""Times [N] in seconds -> latent emotion vectors [N, E]."""
