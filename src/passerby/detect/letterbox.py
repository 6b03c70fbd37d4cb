"""How a frame lies in the picture that a model is shown, and the way back, exact to the fraction of a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes, pixels
from passerby.core.detections import Detections
from passerby.core.frame import Frame

MOST_STRETCHED = 4
"""Pixels are taken to be square beyond this: no camera makes such, and a forged one would ask for all the memory."""

Size = tuple[int, int]
"""(width, height)"""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A frame, scaled, in the upper left corner of a black picture."""

    frame: Size
    """Of the frame."""
    inner: Size
    """What the frame is scaled to."""
    size: Size
    """Of the whole picture, no smaller than `inner`."""

    def picture(self, frame: Frame) -> NDArray[np.uint8]:
        """What the model is shown of `frame`, which has the size `self.frame`: RGB uint8 (H, W, 3)."""
        right, below = self.size[0] - self.inner[0], self.size[1] - self.inner[1]
        scaled = pixels.rgb(frame, self.inner)
        return np.asarray(cv2.copyMakeBorder(scaled, 0, below, 0, right, cv2.BORDER_CONSTANT), np.uint8)

    def back(self, found: Detections) -> Detections:
        """What was `found` in the picture, in pixels of the frame, without what lies wholly outside of it."""
        # A scale for each side: to come to whole pixels, one was rounded more than the other.
        scale = np.divide(self.frame, self.inner, dtype=np.float32)
        on_frame = replace(
            found,
            boxes=found.boxes * np.tile(scale, 2),
            landmarks=None if found.landmarks is None else found.landmarks * scale,
        )
        return on_frame[boxes.area(boxes.clip(on_frame.boxes, self.frame)) > 0]


def fitted(frame: Frame, size: Size) -> Letterbox:
    """`frame` with square pixels, as large as it fits into a picture of `size`."""
    width, height = _square(frame)
    if width * size[1] >= height * size[0]:
        inner = size[0], math.floor(height * size[0] / width)
    else:
        inner = math.floor(width * size[1] / height), size[1]
    return Letterbox(frame.size, (max(inner[0], 1), max(inner[1], 1)), size)


def shrunk(frame: Frame, shrink: float, multiple: int) -> Letterbox:
    """`frame` with square pixels, `shrink` times smaller, in a picture whose sides are multiples of `multiple`."""
    width, height = (max(round(side / shrink), 1) for side in _square(frame))
    return Letterbox(frame.size, (width, height), (width + -width % multiple, height + -height % multiple))


def _square(frame: Frame) -> tuple[float, float]:
    """(width, height) of `frame` with square pixels: one side is stretched, so that no detail is lost."""
    width, height = frame.size
    aspect = frame.sample_aspect
    if 1 < aspect <= MOST_STRETCHED:
        return float(width * aspect), height
    if 1 / MOST_STRETCHED <= aspect < 1:
        return width, float(height / aspect)
    return width, height
