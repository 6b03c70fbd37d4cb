"""NanoDet (https://github.com/RangiLyu/nanodet) as its authors export it to ONNX. Code and weights: Apache-2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import WeightsError
from passerby.core.frame import Frame
from passerby.detect import classes as cl
from passerby.detect import finds
from passerby.detect.letterbox import cornered
from passerby.detect.model import Model, OfClasses, batch_of
from passerby.runtime import Outputs

MEAN, DEVIATION = np.array((103.53, 116.28, 123.675), np.float32), np.array((57.375, 57.12, 58.395), np.float32)
"""Of blue, green and red in 0..255."""
SCORES, SIDES = "cls_pred_stride_", "dis_pred_stride_"
"""The beginnings of the outputs' names, which end with the stride in pixels of the input."""


class NanoDet(OfClasses):
    """Finds what the model was trained for; persons and vehicles unless told otherwise. A `Detector`.

    Each cell gives scores of classes, and of each side of a box the probabilities of its distance from the middle of
    the cell in strides: Li et al., "Generalized focal loss", 2020.
    """

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.35,
        overlap: float = 0.6,
        classes: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Load the model.

        Args:
            model: the ONNX file, of a fixed size of input.
            conf: scores above this count, in (0, 1).
            overlap: of two finds of a label whose IoU is larger, the better one stays.
            classes: the model's name and the label of everything that counts; None is `classes.STREET`.
            names: what the model calls its classes, in its order; None takes what the file says, or COCO's 80.

        Raises:
            OptionError: an argument makes no sense, or the model does not know a class.
            WeightsError: the file is missing, broken, or no NanoDet.
        """
        self._conf = finds.checked_share("conf", conf)
        self._overlap = finds.checked_share("overlap", overlap)
        self._model = Model(model)
        self._places = {port.name: place for place, port in enumerate(self._model.outputs)}
        strides = sorted(int(name.removeprefix(SCORES)) for name in self._places if name.startswith(SCORES))
        if not strides or self._model.size is None or any(f"{SIDES}{stride}" not in self._places for stride in strides):
            raise WeightsError(f"{model} gives {', '.join(self._places)}, wanted {SCORES}8, {SIDES}8 … of a fixed size")
        self._size, self._strides = self._model.size, strides
        count = self._model.outputs[self._places[f"{SCORES}{strides[0]}"]].shape[-1]
        self._labels = cl.chosen(cl.names_of(self._model.metadata, names, count), classes)

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        picture = cornered(frame, self._size).picture(frame)[..., ::-1]
        return batch_of((picture - MEAN) / DEVIATION)

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        levels = [self._level(outputs, stride) for stride in self._strides]
        scores, boxes = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        best = scores.argmax(axis=1)
        score = np.take_along_axis(scores, best[:, None], axis=1)[:, 0]
        labels = cl.called(self._labels, best)
        rows = np.flatnonzero((score > self._conf) & (labels != ""))
        rows = rows[finds.distinct_of_each(boxes[rows], score[rows], labels[rows], self._overlap)]
        to_frame = cornered(frame, self._size).to_frame
        return finds.on_frame(to_frame(boxes[rows]), score[rows], labels[rows], frame.size)

    def _level(self, outputs: Outputs, stride: int) -> tuple[NDArray[np.float32], Boxes]:
        """Scores (N, C) of all classes, and boxes (N, 4) in pixels of the input, of one grid."""
        width, height = (-(-side // stride) for side in self._size)
        scores, sides = (outputs[self._places[f"{kind}{stride}"]] for kind in (SCORES, SIDES))
        if scores.shape != (1, width * height, len(self._labels)) or sides.shape[:2] != scores.shape[:2]:
            raise self._model.strange(outputs, f"(1, {width * height}, …) of stride {stride}")
        bins = sides[0].reshape(len(sides[0]), 4, -1)
        likely = np.exp(bins - bins.max(axis=2, keepdims=True))
        away = (likely / likely.sum(axis=2, keepdims=True)) @ np.arange(bins.shape[2], dtype=np.float32) * stride
        middle = (np.indices((height, width))[::-1].reshape(2, -1).T + np.float32(0.5)) * stride
        boxes = np.concatenate([middle - away[:, :2], middle + away[:, 2:]], axis=1)
        return scores[0], np.asarray(boxes, np.float32)
