"""Opens a bundle's graphs in onnxruntime, quietly, and checks that they are what `model.json` says."""

import contextlib
import threading
from typing import Any

import numpy as np

from .array_types import FloatArray
from .bundle_manifest import GraphInfo
from .errors import LipwrightError
from .zip_members import Data

_FATAL_ONLY = 4
_REMEDY = "export the model again"


class GraphSession:
    """One graph, ready to run on the CPU."""

    def __init__(
        self, graph: Data, info: GraphInfo, input_sizes: tuple[int, ...], label: str, threads: int
    ) -> None:
        """Loads the graph and tries it on its smallest input.

        Args:
            graph: the ONNX file's bytes.
            info: what the manifest says of it.
            input_sizes: values per frame of each input.
            label: how messages name the bundle.
            threads: for onnxruntime; 0 leaves the number to it.

        Raises:
            LipwrightError: when it cannot be loaded or its inputs and outputs differ from the manifest.
        """
        self._info = info
        self._label = f"{label}: {info.file}"
        self._session = _open(graph, self._label, threads)
        self._check_names()
        self._try_out(input_sizes)

    def run(self, *inputs: FloatArray) -> FloatArray:
        """Runs on inputs [N, values], one per input, and returns [(N - R) // S + 1, channels].

        Raises:
            LipwrightError: when the graph gives values that are not finite.
        """
        batch = {name: array[None] for name, array in zip(self._info.inputs, inputs, strict=True)}
        result: FloatArray = self._session.run([self._info.output], batch)[0][0]
        if not np.isfinite(result).all():
            raise LipwrightError(f"{self._label} gives values that are not finite; {_REMEDY}")
        return result

    def _check_names(self) -> None:
        inputs = {entry.name for entry in self._session.get_inputs()}
        outputs = {entry.name for entry in self._session.get_outputs()}
        if inputs != set(self._info.inputs) or self._info.output not in outputs:
            raise LipwrightError(
                f"{self._label} takes {', '.join(sorted(inputs))} and gives {', '.join(sorted(outputs))}, "
                f"which is not what model.json says; {_REMEDY}"
            )

    def _try_out(self, input_sizes: tuple[int, ...]) -> None:
        """Runs lengths around the declared receptive field, to see that it is the graph's own."""
        stride = self._info.stride
        for extra, expected in ((0, 1), (stride - 1, 1), (stride, 2)):
            length = self._info.receptive_field + extra
            try:
                result = self.run(*(np.zeros((length, size), np.float32) for size in input_sizes))
            except LipwrightError:
                raise
            except Exception as error:
                raise LipwrightError(
                    f"{self._label} cannot be run ({_first_line(error)}); {_REMEDY}"
                ) from error
            if result.shape != (expected, self._info.channels) or result.dtype != np.float32:
                raise LipwrightError(
                    f"{self._label} turns {length} frames into {result.shape} {result.dtype} "
                    f"instead of {(expected, self._info.channels)} float32; {_REMEDY}"
                )


def import_early() -> None:
    """Begins to import onnxruntime beside what the caller does next; a failure is told when it is needed."""

    def load() -> None:
        with contextlib.suppress(ImportError, OSError):
            import onnxruntime  # noqa: F401, PLC0415 - only to have it loaded

    threading.Thread(target=load).start()


def _open(graph: Data, label: str, threads: int) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    try:
        import onnxruntime  # noqa: PLC0415 - loaded with the first line that is animated, not when Blender starts
    except (ImportError, OSError) as error:
        raise LipwrightError(
            f"onnxruntime, which runs models, cannot be loaded ({error}); reinstall it"
        ) from error
    onnxruntime.set_default_logger_severity(_FATAL_ONLY)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads would otherwise keep a core busy after every call, in the animator's Blender.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # Without this onnxruntime prints about a damaged graph and tries the same provider again.
        return onnxruntime.InferenceSession(
            bytes(graph), options, providers=["CPUExecutionProvider"], enable_fallback=False
        )
    except Exception as error:
        raise LipwrightError(f"{label} cannot be loaded ({_first_line(error)}); {_REMEDY}") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines() or [type(error).__name__]
    return text[0][:200].rstrip(".")
