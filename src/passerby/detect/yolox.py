"""YOLOX (https://arxiv.org/abs/2107.08430) as its authors export it to ONNX. Their code and weights: Apache-2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import WeightsError
from passerby.core.frame import Frame
from passerby.detect import classes as cl
from passerby.detect import finds
from passerby.detect.letterbox import Letterbox, Size, around, cornered
from passerby.detect.model import Model, OfClasses, batch_of
from passerby.runtime import Outputs

STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Pixels of the input from one cell to the next, for each of a model's grids; the second kind is the P6 models'."""

Coordinates = Literal["raw", "decoded"]
"""What boxes come in: cells and logarithms, as exported by default, or pixels (`--decode_in_inference`)."""


class Yolox(OfClasses):
    """Finds what the model was trained for; persons and vehicles unless told otherwise. A `Detector`."""

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.25,
        overlap: float = 0.45,
        classes: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
        longest: int = 640,
        coordinates: Coordinates | None = None,
    ) -> None:
        """Load the model.

        Args:
            model: an ONNX file as YOLOX's `export_onnx.py` makes it.
            conf: scores above this count, in (0, 1).
            overlap: of two finds of a label whose IoU is larger, the better one stays.
            classes: the model's name and the label of everything that counts; None is `classes.STREET`.
            names: what the model calls its classes, in its order; None takes what the file says, or COCO's 80.
            longest: the longer side of the picture to look at, for a model that takes any size.
            coordinates: what the model's boxes come in; None tells by looking at them.

        Raises:
            OptionError: an argument makes no sense, or the model does not know a class.
            WeightsError: the file is missing, broken, or no YOLOX.
        """
        self._conf = finds.checked_share("conf", conf)
        self._overlap = finds.checked_share("overlap", overlap)
        self._longest = longest
        self._coordinates = coordinates
        self._model = Model(model)
        shapes = [port.shape for port in self._model.outputs]
        if len(shapes) != 1 or len(shapes[0]) != 3:
            raise WeightsError(f"{model} gives outputs of shapes {shapes}, wanted one (1, N, 5 + classes) as YOLOX has")
        columns = shapes[0][2]
        known = cl.names_of(self._model.metadata, names, None if columns is None else columns - 5)
        self._count = max(known) + 1
        self._labels = cl.chosen(known, classes)

    def _box(self, frame: Frame) -> Letterbox:
        return cornered(frame, self._model.size or around(frame, self._longest))

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(self._box(frame).picture(frame)[..., ::-1].astype(np.float32))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self._box(frame)
        cells, strides = grid(box.size, outputs[0].shape[1])
        if outputs[0].shape != (1, len(cells), 5 + self._count):
            raise self._model.strange(outputs, f"one (1, N, {5 + self._count}) with a row for each cell of {box.size}")
        table = outputs[0][0]
        scores = table[:, 4:5] * table[:, 5:]
        best = scores.argmax(axis=1)
        score = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        labels = cl.called(self._labels, best)
        boxes = finds.corners(_decoded(table[:, :4], cells, strides, self._coordinates))
        rows = np.flatnonzero((score > self._conf) & (labels != ""))
        rows = rows[finds.distinct_of_each(boxes[rows], score[rows], labels[rows], self._overlap)]
        return finds.on_frame(box.to_frame(boxes[rows]), score[rows], labels[rows], frame.size)


def grid(size: Size, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row (N, 2) of every cell of an input of `size`, row by row and grid by grid, and its stride (N, 1).

    Empty when no kind of model has `count` cells.
    """
    for kind in STRIDES:
        sides = [(stride, size[0] // stride, size[1] // stride) for stride in kind]
        if sum(width * height for _, width, height in sides) == count:
            cells = [np.indices((height, width))[::-1].reshape(2, -1).T for _, width, height in sides]
            strides = [np.full((width * height, 1), stride) for stride, width, height in sides]
            return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
    return np.empty((0, 2), np.float32), np.empty((0, 1), np.float32)


def _decoded(
    boxes: Boxes, cells: NDArray[np.float32], strides: NDArray[np.float32], coordinates: Coordinates | None
) -> Boxes:
    """Centre and size (N, 4), in pixels of the input."""
    if coordinates is None:
        # Every cell speaks of something near it, so that pixels are close to the cells', and offsets are close to 0.
        far = np.abs(boxes[:, :2]).mean() > np.abs(boxes[:, :2] - cells * strides).mean()
        coordinates = "decoded" if far else "raw"
    if coordinates == "decoded":
        return boxes
    # No picture is e**16 pixels wide: what a broken model says stays a number.
    return np.concatenate([(boxes[:, :2] + cells) * strides, np.exp(np.minimum(boxes[:, 2:], 16)) * strides], axis=1)
