"""How a frame lies in the picture that a model is shown, and the way back, exact to the fraction of a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.detect import pictures

BLACK, GREY = 0, 114
"""What is around the frame; models of the YOLO family are trained to see grey."""
MULTIPLE = 32
"""The sides of a YOLO's picture of free size are multiples of this."""
MOST_STRETCHED = 4
"""Pixels are taken to be square beyond this: no camera makes such, and a forged one would ask for all the memory."""

Size = tuple[int, int]
"""(width, height)"""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A frame, scaled to whole pixels, inside of a plain picture."""

    frame: Size
    """Of the frame."""
    inner: Size
    """What the frame is scaled to."""
    size: Size
    """Of the whole picture, no smaller than `inner`."""
    corner: tuple[int, int] = (0, 0)
    """(x, y) of the frame's upper left corner in it."""
    fill: int = BLACK
    """What all the rest of it is, 0..255."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """(across, down) pixels of the frame in one of the picture.

        They differ: to come to whole pixels, one side was rounded more than the other.
        """
        return np.divide(self.frame, self.inner)

    def picture(self, frame: Frame) -> NDArray[np.uint8]:
        """What the model is shown of `frame`, which has the size `self.frame`: RGB uint8 (H, W, 3)."""
        canvas = np.full((self.size[1], self.size[0], 3), self.fill, np.uint8)
        (x, y), (width, height) = self.corner, self.inner
        canvas[y : y + height, x : x + width] = pictures.rgb(frame, self.inner)
        return canvas

    def to_frame(self, boxes: Boxes) -> Boxes:
        """`boxes` (N, 4) in pixels of the picture as they are in the frame."""
        return self._points_to_frame(boxes.reshape(-1, 2)).reshape(-1, 4)

    def back(self, found: Detections) -> Detections:
        """What was `found` in the picture, in pixels of the frame, without what lies wholly outside of it."""
        points = found.landmarks
        on_frame = replace(
            found,
            boxes=self.to_frame(found.boxes),
            landmarks=None if points is None else self._points_to_frame(points),
        )
        return on_frame[bx.area(bx.clip(on_frame.boxes, self.frame)) > 0]

    def _points_to_frame(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (…, 2) x y, likewise."""
        return np.asarray((points - np.array(self.corner, np.float32)) * self.scale.astype(np.float32), np.float32)


def fitted(frame: Frame, size: Size) -> Letterbox:
    """`frame` with square pixels, as large as it fits into a picture of `size`, in its upper left corner, on black."""
    width, height = square(frame)
    if width * size[1] >= height * size[0]:
        inner = size[0], math.floor(height * size[0] / width)
    else:
        inner = math.floor(width * size[1] / height), size[1]
    return Letterbox(frame.size, (max(inner[0], 1), max(inner[1], 1)), size)


def shrunk(frame: Frame, shrink: float, multiple: int) -> Letterbox:
    """`frame` with square pixels, `shrink` times smaller, in a picture whose sides are multiples of `multiple`."""
    width, height = (max(round(side / shrink), 1) for side in square(frame))
    return Letterbox(frame.size, (width, height), (width + -width % multiple, height + -height % multiple))


def centred(frame: Frame, size: Size) -> Letterbox:
    """`frame` in the middle of grey of `size`; of an odd rest, the larger half is below and on the right."""
    inner = _rounded(frame, size)
    corner = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    return Letterbox(frame.size, inner, size, corner, GREY)


def cornered(frame: Frame, size: Size, fill: int = GREY) -> Letterbox:
    """`frame` in the upper left corner of a picture of `size`."""
    return Letterbox(frame.size, _rounded(frame, size), size, fill=fill)


def around(frame: Frame, longest: int) -> Size:
    """The smallest picture, in multiples of `MULTIPLE`, for `frame` with its longer side made `longest`."""
    width, height = _rounded(frame, (longest, longest))
    return -(-width // MULTIPLE) * MULTIPLE, -(-height // MULTIPLE) * MULTIPLE


def _rounded(frame: Frame, size: Size) -> Size:
    """What `frame` with square pixels becomes in `size`, up to the nearest whole pixel, as YOLOs are trained."""
    width, height = shown(frame)
    ratio = min(size[0] / width, size[1] / height)
    return max(round(width * ratio), 1), max(round(height * ratio), 1)


def shown(frame: Frame) -> tuple[float, float]:
    """(width, height) of `frame` as it is shown: with its own height."""
    width, height = frame.size
    aspect = float(frame.sample_aspect)
    return (width * aspect, height) if 1 / MOST_STRETCHED <= aspect <= MOST_STRETCHED else (width, height)


def square(frame: Frame) -> tuple[float, float]:
    """(width, height) of `frame` with square pixels: one side is stretched, so that no detail is lost."""
    width, height = frame.size
    aspect = frame.sample_aspect
    if 1 < aspect <= MOST_STRETCHED:
        return float(width * aspect), height
    if 1 / MOST_STRETCHED <= aspect < 1:
        return width, float(height / aspect)
    return width, height
