"""A model that looks at one picture at a time, and the detectors that show it frame after frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.detections import Detections
from passerby.core.errors import StageError, WeightsError
from passerby.core.frame import Frame
from passerby.runtime import Outputs, shared

BATCH = 8
"""Pictures that are shown to a model at a time, at most."""


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

    @property
    def batch(self) -> int:
        """Pictures that are best shown at a time: several on a GPU, to a model that answers picture by picture."""
        apart = all(len(port.shape) >= 3 and port.shape[0] is None for port in self.outputs)
        free = len(self.inputs) == 1 and self.picture.shape[0] is None
        return BATCH if free and apart and self._session.describe().memory else 1

    def run_together(self, pictures: Sequence[NDArray[np.float32]]) -> list[Outputs]:
        """Every output for each of `pictures`, all (1, 3, H, W), from one call.

        Raises:
            StageError: the same, or there is not one answer for each picture.
        """
        outputs = self.run(np.concatenate(pictures))
        if any(len(output) != len(pictures) for output in outputs):
            raise self.strange(outputs, f"{len(pictures)} rows of each, for as many pictures")
        return [tuple(output[i : i + 1] for output in outputs) for i in range(len(pictures))]

    def strange(self, outputs: Outputs, wanted: str) -> StageError:
        """The error for outputs of other shapes than those `wanted`, in words."""
        shapes = ", ".join(str(output.shape) for output in outputs)
        return StageError(f"the model {self.name} gives outputs of shapes {shapes}, wanted {wanted}; check its export")


class PerFrame(ABC):
    """A `Detector` (see `core.stages`) that shows frames to a model, several at a time where it is quicker for that."""

    _model: Model

    @property
    def runtime(self) -> str:
        """What computes."""
        return self._model.runtime

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """What is in each frame, best first."""
        several = self._model.batch
        groups = (frames[start : start + several] for start in range(0, len(frames), several))
        return [found for group in groups for found in self._look(group)]

    def _look(self, frames: Sequence[Frame]) -> list[Detections]:
        shown = [self._shown(frame) for frame in frames]
        if len(frames) == 1 or len({picture.shape for picture in shown}) > 1:
            answers = [
                self._model.run(picture, **self._told(frame)) for picture, frame in zip(shown, frames, strict=True)
            ]
        else:
            answers = self._model.run_together(shown)
        return [self._found(frame, outputs) for frame, outputs in zip(frames, answers, strict=True)]

    @abstractmethod
    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        """The picture (1, 3, H, W) of `frame`."""

    def _told(self, frame: Frame) -> Mapping[str, NDArray[np.int64]]:
        """What the model is given besides, by name."""
        return {}

    @abstractmethod
    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        """What the model's outputs say of `frame`, best first."""


class OfClasses(PerFrame):
    """The same for a model of several classes, some of which count."""

    _labels: NDArray[np.str_]
    """(C,) the label of each class; '' of those that do not count."""

    @property
    def labels(self) -> frozenset[str]:
        """Everything it can find."""
        return frozenset(self._labels.tolist()) - {""}


def batch_of(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """A picture (H, W, 3) as models take it, (1, 3, H, W)."""
    return picture.transpose(2, 0, 1)[None]
