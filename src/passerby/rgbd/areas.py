"""Rectangles around what is hidden, and the picture of all that is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.regions import Mask

Bits = NDArray[np.uint8]
"""(H, W), 1 where something is hidden, else 0."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in whole pixels, half-open; may reach over the picture's edges."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    def inside(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """(rows, columns) of what of it lies in a picture of `shape` (H, W)."""
        height, width = shape[:2]
        rows = slice(min(max(self.y0, 0), height), min(max(self.y1, 0), height))
        columns = slice(min(max(self.x0, 0), width), min(max(self.x1, 0), width))
        return rows, columns


def dilated(mask: Mask, kernel: int) -> Mask:
    """`mask` grown by half of `kernel` pixels on every side, 1 where anything of it is hidden."""
    margin = kernel // 2
    bits = cv2.copyMakeBorder(np.minimum(mask.alpha, 1), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    if margin:
        bits = cv2.dilate(bits, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
    return Mask(mask.x - margin, mask.y - margin, np.asarray(bits, np.uint8))


def united(masks: Sequence[Mask], shape: tuple[int, int]) -> Bits:
    """All of `masks`, whose alpha is 0 or 1, in one picture of `shape` (H, W)."""
    answer = np.zeros(shape, np.uint8)
    for mask in masks:
        rows, columns = Area(*mask.box).inside(shape)
        if rows.start < rows.stop and columns.start < columns.stop:
            part = mask.alpha[
                rows.start - mask.y : rows.stop - mask.y,
                columns.start - mask.x : columns.stop - mask.x,
            ]
            np.maximum(answer[rows, columns], part, out=answer[rows, columns])
    return answer


def remaining(mask: Bits, areas: Sequence[Area]) -> Area | None:
    """The rectangle around what is set in `mask` and lies in none of `areas`; None where they hold all of it."""
    left = mask.copy()
    for area in areas:
        left[area.inside(mask.shape)] = 0
    x, y, width, height = cv2.boundingRect(left)
    return Area(x, y, x + width, y + height) if width else None
