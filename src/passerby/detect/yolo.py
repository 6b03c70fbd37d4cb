"""YOLOv8 and YOLO11, with and without masks, as ultralytics exports them to ONNX.

Ultralytics' code and weights are under the AGPL-3.0 or a paid licence. None of either is here, and no weights of theirs
come with passerby or are fetched by it: the file is the user's own, and so is the licence for it. Export one with
`yolo export model=yolov8n-seg.pt format=onnx`. Models of the same layout by others are under their own licences.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.errors import WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.detect import classes as cl
from passerby.detect import finds
from passerby.detect.letterbox import Letterbox, around, centred
from passerby.detect.model import Model, OfClasses, batch_of
from passerby.runtime import Outputs

TASKS = ("detect", "segment")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """What a model's table says: row i of each is one find, of those that count."""

    boxes: Boxes
    """(N, 4) x0 y0 x1 y1 in pixels of the input."""
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]
    coefficients: NDArray[np.float32]
    """(N, K) shares of the mask prototypes; K is 0 where there are none."""

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> _Rows:
        return _Rows(self.boxes[rows], self.scores[rows], self.classes[rows], self.coefficients[rows])


class Yolo(OfClasses):
    """Finds what the model was trained for; persons and vehicles unless told otherwise. A `Detector`.

    Finds of a -seg model have masks.
    """

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.25,
        overlap: float = 0.7,
        classes: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
        longest: int | None = None,
    ) -> None:
        """Load the model.

        Args:
            model: an ONNX file as ultralytics exports it, for detection or segmentation, with or without `nms=True`.
            conf: scores above this count, in (0, 1).
            overlap: of two finds of a label whose IoU is larger, the better one stays.
            classes: the model's name and the label of everything that counts; None is `classes.STREET`.
            names: what the model calls its classes, in its order; None takes what the file says.
            longest: the longer side of the picture to look at, for an export with `dynamic=True`; None takes what the
                file says that the model was made for, or 640.

        Raises:
            OptionError: an argument makes no sense, or the model does not know a class.
            WeightsError: the file is missing, broken, or made for something else.
        """
        self._conf = finds.checked_share("conf", conf)
        self._overlap = finds.checked_share("overlap", overlap)
        self._model = Model(model)
        self._longest = longest or _made_for(self._model.metadata)
        task = self._model.metadata.get("task", "detect")
        shapes = [port.shape for port in self._model.outputs]
        if task not in TASKS or len(shapes) not in (1, 2) or len(shapes[0]) != 3:
            raise WeightsError(f"{model} is a YOLO for the task {task!r}, or none; wanted one for {' or '.join(TASKS)}")
        self._extra = (shapes[1][1] or 0) if len(shapes) == 2 else 0
        dense = shapes[0][1] if shapes[0][1] is not None and "names" not in self._model.metadata else None
        count = dense - 4 - self._extra if dense is not None and shapes[0][2] != 6 + self._extra else None
        known = cl.names_of(self._model.metadata, names, count)
        self._count = max(known) + 1
        self._labels = cl.chosen(known, classes)

    def _box(self, frame: Frame) -> Letterbox:
        return centred(frame, self._model.size or around(frame, self._longest))

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(np.divide(self._box(frame).picture(frame), 255, dtype=np.float32))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self._box(frame)
        table = outputs[0]
        if table.ndim != 3 or len(table) != 1:
            raise self._model.strange(outputs, "one table of finds")
        wanted = 4 + self._count + self._extra
        if table.shape[1] == wanted:
            found = self._suppressed(_dense(table[0], self._count, self._conf))
        elif table.shape[2] == 6 + self._extra:
            found = _final(table[0], self._conf)
        else:
            raise self._model.strange(outputs, f"(1, {wanted}, N) or (1, N, {6 + self._extra})")
        labels = cl.called(self._labels, found.classes)
        boxes = box.to_frame(found.boxes)
        visible = finds.seen(boxes, labels, frame.size)
        answer = finds.on_frame(boxes, found.scores, labels, frame.size)
        if not self._extra:
            return answer
        if outputs[1].ndim != 4 or outputs[1].shape[:2] != (1, self._extra):
            raise self._model.strange(outputs, f"(1, {self._extra}, h, w) of the masks")
        return replace(answer, masks=_masks(answer.boxes, found.coefficients[visible], outputs[1][0], box))

    def _suppressed(self, found: _Rows) -> _Rows:
        labels = cl.called(self._labels, found.classes)
        counting = labels != ""
        found, labels = found[counting], labels[counting]
        return found[finds.distinct_of_each(found.boxes, found.scores, labels, self._overlap)]


def _made_for(metadata: Mapping[str, str]) -> int:
    """The longer side of the pictures that the model was exported for, from `[384, 640]`."""
    return max((int(side) for side in re.findall(r"\d+", metadata.get("imgsz", ""))), default=640)


def _dense(table: NDArray[np.float32], count: int, conf: float) -> _Rows:
    """Rows of a table (4 + classes + K, N): centre x y, width, height, the score of each class, coefficients.

    Each place is of the class with the best score, as in the published code.
    """
    scores = table[4 : 4 + count]
    best = scores.argmax(axis=0)
    score = np.take_along_axis(scores, best[None], axis=0)[0]
    rows = np.flatnonzero(score > conf)
    return _Rows(finds.corners(table[:4, rows].T), score[rows], best[rows], table[4 + count :, rows].T)


def _final(table: NDArray[np.float32], conf: float) -> _Rows:
    """Rows of a table (N, 6 + K) that the model has made distinct itself: corners, score, class, coefficients."""
    table = table[table[:, 4] > conf]
    return _Rows(table[:, :4], table[:, 4], table[:, 5].astype(np.intp), table[:, 6:])


def _masks(
    boxes: Boxes, coefficients: NDArray[np.float32], prototypes: NDArray[np.float32], box: Letterbox
) -> tuple[Mask | None, ...]:
    """The pixels of each of `boxes` (N, 4), in whole pixels of the frame around it; None where the mask is empty.

    A mask is where the prototypes (K, h, w), weighed by a find's coefficients, are above 0. They are computed at the
    prototypes' size, and between its cells as straight lines run.
    """
    height, width = prototypes.shape[1:]
    scale = np.array([width, height]) / box.size
    step, start = scale / box.scale, scale * box.corner
    masks: list[Mask | None] = []
    for (x0, y0, x1, y1), shares in zip(boxes.tolist(), coefficients, strict=True):
        left, top, right, bottom = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
        columns, across = _between(left, right, step[0], start[0], width)
        rows, down = _between(top, bottom, step[1], start[1], height)
        cells = np.tensordot(shares, prototypes[:, rows, columns], axes=1)
        alpha = np.where(down @ cells @ across.T > 0, np.uint8(255), np.uint8(0))
        masks.append(Mask(left, top, alpha) if alpha.any() else None)
    return tuple(masks)


def _between(first: int, end: int, step: float, start: float, count: int) -> tuple[slice, NDArray[np.float32]]:
    """Which of `count` cells in a row the pixels from `first` to `end` lie among, and the share (n, k) of each.

    Pixel i has its middle at (i + 0.5) * step + start, and cell j at j + 0.5.
    """
    at = np.clip((np.arange(first, end) + 0.5) * step + start - 0.5, 0, count - 1)
    low, high = int(at[0]), min(int(at[-1]) + 2, count)
    shares = np.maximum(1 - np.abs(at[:, None] - np.arange(low, high)), 0)
    return slice(low, high), shares.astype(np.float32)
