"""SCRFD, https://arxiv.org/abs/2105.04714: insightface's ONNX files, 500M to 34G, with or without landmarks."""

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
OVERLAP = 0.4
"""Of two finds whose IoU is larger, the better one stays; as in the published code."""


class SCRFD(FaceDetector):
    """Finds faces, with eyes, nose and corners of the mouth if the file gives them. A `Detector`.

    Boxes and landmarks of a face that the frame's edge cuts may reach over that edge.
    """

    usual_conf = 0.2
    multiple = STRIDES[-1]

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return batch_of((self.letterbox(frame).picture(frame) - np.float32(127.5)) / np.float32(128))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        box = self.letterbox(frame)
        return box.back(_decoded(outputs, box.size, self._conf))


def _decoded(outputs: Outputs, size: Size, conf: float) -> Detections:
    """The faces in the model's outputs, best first, in pixels of its picture of `size`.

    Of each map there are a score (N, 1), distances in strides from the anchor to the left, upper, right and lower edge
    (N, 4), and perhaps from the anchor to the landmarks, x y (N, 10); row by row of cells, with one or two anchors at
    the corner of each.

    Raises:
        StageError: the outputs are not these.
    """
    tables = by_width(outputs, 1, 4, 10)
    several = [len(maps) for maps in tables]
    each = len(tables[0][-1]) // len(cells(size, STRIDES[-1:])) if several[0] else 0
    grid = cells(size, STRIDES, each)
    whole = [np.concatenate(maps) for maps in tables if maps]
    if several not in ([3, 3, 0], [3, 3, 3]) or {len(rows) for rows in whole} != {len(grid)}:
        raise StageError(
            f"the face model gives outputs of shapes {shapes(outputs)} for a picture of {size}; "
            f"use a file with SCRFD's own 6 or 9 outputs"
        )
    best = np.flatnonzero(whole[0][:, 0] > conf)
    scores, edges, *points = (rows[best] for rows in whole)
    corner, stride = grid[best, :2], grid[best, 2:]
    boxes = np.concatenate([corner - edges[:, :2] * stride, corner + edges[:, 2:] * stride], axis=1)
    landmarks = corner[:, None] + points[0].reshape(-1, 5, 2) * stride[:, None] if points else None
    return faces(boxes, scores[:, 0], landmarks, OVERLAP)
