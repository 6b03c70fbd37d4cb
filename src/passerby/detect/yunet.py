"""YuNet, https://doi.org/10.1007/s11633-023-1423-y: the ONNX files of OpenCV's model zoo and of libfacedetection."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import StageError
from passerby.core.frame import Frame
from passerby.detect.face_model import FaceDetector, by_width, cells, faces, shapes
from passerby.detect.letterbox import Size
from passerby.detect.model import batch_of
from passerby.runtime import Outputs

STRIDES = (8, 16, 32)
"""Pixels of the picture from one cell to the next, in each of three maps."""
OVERLAP = 0.3
"""Of two finds whose IoU is larger, the better one stays; as in the published code."""


class YuNet(FaceDetector):
    """Finds faces, each with eyes, nose and corners of the mouth. A `Detector`.

    The files of 2023 and later. Boxes and landmarks of a face that the frame's edge cuts may reach over that edge.
    """

    multiple = STRIDES[-1]

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of(self.letterbox(frame).picture(frame)[..., ::-1].astype(np.float32))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self.letterbox(frame)
        return box.back(_decoded(outputs, box.size, self._conf))


def _decoded(outputs: Outputs, size: Size, conf: float) -> Detections:
    """The faces in the model's outputs, best first, in pixels of its picture of `size`.

    Of each map there are, row by row of cells, two scores (N, 1) whose geometric mean counts; centre x y and the log
    of width and height (N, 4); landmarks x y (N, 10): in strides, from the cell's corner.

    Raises:
        StageError: the outputs are not these.
    """
    tables = by_width(outputs, 1, 4, 10)
    grid = cells(size, STRIDES)
    # A class and an objectness come for each map, of one length: it does not matter which is which.
    halves = [tables[0][::2], tables[0][1::2], *tables[1:]]
    if any(len(maps) != 3 or sum(map(len, maps)) != len(grid) for maps in halves):
        raise StageError(
            f"the face model gives outputs of shapes {shapes(outputs)} for a picture of {size}; "
            f"use a file with YuNet's own 12 outputs, of 2023 or later"
        )
    one, other, places, points = (np.concatenate(maps) for maps in halves)
    scores = np.sqrt(np.clip(one[:, 0], 0, 1) * np.clip(other[:, 0], 0, 1))
    best = np.flatnonzero(scores > conf)
    corner, stride = grid[best, :2], grid[best, 2:]
    centre = corner + places[best, :2] * stride
    half = np.exp(places[best, 2:]) * stride / 2
    landmarks = np.asarray(corner[:, None] + points[best].reshape(-1, 5, 2) * stride[:, None], np.float32)
    return faces(np.concatenate([centre - half, centre + half], axis=1), scores[best], landmarks, OVERLAP)
