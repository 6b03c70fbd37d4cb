"""Mask R-CNN with torchvision's published weights, on PyTorch: persons, vehicles and more, each with its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.detect import classes as cl
from passerby.detect import finds
from passerby.detect.letterbox import shrunk
from passerby.runtime.rcnn import RCNN, SHORTER

MOST = 300
"""Things that are found in a frame, at most; torchvision's usual 100 are fewer than crowds are."""
SURE = 0.5
"""Pixels with this and more are of the thing, as torchvision's documentation has it."""


class MaskRCNN:
    """Finds COCO's classes, with masks; persons and vehicles unless told otherwise. A `Detector`."""

    def __init__(
        self,
        model: Path,
        *,
        conf: float = 0.25,
        classes: Mapping[str, str] | None = None,
        shorter: int = SHORTER,
        device: str = "cpu",
    ) -> None:
        """Load the weights.

        Args:
            model: the state dict of `maskrcnn_resnet50_fpn` as it is published.
            conf: scores above this count, in (0, 1).
            classes: COCO's name and the label of everything that counts; None is `classes.STREET`.
            shorter: pixels that the shorter side of a frame is made for a look.
            device: where it computes, as PyTorch names it.

        Raises:
            OptionError: an argument makes no sense, or PyTorch or torchvision is not installed.
            WeightsError: the file is missing or damaged, or holds other weights.
        """
        conf = finds.checked_share("conf", conf)
        self._labels = cl.chosen(cl.COCO_NUMBERS, classes)
        self.labels = frozenset(self._labels.tolist()) - {""}
        self._net = RCNN("MaskRCNN", model, conf=conf, most=MOST, shorter=shorter, device=device)

    @property
    def runtime(self) -> str:
        """What computes."""
        return self._net.runtime

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """What is in each frame, best first; see `Detector`."""
        return [self._look(frame) for frame in frames]

    def _look(self, frame: Frame) -> Detections:
        found = self._net.look(shrunk(frame, 1, 1).picture(frame))
        labels = cl.called(self._labels, found.numbers("labels").astype(np.intp))
        rows = np.flatnonzero(labels != "")
        boxes, masks = np.empty((len(rows), 4), np.float32), []
        for i, row in enumerate(rows.tolist()):
            placed = self._net.placed(found, row, frame.size)
            boxes[i] = placed["boxes"][0]
            masks.append(_mask(placed["masks"][0, 0] >= SURE))
        scores = found.numbers("scores").astype(np.float32)
        visible = finds.seen(boxes, labels[rows], frame.size)
        answer = finds.on_frame(boxes, scores[rows], labels[rows], frame.size)
        return replace(answer, masks=tuple(compress(masks, visible)))


def _mask(shown: NDArray[np.bool_]) -> Mask | None:
    """What is True of a frame (H, W), in a picture no larger than that; None where nothing is."""
    columns, rows = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
    if not len(rows):
        return None
    part = shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Mask(int(columns[0]), int(rows[0]), np.where(part, np.uint8(255), np.uint8(0)))
