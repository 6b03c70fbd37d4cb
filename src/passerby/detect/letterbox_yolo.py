"""Where a frame lies in a model's input, when it keeps its shape and the rest is filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame

GREY = 114
"""What the models of the YOLO family are trained to see around a picture."""
MULTIPLE = 32
"""The sides of an input of free size are multiples of this."""
MOST_STRETCHED = 4
"""Pixels are taken to be square beyond this: no camera makes such."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A frame made smaller or larger in both directions alike, up to whole pixels, inside of a picture of grey."""

    frame: Size
    """(width, height) of the frame."""
    inner: Size
    """(width, height) of what becomes of it."""
    corner: Size
    """(x, y) of its upper left corner in the input."""
    size: Size
    """(width, height) of the input."""

    @property
    def scale(self) -> NDArray[np.float64]:
        """(across, down) pixels of the frame in one of the input; they differ, for `inner` has whole pixels."""
        return np.divide(self.frame, self.inner)

    def picture(self, frame: Frame, fill: int = GREY) -> NDArray[np.uint8]:
        """The input as RGB uint8 (H, W, 3)."""
        canvas = np.full((self.size[1], self.size[0], 3), fill, np.uint8)
        (x, y), (width, height) = self.corner, self.inner
        canvas[y : y + height, x : x + width] = pixels.rgb(frame, self.inner)
        return canvas

    def to_frame(self, boxes: Boxes) -> Boxes:
        """`boxes` (N, 4) in pixels of the input as they are in the frame."""
        return np.asarray((boxes - np.tile(self.corner, 2)) * np.tile(self.scale, 2), np.float32)


def centred(frame: Frame, size: Size) -> Letterbox:
    """`frame` in the middle of an input of `size`; of an odd rest, the larger half is below and on the right."""
    inner = _fitted(frame, size)
    return Letterbox(frame.size, inner, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2), size)


def cornered(frame: Frame, size: Size) -> Letterbox:
    """`frame` in the upper left corner of an input of `size`."""
    return Letterbox(frame.size, _fitted(frame, size), (0, 0), size)


def around(frame: Frame, longest: int) -> Size:
    """The smallest input, in multiples of `MULTIPLE`, for `frame` with its longer side made `longest`."""
    width, height = _fitted(frame, (longest, longest))
    return -(-width // MULTIPLE) * MULTIPLE, -(-height // MULTIPLE) * MULTIPLE


def square_pixels(frame: Frame) -> tuple[float, float]:
    """(width, height) of `frame` as it is shown."""
    width, height = frame.size
    aspect = float(frame.sample_aspect)
    return (width * aspect, height) if 1 / MOST_STRETCHED <= aspect <= MOST_STRETCHED else (width, height)


def _fitted(frame: Frame, size: Size) -> Size:
    width, height = square_pixels(frame)
    ratio = min(size[0] / width, size[1] / height)
    return max(round(width * ratio), 1), max(round(height * ratio), 1)
