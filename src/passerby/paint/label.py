"""A few words in the lower left corner of every picture, for people to read."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.frame import Frame
from passerby.core.lent import Lent
from passerby.core.regions import Mask, Patch, Region
from passerby.core.stages import Sink
from passerby.paint.composite import composite

SHARE = 0.035
"""Height of the letters, as a share of the picture's shorter side."""
LEAST_PX = 8
"""The same in pixels, at least: smaller ones cannot be read."""
_FONT, _TALL, _THICK = cv2.FONT_HERSHEY_DUPLEX, 22, 1
"""A capital is so many pixels tall at scale 1."""


class Labelled(Lent):
    """A `Sink` around another one that writes `text` onto each frame; it is opened and closed with the other."""

    def __init__(self, sink: Sink, text: str) -> None:
        self._sink = sink
        self._text = text

    def write(self, frame: Frame) -> None:
        self._sink.write(labelled(frame, self._text))


def labelled(frame: Frame, text: str) -> Frame:
    """`frame` with `text` (printable ASCII) in light letters on a dark box, as wide as the picture at most."""
    picture = _drawn(text, frame.size)
    height, width = picture.shape[:2]
    margin = height // 3
    x, y = min(margin, frame.size[0] - width), max(frame.size[1] - height - margin, 0)
    mask = Mask(x, y, np.full((height, width), 255, np.uint8))
    box = pixels.aligned(frame, mask.box)
    # The box may be a pixel larger than the mask on each side, where pixels share colour.
    around = [(y - box[1], box[3] - y - height), (x - box[0], box[2] - x - width), (0, 0)]
    patch = Patch(box, pixels.to_planes(np.pad(picture, around, mode="edge"), frame, box))
    sides = np.array(mask.box, np.float32)
    return composite(frame, [Region(-1, "label", sides, mask, seed=0)], [patch])


@lru_cache(maxsize=4)
def _drawn(text: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The box with the text for pictures of `size` (width, height): RGB uint8 (H, W, 3), not larger than these."""
    (width, _), _ = cv2.getTextSize(text, _FONT, 1, _THICK)
    margin = _TALL // 2
    canvas = np.full((_TALL + 2 * margin, width + 2 * margin), 24, np.uint8)
    cv2.putText(canvas, text, (margin, margin + _TALL), _FONT, 1, 235, _THICK, cv2.LINE_AA)
    scale = max(SHARE * min(size), LEAST_PX) / _TALL
    scale = min(scale, size[0] / canvas.shape[1], size[1] / canvas.shape[0])
    small = (max(int(canvas.shape[1] * scale), 1), max(int(canvas.shape[0] * scale), 1))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.dstack([np.asarray(cv2.resize(canvas, small, interpolation=way), np.uint8)] * 3)
