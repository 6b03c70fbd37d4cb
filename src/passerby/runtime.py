"""One way to run a model: an onnxruntime session that gets on with a decoder and an encoder beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors

from passerby.core.errors import StageError, WeightsError

THREADS = 1
"""Threads that a session computes in: the caller's own. Beside an encoder, more would halve the speed of both."""

# The errors of onnxruntime share no base but Exception; for a missing input it raises ValueError.
_ERRORS: tuple[type[Exception], ...] = (
    ValueError,
    *(kind for kind in vars(onnx_errors).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
_FATAL = 4


@dataclass(frozen=True, slots=True)
class Description:
    """How a session runs."""

    model: str
    """The model's file name."""
    providers: tuple[str, ...]
    """What computes, in order of preference."""
    threads: int
    """Threads that a call computes in."""


@cache
def shared(path: Path) -> Session:
    """The one session of a model file: looks at several sizes need not load it, nor keep memory for it, twice."""
    return Session(path)


class Session:
    """A loaded model. `run` may be called from several threads at once; each call computes in its own."""

    def __init__(self, path: Path) -> None:
        """Load the ONNX file at `path`.

        Raises:
            WeightsError: onnxruntime cannot read it.
        """
        onnxruntime.disable_telemetry_events()  # on Windows it reports to its maker otherwise
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = THREADS
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _FATAL
        # Planning memory for pictures of one size takes 1.6 times as much of it and is no faster.
        options.enable_mem_pattern = False
        self._name = path.name
        try:
            self._session: Any = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except _ERRORS as error:
            raise WeightsError(f"{path} does not load as a model: {_line(error)}; put another file there") from error

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float32], ...]:
        """Every output of the model, in its own order, for `inputs` by name.

        Raises:
            StageError: the model does not take these inputs, or computing failed.
        """
        try:
            return tuple(self._session.run(None, dict(inputs)))
        except _ERRORS as error:
            raise StageError(f"the model {self._name} failed: {_line(error)}") from error

    def describe(self) -> Description:
        """What a report says about this session."""
        return Description(self._name, tuple(self._session.get_providers()), THREADS)


def _line(error: Exception) -> str:
    """What onnxruntime says, on one line."""
    return " ".join(str(error).split())[:300]
