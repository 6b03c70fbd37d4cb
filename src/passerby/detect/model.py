"""A model that looks at one picture at a time, and the detectors that show it frame after frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.detections import Detections
from passerby.core.errors import StageError, WeightsError
from passerby.core.frame import Frame
from passerby.runtime import Outputs, shared


class Model:
    """An ONNX file that takes a picture (1, 3, H, W). `run` may be called from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Load the file at `path`.

        Raises:
            WeightsError: it is missing or cannot be read, or does not take one such picture.
        """
        self._session = shared(weights.find(path.stem, path))
        self.name = path.name
        self.inputs, self.outputs = self._session.inputs, self._session.outputs
        self.metadata = self._session.metadata
        pictures = [port for port in self.inputs if len(port.shape) == 4]
        shapes = ", ".join(f"{port.name} {port.shape}" for port in self.inputs)
        if len(pictures) != 1 or not pictures[0].dtype.startswith("float"):
            raise WeightsError(
                f"{path} takes {shapes}; wanted is one picture of floating-point numbers, so export it as published"
            )
        self.picture = pictures[0]
        count, channels, height, width = self.picture.shape
        if count not in (1, None) or channels not in (3, None):
            raise WeightsError(f"{path} takes {shapes}; wanted is one picture (1, 3, H, W), so use another file")
        self.size = None if width is None or height is None else (width, height)
        """(width, height) of the picture; None where it is free."""

    @property
    def runtime(self) -> str:
        """What computes."""
        return self._session.describe().runtime

    def run(self, picture: NDArray[np.float32], **others: NDArray[np.int64]) -> Outputs:
        """Every output, as float32, for a picture (1, 3, H, W) and the `others` by name.

        Raises:
            StageError: the model failed, or gave numbers that are not finite.
        """
        picture = np.ascontiguousarray(picture, self.picture.dtype)
        outputs = self._session.run({self.picture.name: picture, **others})
        if not all(np.isfinite(output).all() for output in outputs):
            raise StageError(f"the model {self.name} gives numbers that are not finite; nothing it says can be trusted")
        return tuple(np.asarray(output, np.float32) for output in outputs)

    def strange(self, outputs: Outputs, wanted: str) -> StageError:
        """The error for outputs of other shapes than those `wanted`, in words."""
        shapes = ", ".join(str(output.shape) for output in outputs)
        return StageError(f"the model {self.name} gives outputs of shapes {shapes}, wanted {wanted}; check its export")


class _Looking(Protocol):
    """What a `PerFrame` has to have."""

    def _look(self, frame: Frame) -> Detections: ...


class PerFrame:
    """A `Detector` (see `core.stages`) that looks at one frame at a time, by a model."""

    _model: Model

    @property
    def runtime(self) -> str:
        """What computes."""
        return self._model.runtime

    def detect(self: _Looking, frames: Sequence[Frame]) -> list[Detections]:
        """What is in each frame, best first."""
        return [self._look(frame) for frame in frames]
