"""What a diffusion model is shown of a frame: squares around what is hidden, with some of what lies around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.paint.blank import GREY
from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.cutting import clipped
from passerby.paint.gan.pasting import Picture

SHARE = 0.01
"""Of hidden area in a pixel of the crop from which on the pixel is made up."""
SLACK = 1 / 64
"""Share of a crop's side by which the hole is larger than what is hidden: so much room the seam has inside of it."""
SIDES = (256, 384, 512)
"""Pixels that crops have a side, as usual."""
NEAR = 1.5
"""How many times as long as one of two crops a crop of both may be, where one crop serves both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How large crops are."""

    context: float = 1.75
    """How many times as long as the longer side of what is hidden a crop's side is."""
    margin_px: int = 32
    """Pixels of the frame that a crop shows on each side at least."""
    sides: tuple[int, ...] = SIDES
    """Pixels that a crop's side may have for the model, rising: the smallest that loses nothing, or the last.

    Stable Diffusion 1.5 was trained at 512, and draws poorly below 256. Small faces have no more to show than 256, and
    cost a third of 512 there.
    """

    def __post_init__(self) -> None:
        if not 1 <= self.context <= 10:
            raise OptionError(f"a crop is 1 to 10 times as long as what is hidden, got {self.context}")
        if self.margin_px < 0:
            raise OptionError(f"a margin has 0 pixels or more, got {self.margin_px}")
        wrong = [side for side in self.sides if side < 64 or side % 8]
        if wrong or not self.sides or list(self.sides) != sorted(self.sides):
            raise OptionError(f"sides of crops are multiples of 8 from 64 up that rise, got {self.sides}")

    def around(self, box: Box, picture: Size) -> Box:
        """The square around the part of `box` inside a picture of (height, width), inside of it too where it fits."""
        x0, y0, x1, y1 = clipped(box, picture)
        longest = max(x1 - x0, y1 - y0, 1)
        side = max(round(longest * self.context), longest + 2 * self.margin_px)
        left = _shifted((x0 + x1 - side) // 2, side, picture[1])
        top = _shifted((y0 + y1 - side) // 2, side, picture[0])
        return left, top, left + side, top + side

    def side(self, box: Box) -> int:
        """How many pixels the model is given of each side of a crop of `box`."""
        wanted = max(box[2] - box[0], box[3] - box[1])
        return next((side for side in self.sides if side >= wanted), self.sides[-1])


def _shifted(start: int, length: int, room: int) -> int:
    """Where something begins that is as near to `start` as it can be inside; in the middle where it does not fit."""
    return min(max(start, 0), room - length) if length <= room else (room - length) // 2


def shown(picture: Picture, unknown: NDArray[np.bool_], box: Box, side: int) -> tuple[Picture, NDArray[np.bool_]]:
    """`box` of a picture at (side, side) and the hole in it; beyond the picture, its edge goes on.

    Args:
        picture: (H, W, 3), grey already wherever something is hidden.
        unknown: (h, w) of the part of `box` inside the picture: what is to be made up.
        box: a square, some of which lies in the picture.
        side: pixels of the crop.

    Returns:
        (side, side, 3) RGB, grey in all of the hole, and the hole, (side, side): all that is unknown, and a rim.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = clipped(box, (height, width))
    beyond = (top - box[1], box[3] - bottom, left - box[0], box[2] - right)
    area = _at(cv2.copyMakeBorder(unknown.astype(np.float32), *beyond, cv2.BORDER_REPLICATE), side, cv2.INTER_LINEAR)
    rim = max(round(side * SLACK), 1)
    hole = cv2.dilate((area > SHARE).astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)).astype(bool)
    part = cv2.copyMakeBorder(picture[top:bottom, left:right], *beyond, cv2.BORDER_REPLICATE)
    crop = np.array(_at(part, side, cv2.INTER_CUBIC), np.uint8)
    crop[hole] = GREY
    return crop, hole


def _at(part: NDArray[Any], side: int, larger: int) -> NDArray[Any]:
    """`part` at (side, side)."""
    return cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA if len(part) > side else larger)


def drawn(answer: Picture, hole: NDArray[np.bool_], box: Box) -> Picture:
    """What a model made up, at the size of `box`: (h, w, 3). Around the hole, what is in it goes on."""
    filled = _spread(answer, hole) if hole.any() else answer
    size = box[2] - box[0], box[3] - box[1]
    way = cv2.INTER_AREA if size[0] < len(answer) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(filled, size, interpolation=way), np.uint8)


def _spread(picture: Picture, known: NDArray[np.bool_]) -> Picture:
    """Every pixel that is not `known` takes the colour of the nearest one that is."""
    unknown = (~known).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colours[labels[known]] = picture[known]
    return np.asarray(colours[labels], np.uint8)


def together(boxes: Sequence[Box], labels: Sequence[str], crops: Sequence[Box]) -> list[list[int]]:
    """Which things share a crop: near ones of one class, apart from each other, the numbers of each group rising.

    Args:
        boxes: of what is hidden.
        labels: the class of each.
        crops: what would be shown around each alone.
    """
    groups: list[list[int]] = []
    for i, label in enumerate(labels):
        mine = next((group for group in groups if labels[group[0]] == label and _fits(i, group, boxes, crops)), None)
        if mine is None:
            groups.append([i])
        else:
            mine.append(i)
    return groups


def _fits(i: int, group: Sequence[int], boxes: Sequence[Box], crops: Sequence[Box]) -> bool:
    """Whether what is hidden there fits into a crop that is hardly larger than the smallest of them needs."""
    if any(overlapping(boxes[i], boxes[j]) for j in group):
        return False
    every = np.array([crops[j] for j in (*group, i)])
    union = max(*(every[:, 2:].max(0) - every[:, :2].min(0)).tolist())
    return bool(union <= NEAR * (every[:, 2:] - every[:, :2]).max(1).min())


def overlapping(one: Box, other: Box) -> bool:
    """Whether two boxes have a pixel in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
