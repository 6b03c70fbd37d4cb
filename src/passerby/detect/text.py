"""Text of any kind, on screens and signs, with the detectors of PP-OCR: DBNet, https://arxiv.org/abs/1911.08947."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.errors import OptionError, WeightsError
from passerby.core.frame import Frame
from passerby.detect import finds, pictures
from passerby.detect.letterbox import MULTIPLE, shown
from passerby.detect.model import Model, PerFrame, batch_of
from passerby.runtime import Outputs

LABEL = "text"
LEAST = 3
"""Areas of text less wide or high, in pixels of the input, are taken to be noise; as in the published code."""

MOST_ENLARGED = 2
"""What a small frame is enlarged by for this model, which misses small letters; beyond twice, it found no more."""


class Text(PerFrame):
    """Finds lines of text. A `Detector`.

    Reads the models that PaddleOCR and RapidOCR publish (Apache-2.0), `ch_PP-OCRv4_det_infer.onnx` and its like: they
    give the probability that a pixel lies in the middle of a line. Boxes stand upright around lines that may not.
    """

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.5,
        threshold: float = 0.3,
        unclip: float = 1.6,
        longest: int = 960,
        labels: Sequence[str] = (LABEL,),
    ) -> None:
        """Load the model.

        Args:
            model: the ONNX file.
            conf: lines whose pixels have a mean probability above this count, in (0, 1).
            threshold: pixels above this belong to a line, in (0, 1).
            unclip: by how much a line is larger than its middle: area times this over circumference, on each side.
            longest: the longer side of the picture to look at. Larger finds smaller text, and takes longer. A smaller
                frame is enlarged, by no more than `MOST_ENLARGED`.
            labels: what the lines are called; of several, each line is found under every one.

        Raises:
            OptionError: an argument makes no sense.
            WeightsError: the file is missing, broken, or of another layout.
        """
        self._conf = finds.checked_share("conf", conf)
        self._threshold = finds.checked_share("threshold", threshold)
        if not 0 <= unclip < np.inf or longest < MULTIPLE:
            raise OptionError(f"unclip is 0 or more and longest {MULTIPLE} or more, got {unclip} and {longest}")
        self.labels = frozenset(labels)
        self._unclip = unclip
        self._longest = longest
        self._model = Model(model)
        shapes = [port.shape for port in self._model.outputs]
        if len(shapes) != 1 or len(shapes[0]) != 4:
            raise WeightsError(f"{model} gives outputs of shapes {shapes}, wanted one map (1, 1, H, W) as PP-OCR has")

    def _shown(self, frame: Frame) -> NDArray[np.float32]:
        bgr = pictures.rgb(frame, self._model.size or self._size(frame))[..., ::-1].astype(np.float32)
        return batch_of(bgr / 127.5 - 1)

    def _found(self, frame: Frame, outputs: Outputs) -> Detections:
        size = self._model.size or self._size(frame)
        if outputs[0].shape != (1, 1, size[1], size[0]):
            raise self._model.strange(outputs, f"(1, 1, {size[1]}, {size[0]})")
        boxes, scores = self._lines(outputs[0][0, 0])
        order = np.argsort(-scores, kind="stable")
        scale = np.tile(np.divide(frame.size, size), 2)
        boxes = (boxes[order] * scale).astype(np.float32)
        called = [np.full(len(order), label) for label in sorted(self.labels)]
        return Detections.concat([finds.on_frame(boxes, scores[order], labels, frame.size) for labels in called])

    def _size(self, frame: Frame) -> tuple[int, int]:
        """(width, height) of the picture to look at; stretched to multiples of `MULTIPLE`, as in the published code."""
        sides = shown(frame)
        ratio = min(MOST_ENLARGED, self._longest / max(sides))
        width, height = (max(round(side * ratio / MULTIPLE), 1) * MULTIPLE for side in sides)
        return width, height

    def _lines(self, shares: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Boxes (N, 4) in pixels of the map of probabilities (H, W), and the score of each."""
        inside = cv2.dilate((shares > self._threshold).astype(np.uint8), np.ones((2, 2), np.uint8))
        contours, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        boxes, scores = [], []
        for contour in contours:
            (x, y), (width, height), angle = cv2.minAreaRect(contour)
            if min(width, height) < LEAST:
                continue
            score = _mean(shares, np.asarray(cv2.boxPoints(((x, y), (width, height), angle)), np.float32))
            if score > self._conf:
                # A contour runs through the middles of pixels, so that half a pixel is missing on every side.
                more = width * height * self._unclip / (width + height) + 1
                points = cv2.boxPoints(((x + 0.5, y + 0.5), (width + more, height + more), angle))
                boxes.append([*points.min(axis=0), *points.max(axis=0)])
                scores.append(score)
        return np.array(boxes, np.float64).reshape(-1, 4), np.array(scores, np.float32)


def _mean(shares: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    """The mean of a map (H, W) within a rectangle with `corners` (4, 2)."""
    last = np.array(shares.shape[::-1]) - 1
    low = np.clip(np.floor(corners.min(axis=0)), 0, last).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, last).astype(int) + 1
    inside = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(inside, [(corners - low).astype(np.int32)], 1)
    return float(cv2.mean(shares[low[1] : high[1], low[0] : high[0]], inside)[0])
