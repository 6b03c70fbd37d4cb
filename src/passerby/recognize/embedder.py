"""Whose face it is, as a direction: faces of one person lie close together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import StageError, WeightsError
from passerby.core.frame import Frame
from passerby.recognize.align import SIDE, aligned, similarity
from passerby.runtime import shared

LARGEST_SCALE = 2.0
"""Faces that have to be enlarged by more than this all look alike: of strangers on one photograph of 200 the mean
cosine is .42 when they are enlarged 3.5 times and more, and .03 up to twice (benchmarks/results/recognition.md)."""
MOST_OFF_PX = 5.0
"""Landmarks further than this from an upright frontal face's, in the mean, are those of a face that is turned away."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models of one kind are shown, and what their answers mean."""

    name: str
    numbers: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    """From an aligned face, RGB (112, 112, 3), to the numbers that the model takes, (112, 112, 3)."""
    same: float
    other: float
    """As in `core.stages.Embedder`."""
    clear: float = 0.0
    """Length of the model's answer, before it is made one, from which a face is clear enough: what is blurred or dark
    gets a short one, and looks like everything else that is."""


class FaceEmbedder:
    """An `Embedder` (see `core.stages`): an ONNX file that takes one aligned face, (1, 3, 112, 112)."""

    def __init__(self, family: Family, path: Path) -> None:
        """Load the model.

        Raises:
            WeightsError: the file is missing or broken, or takes something else.
        """
        if not path.is_file():
            raise WeightsError(f"there is no model file {path}; give the path of an .onnx file")
        self._family = family
        self._name = path.name
        self._session = shared(path)
        inputs = self._session.inputs
        sides = [
            (side, wanted) for port in inputs for side, wanted in zip(port.shape, (1, 3, SIDE, SIDE), strict=False)
        ]
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or any(side not in (None, wanted) for side, wanted in sides):
            shapes = ", ".join(f"{port.name} {port.shape}" for port in inputs)
            raise WeightsError(f"{path} takes {shapes}; wanted is one face (1, 3, {SIDE}, {SIDE}), so use another file")
        self._input = inputs[0].name

    @property
    def same(self) -> float:
        return self._family.same

    @property
    def other(self) -> float:
        return self._family.other

    def embed(self, frame: Frame, faces: Detections) -> NDArray[np.float32]:
        """See `core.stages.Embedder`. Wanted are eyes, nose and corners of the mouth as `landmarks`, (N, 5, 2).

        Raises:
            StageError: there are other landmarks or none, or the model gave something that is no embedding.
        """
        if faces.landmarks is None or faces.landmarks.shape[1:] != (5, 2):
            raise StageError("recognizing a face takes its five landmarks; use a detector that finds them")
        rows = [self._embedded(frame, points) for points in faces.landmarks]
        width = max((len(row) for row in rows if row is not None), default=1)
        nothing = np.full(width, np.nan, np.float32)
        return np.stack([nothing if row is None else row for row in rows]) if rows else np.empty((0, 1), np.float32)

    def _embedded(self, frame: Frame, points: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """(D,), or None where the face does not show well who it is."""
        fit = similarity(points * np.array([float(frame.sample_aspect), 1], np.float32))
        if not fit.scale <= LARGEST_SCALE or not fit.off_px <= MOST_OFF_PX:
            return None
        answer = self.answer(aligned(frame, fit))
        length = np.linalg.norm(answer)
        return np.asarray(answer / length, np.float32) if length >= self._family.clear else None

    def answer(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the model says of an aligned face, RGB (112, 112, 3): (D,), of any length but 0.

        Raises:
            StageError: that is no embedding.
        """
        picture = np.ascontiguousarray(self._family.numbers(face).transpose(2, 0, 1)[None], np.float32)
        outputs = self._session.run({self._input: picture})
        answer = outputs[0].reshape(-1) if len(outputs) == 1 else np.empty(0, np.float32)
        if len(answer) < 2 or not np.isfinite(answer).all() or not answer.any():
            raise StageError(f"the model {self._name} gives no embedding; use a file of the family {self._family.name}")
        return answer
