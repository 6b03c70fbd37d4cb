"""Detectors of the DETR family as they are exported to ONNX: D-FINE, DEIM, RT-DETR, RF-DETR.

Two layouts are read. *Finished*: the inputs `images` and `orig_target_sizes`, the outputs `labels`, `boxes`, `scores`
(D-FINE, DEIM, RT-DETR by their own scripts). *Plain*: boxes as shares of the picture and one logit for each class
(RF-DETR's `dets` and `labels`; `pred_boxes` and `logits` by Hugging Face). Those named are under Apache-2.0; of RF-DETR
the largest sizes are not.
"""

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
from passerby.detect import finds, pictures
from passerby.detect.model import Model, OfClasses, batch_of
from passerby.runtime import Outputs

SIZES = "orig_target_sizes"
"""The input that tells a finished model the (width, height) that its boxes are to be in."""
BOXES = ("boxes", "dets", "pred_boxes")
LOGITS = ("logits", "pred_logits", "labels")
"""What the outputs of plain models are called."""
SAME = 0.99
"""Two boxes of a label with a larger IoU are one query's, of two classes with that label."""
MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255

Levels = Literal["unit", "imagenet"]
"""How pixels become numbers: from 0 to 1, or less ImageNet's mean and over its deviation."""


class Detr(OfClasses):
    """Finds what the model was trained for; persons and vehicles unless told otherwise. A `Detector`."""

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.4,
        classes: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
        side: int = 640,
        levels: Levels | None = None,
    ) -> None:
        """Load the model.

        Args:
            model: an ONNX file of one of the two layouts above.
            conf: scores above this count, in (0, 1).
            classes: the model's name and the label of everything that counts; None is `classes.STREET`.
            names: what the model calls its classes, in its order; None takes what the file says, or COCO.
            side: width and height of the picture to look at, for a model that takes any size.
            levels: how pixels become numbers; None is 'imagenet' for an input called `input`, as RF-DETR has it,
                and 'unit' for all others.

        Raises:
            OptionError: an argument makes no sense, or the model does not know a class.
            WeightsError: the file is missing, broken, or of another layout.
        """
        self._conf = finds.checked_share("conf", conf)
        self._side = side
        self._model = Model(model)
        self._levels = levels or ("imagenet" if self._model.picture.name == "input" else "unit")
        self._at = {port.name: at for at, port in enumerate(self._model.outputs)}
        self._finished = any(port.name == SIZES for port in self._model.inputs)
        count = None
        if self._finished:
            self._columns = self._positions(("labels",), ("boxes",), ("scores",))
        else:
            self._columns = self._positions(BOXES, LOGITS)
            shape = self._model.outputs[self._columns[1]].shape
            count = shape[-1] if shape and names is None and "names" not in self._model.metadata else None
        self._labels = cl.chosen(cl.names_of(self._model.metadata, names, count), classes)

    def _positions(self, *outputs: tuple[str, ...]) -> tuple[int, ...]:
        """Which output has one of the first names, which one of the second, …"""
        found = [[self._at[name] for name in names if name in self._at] for names in outputs]
        if not all(found):
            wanted = ", ".join(" or ".join(names) for names in outputs)
            raise WeightsError(f"{self._model.name} has the outputs {', '.join(self._at)}, wanted {wanted}")
        return tuple(places[0] for places in found)

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        # Stretched to the input, as the models were trained.
        picture = pictures.rgb(frame, self._model.size or (self._side, self._side)).astype(np.float32)
        picture = np.asarray((picture - MEAN) / DEVIATION if self._levels == "imagenet" else picture / 255, np.float32)
        return batch_of(picture)

    def _told(self, frame: Frame) -> dict[str, NDArray[np.int64]]:
        return {SIZES: np.array([frame.size], np.int64)} if self._finished else {}

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        columns = tuple(outputs[at] for at in self._columns)
        boxes, scores, labels = self._of_finished(columns) if self._finished else self._of_plain(columns, frame)
        rows = np.flatnonzero((scores > self._conf) & (labels != ""))
        rows = rows[finds.distinct_of_each(boxes[rows], scores[rows], labels[rows], SAME)]
        return finds.on_frame(boxes[rows], scores[rows], labels[rows], frame.size)

    def _of_finished(self, outputs: Outputs) -> tuple[Boxes, NDArray[np.float32], NDArray[np.str_]]:
        numbers, boxes, scores = outputs
        if boxes.shape != (1, scores.shape[-1], 4) or numbers.shape != scores.shape:
            raise self._model.strange(outputs, "(1, N), (1, N, 4) and (1, N)")
        # Rows that do not count may be filled with any number.
        rows = scores[0] > self._conf
        return boxes[0][rows], scores[0][rows], cl.called(self._labels, numbers[0][rows].astype(np.intp))

    def _of_plain(self, outputs: Outputs, frame: Frame) -> tuple[Boxes, NDArray[np.float32], NDArray[np.str_]]:
        boxes, logits = outputs
        if logits.ndim != 3 or boxes.shape != (1, logits.shape[1], 4) or logits.shape[2] < len(self._labels):
            raise self._model.strange(outputs, f"(1, N, 4) and (1, N, {len(self._labels)} classes or more)")
        queries, numbers = np.nonzero(logits[0, :, : len(self._labels)] > np.log(self._conf / (1 - self._conf)))
        scores = 1 / (1 + np.exp(-logits[0, queries, numbers]))
        found = finds.corners(boxes[0][queries]) * np.tile(np.array(frame.size, np.float32), 2)
        return found, scores.astype(np.float32), cl.called(self._labels, numbers)
