"""The pixels of persons whose boxes are known: models that tell one person from the background.

Prisma-net of anilsathyan7/Portrait-Segmentation (MIT), a network for portraits, and any other that takes an RGB picture
in [0, 1] and gives the probability of "person" at every pixel. Such a network was not made for small persons in a
street: it is shown each one alone, twice, and what it sees either time counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.errors import WeightsError
from passerby.core.frame import Frame
from passerby.core.regions import Mask
from passerby.detect.finds import checked_share
from passerby.detect.model import Model

CLOSE, WIDE = 0.1, 0.3
"""Share of a box that is seen around it, in the one look and in the other; beyond the first nothing is masked."""
SMALLEST = 48
"""Pixels of the longer side of a box, from which there is enough to see."""


class Portrait:
    """Outlines persons. A `Segmenter` (see `core.stages`)."""

    labels = frozenset({"person"})

    def __init__(self, model: Path, *, conf: float = 0.15) -> None:
        """Load the model.

        Args:
            model: an ONNX file that takes (1, 3, H, W) and gives (1, 1, H, W).
            conf: probability above which a pixel is hidden, in (0, 1).

        Raises:
            OptionError: `conf` makes no sense.
            WeightsError: the file is missing, broken, or made for something else.
        """
        self._conf = checked_share("conf", conf)
        self._model = Model(model)
        if self._model.size is None:
            raise WeightsError(f"{model} takes pictures of any size; wanted one that was made for a single size")
        self._size = self._model.size

    def segment(self, frame: Frame, boxes: Boxes) -> Sequence[Mask | None]:
        """One mask per box (N, 4), which may reach a little beyond it; None for what is small or not there."""
        return [self._outlined(frame, box) for box in boxes]

    def _outlined(self, frame: Frame, box: NDArray[np.float32]) -> Mask | None:
        if max(box[2] - box[0], box[3] - box[1]) < SMALLEST:
            return None
        close = _around(frame, box, CLOSE)
        if close[0] >= close[2] or close[1] >= close[3]:
            return None
        seen = np.maximum(self._look(frame, close, close), self._look(frame, _around(frame, box, WIDE), close))
        alpha = np.where(seen > self._conf, np.uint8(255), np.uint8(0))
        return Mask(close[0], close[1], alpha) if alpha.any() else None

    def _look(self, frame: Frame, area: pixels.Box, within: pixels.Box) -> NDArray[np.float32]:
        """The probability of every pixel `within` an area, after a look at all of it."""
        picture = pixels.rgb(pixels.cut(frame, area), self._size).transpose(2, 0, 1)[None]
        outputs = self._model.run(np.divide(picture, 255, dtype=np.float32))
        if outputs[0].shape != (1, 1, *self._size[::-1]):
            raise self._model.strange(outputs, f"(1, 1, {self._size[1]}, {self._size[0]})")
        x0, y0, x1, y1 = area
        whole = cv2.resize(outputs[0][0, 0], (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole[within[1] - y0 : within[3] - y0, within[0] - x0 : within[2] - x0], np.float32)


def _around(frame: Frame, box: NDArray[np.float32], share: float) -> pixels.Box:
    """An aligned box of `frame` around `box` (4,) with a `share` of its sides."""
    x0, y0, x1, y1 = bx.grow(box[None], share)[0].tolist()
    return pixels.aligned(frame, (int(np.floor(x0)), int(np.floor(y0)), int(np.ceil(x1)), int(np.ceil(y1))))
