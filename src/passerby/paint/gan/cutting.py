"""Cutting a box out of a picture for a generator, and putting a box back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.resizing import area, bicubic, bicubic_float, nearest

Rule = Callable[[NDArray[Any], Size, Size], NDArray[Any]]
"""How what was cut out, zero outside the picture, is brought to a size: also told is the size of the part inside."""


def as_faces(cut: NDArray[np.uint8], inside: Size, size: Size) -> NDArray[np.uint8]:
    """The rule that the generators of faces were trained with."""
    return bicubic(cut, size) if inside[0] * inside[1] < size[0] * size[1] else area(cut, size)


def as_persons(cut: NDArray[np.uint8], inside: Size, size: Size) -> NDArray[np.uint8]:
    """The rule that the generators of persons were trained with; small persons come out as blocks."""
    return nearest(cut, size) if _smaller(inside, size) else bicubic(cut, size)


def as_numbers(cut: NDArray[np.float32], inside: Size, size: Size) -> NDArray[np.float32]:
    """`as_persons` for numbers that are no bytes."""
    return nearest(cut, size) if _smaller(inside, size) else bicubic_float(cut, size)


def smoothly(cut: NDArray[np.uint8], inside: Size, size: Size) -> NDArray[np.uint8]:
    """Without blocks."""
    return bicubic(cut, size)


def as_mask(cut: NDArray[np.bool_], inside: Size, size: Size) -> NDArray[np.bool_]:
    """Of yes and no."""
    return nearest(cut, size)


def _smaller(inside: Size, size: Size) -> bool:
    return inside[0] < size[0] and inside[1] < size[1]


def cut(picture: NDArray[Any], box: Box, size: Size, rule: Rule) -> NDArray[Any]:
    """`box` of a picture (H, W[, C]) at `size`, zero where it leaves the picture."""
    part = padded(picture, box)
    x0, y0, x1, y1 = clipped(box, (picture.shape[0], picture.shape[1]))
    return rule(part, (y1 - y0, x1 - x0), size)


def padded(picture: NDArray[Any], box: Box) -> NDArray[Any]:
    """`box` of a picture (H, W[, C]), zero where it leaves it."""
    x0, y0, x1, y1 = box
    left, top, right, bottom = clipped(box, (picture.shape[0], picture.shape[1]))
    part = np.zeros((y1 - y0, x1 - x0, *picture.shape[2:]), picture.dtype)
    part[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    return part


def clipped(box: Box, picture: Size) -> Box:
    """The part of `box` inside a picture; empty, and at its edge, where there is none."""
    x0, y0, x1, y1 = (min(max(side, 0), picture[1 - i % 2]) for i, side in enumerate(box))
    return x0, y0, x1, y1


def hole(box: Box, around: Box, size: Size) -> NDArray[np.bool_]:
    """The mask of a box within what is cut out `around` it, at `size`: False where the box is."""
    x0, y0 = around[:2]
    known = np.ones(size, bool)
    across, down = size[1] / (around[2] - x0), size[0] / (around[3] - y0)
    left, right = (max(int((x - x0) * across), 0) for x in (box[0], box[2]))
    top, bottom = (max(int((y - y0) * down), 0) for y in (box[1], box[3]))
    known[top:bottom, left:right] = False
    return known


def keypoints(points: NDArray[np.float32], around: Box) -> NDArray[np.float32]:
    """Keypoints (K, 2) x y of a picture as a generator of faces takes them: (K, 3), shares of the crop, and a 1."""
    shares = (points - np.array(around[:2], np.float32)) / np.float32(around[2] - around[0])
    return np.concatenate([np.clip(shares, 0, 1), np.ones((len(points), 1), np.float32)], axis=1)
