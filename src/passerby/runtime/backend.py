"""What a library that runs models has to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

THREADS = 1
"""Threads that a call computes in: the caller's own. Beside an encoder, more would halve the speed of both."""

Arrays = Mapping[str, NDArray[Any]]
Outputs = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, slots=True)
class Port:
    """One of the arrays that a model takes or gives."""

    name: str
    dtype: str
    """NumPy's name; '' for a type that it lacks."""
    shape: tuple[int | None, ...]
    """The length of each side, None where any does, or where it depends on the input."""


class Backend(Protocol):
    """A library that runs one model."""

    errors: tuple[type[Exception], ...]
    """What it raises."""
    memory: str
    """See `Description.memory`."""

    def load(self, path: Path) -> str:
        """Load the model; say what computes."""

    def inputs(self) -> tuple[Port, ...]:
        """See `Session.inputs`."""

    def outputs(self) -> tuple[Port, ...]:
        """See `Session.outputs`."""

    def metadata(self) -> Mapping[str, str]:
        """See `Session.metadata`."""

    def run(self, inputs: Arrays) -> Outputs:
        """See `Session.run`."""
