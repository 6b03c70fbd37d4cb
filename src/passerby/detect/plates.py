"""Licence plates: the YOLOv9 models of open-image-models, and OpenCV's YuNet for plates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.detections import Detections
from passerby.core.errors import WeightsError
from passerby.core.frame import Frame
from passerby.detect import finds
from passerby.detect.letterbox import BLACK, Letterbox, Size, around, centred, cornered
from passerby.detect.model import Model, PerFrame, batch_of
from passerby.runtime import Outputs

LABEL = "plate"
STEPS = (8, 16, 32, 64)
"""Pixels of YuNet's input from one cell to the next, for each of its grids."""
SIDES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
"""Sides in pixels of the squares that its finds of each grid are told by, of which every cell has all."""
VARIANCE = 0.1
"""Shares of such a square's side in one unit of the model's output."""
CORNERS = (4, 5, 6, 7, 10, 11, 12, 13)
"""Columns of its output: x y of a plate's corners."""


class PlatesYolo9(PerFrame):
    """Finds plates with a YOLOv9 model that ends in its own suppression. A `Detector`.

    Published by https://github.com/ankandrew/open-image-models (MIT), as `yolo-v9-t-384-license-plate-end2end` and in
    other sizes. It gives rows of seven: number of the picture, x0 y0 x1 y1 in pixels of the input, class, score.
    """

    labels = frozenset({LABEL})

    def __init__(self, model: Path, *, conf: float = 0.25, longest: int = 640) -> None:
        """Load the model.

        Args:
            model: an ONNX file of this layout. All of its classes are plates.
            conf: scores above this count, in (0, 1).
            longest: the longer side of the picture to look at, for a model that takes any size.

        Raises:
            OptionError: `conf` makes no sense.
            WeightsError: the file is missing, broken, or of another layout.
        """
        self._conf = finds.checked_share("conf", conf)
        self._longest = longest
        self._model = Model(model)
        shapes = [port.shape for port in self._model.outputs]
        if len(shapes) != 1 or (shapes[0] and shapes[0][-1] not in (7, None)):
            raise WeightsError(f"{model} gives outputs of shapes {shapes}, wanted one (N, 7); take an end2end model")

    def _box(self, frame: Frame) -> Letterbox:
        return centred(frame, self._model.size or around(frame, self._longest))

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(np.divide(self._box(frame).picture(frame), 255, dtype=np.float32))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self._box(frame)
        if outputs[0].shape[-1:] != (7,):
            raise self._model.strange(outputs, "one (N, 7)")
        rows = outputs[0].reshape(-1, 7)
        rows = rows[rows[:, 6] > self._conf]
        rows = rows[np.argsort(-rows[:, 6], kind="stable")]
        return finds.on_frame(box.to_frame(rows[:, 1:5]), rows[:, 6], np.full(len(rows), LABEL), frame.size)


class PlatesYunet(PerFrame):
    """Finds plates, Chinese ones above all, and their corners. A `Detector`.

    Published by https://github.com/opencv/opencv_zoo (Apache-2.0), as `license_plate_detection_lpd_yunet_2023mar.onnx`.
    Landmarks are the four corners of a plate; its box is the one around them.
    """

    labels = frozenset({LABEL})

    def __init__(self, model: Path, *, conf: float = 0.5, overlap: float = 0.3) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            conf: scores above this count, in (0, 1).
            overlap: of two finds whose IoU is larger, the better one stays.

        Raises:
            OptionError: an argument makes no sense.
            WeightsError: the file is missing, broken, or of another layout.
        """
        self._conf = finds.checked_share("conf", conf)
        self._overlap = finds.checked_share("overlap", overlap)
        self._model = Model(model)
        names = [port.name for port in self._model.outputs]
        if set(names) != {"loc", "conf", "iou"} or self._model.size is None:
            raise WeightsError(f"{model} has the outputs {', '.join(names)}, wanted loc, conf, iou for one size")
        self._order = tuple(names.index(name) for name in ("loc", "conf", "iou"))
        self._size = self._model.size
        self._squares = _squares(self._size)

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(cornered(frame, self._size, BLACK).picture(frame)[..., ::-1].astype(np.float32))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = cornered(frame, self._size, BLACK)
        squares = self._squares
        where, kinds, overlaps = (outputs[at].reshape(-1, outputs[at].shape[-1]) for at in self._order)
        if (where.shape, kinds.shape, overlaps.shape) != ((len(squares), 14), (len(squares), 2), (len(squares), 1)):
            raise self._model.strange(outputs, f"({len(squares)}, 14), ({len(squares)}, 2) and ({len(squares)}, 1)")
        scores = np.sqrt(np.maximum(kinds[:, 1], 0) * np.clip(overlaps[:, 0], 0, 1))
        offsets = where[:, CORNERS].reshape(-1, 4, 2) * VARIANCE * squares[:, None, 2:]
        points = (squares[:, None, :2] + offsets - box.corner) * box.scale
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1).astype(np.float32)
        rows = np.flatnonzero(scores > self._conf)
        plates = np.full(len(scores), LABEL)
        rows = rows[finds.distinct(boxes[rows], scores[rows], self._overlap)]
        rows = rows[finds.seen(boxes[rows], plates[rows], frame.size)]
        scores = np.minimum(scores, 1).astype(np.float32)
        return Detections(bx.clip(boxes[rows], frame.size), scores[rows], plates[rows], points[rows].astype(np.float32))


def _squares(size: Size) -> NDArray[np.float32]:
    """Centre x y, width and height (N, 4) of the squares of an input of `size`, in its pixels."""
    width, height = ((side + 1) // 4 for side in size)
    rows = []
    for step, sides in zip(STEPS, SIDES, strict=True):
        width, height = width // 2, height // 2
        for y in range(height):
            rows += [((x + 0.5) * step, (y + 0.5) * step, side, side) for x in range(width) for side in sides]
    return np.array(rows, np.float32).reshape(-1, 4)
