"""Names for the array and callback types that travel between modules."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

# what numpy.typing.NDArray stands for; importing that module takes longer than opening a model
FloatArray: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.float32]]
DoubleArray: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
IntArray: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.int32]]
BoolArray: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]
AnyArray: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]

FrameRate: TypeAlias = float | Fraction
Progress: TypeAlias = Callable[[float], None]
"""Called with the share of the work done, 0..1."""
CancelCheck: TypeAlias = Callable[[], bool]
"""Asked now and then; true stops the work with `Cancelled`."""
EmotionSampler: TypeAlias = Callable[[DoubleArray], FloatArray]
"""Times [N] in seconds -> latent emotion vectors [N, E]."""
