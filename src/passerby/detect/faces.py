"""The face detector that comes with passerby: CenterFace, https://arxiv.org/abs/1911.03599."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby import weights
from passerby.core.detections import Detections
from passerby.core.errors import OptionError, StageError
from passerby.core.frame import Frame
from passerby.detect import finds, pictures
from passerby.detect.letterbox import shrunk
from passerby.detect.model import Model, PerFrame
from passerby.runtime import Outputs

STRIDE = 4
"""Pixels of the input from one cell of the heat map to the next."""
MULTIPLE = 32
"""The sides of the input are multiples of this."""
OFF = 1.25
"""Pixels of a small picture by which the edges of what is found in it may be off."""
OVERLAP = 0.3
"""Of two finds whose IoU is larger, the better one stays; as in the published code."""


class CenterFace(PerFrame):
    """Finds faces, each with eyes, nose and corners of the mouth. A `Detector`.

    Boxes and landmarks of a face that the frame's edge cuts may reach over that edge.
    """

    labels = frozenset({"face"})

    def __init__(self, *, conf: float = 0.2, shrink: float = 1, model: Path | None = None) -> None:
        """Load the model.

        Args:
            conf: scores above this count, in (0, 1). Lower hides more that is no face, and misses fewer that are.
            shrink: how many times smaller than the frame the picture is that is looked at, from 1 up. Faces under
                some 8 pixels of that picture are not found; looking costs as much as it has pixels.
            model: another ONNX file with CenterFace's input and outputs; None takes the one that comes along.

        Raises:
            OptionError: `conf` or `shrink` makes no sense.
            WeightsError: the model file is missing or broken.
        """
        if not 0 < conf < 1:
            raise OptionError(f"conf is a score between 0 and 1, got {conf}; 0.2 misses few faces")
        if not 1 <= shrink < math.inf:
            raise OptionError(f"shrink is 1 or more, got {shrink}; 2 suits most videos")
        self._conf = conf
        self._shrink = shrink
        self._model = Model(weights.find("centerface", model))

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        return _padded(pictures.rgb(frame, shrunk(frame, self._shrink, MULTIPLE).inner))

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        found = _decoded(outputs, self._conf)
        if self._shrink > 1:  # what was seen in a small picture may be off by a little more than a pixel of it
            found = replace(found, boxes=found.boxes + np.array([-OFF, -OFF, OFF, OFF], np.float32))
        return shrunk(frame, self._shrink, MULTIPLE).back(found)


def _padded(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """RGB uint8 (H, W, 3) as the model takes it: float32 (1, 3, H', W'), mirrored at the right and lower edges.

    Sides are filled up to a multiple of `MULTIPLE` and not stretched to it, so that faces keep their shape; and with
    the mirrored picture rather than black, next to which a face that the edge cuts is missed more often.
    """
    height, width = picture.shape[:2]
    below, right = -height % MULTIPLE, -width % MULTIPLE
    filled = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REFLECT_101)
    return np.ascontiguousarray(filled.transpose(2, 0, 1)[None], np.float32)


def _decoded(outputs: Sequence[NDArray[np.float32]], conf: float) -> Detections:
    """The faces in the model's outputs, best first, in pixels of its input.

    The outputs are maps of cells (1, C, H' / 4, W' / 4): the score; the log of height and width in cells; where the
    centre lies in its cell, y x; five landmarks, y x in heights and widths from the box's corner.

    Raises:
        StageError: the outputs are not these.
    """
    if [output.shape[1:2] for output in outputs] != [(1,), (2,), (2,), (10,)]:
        shapes = ", ".join(str(output.shape) for output in outputs)
        raise StageError(f"the face model gives outputs of shapes {shapes}; use a file with CenterFace's own outputs")
    heat, log_size, offset, points = (output[0] for output in outputs)
    rows, columns = np.nonzero(heat[0] > conf)
    scores = heat[0, rows, columns]
    cells = np.stack([rows, columns], axis=1)
    size = np.exp(log_size[:, rows, columns].T) * STRIDE
    centre = (cells + offset[:, rows, columns].T + 0.5) * STRIDE
    corner = centre - size / 2
    landmarks = points[:, rows, columns].T.reshape(-1, 5, 2) * size[:, None] + corner[:, None]
    found = np.concatenate([corner[:, ::-1], (corner + size)[:, ::-1]], axis=1).astype(np.float32)
    kept = finds.distinct(found, scores, OVERLAP)
    return Detections(
        found[kept],
        scores[kept],
        np.full(len(kept), "face"),
        landmarks[kept, :, ::-1].astype(np.float32),
    )
