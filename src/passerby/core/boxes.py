"""Boxes: the one convention for where things are.

A box is `x0 y0 x1 y1` in pixels of the upright frame (the display rotation is applied, the sample aspect
ratio is not). The origin is the top-left corner of the top-left pixel and the box is half-open, so its
width is x1 - x0. Arrays of boxes are (N, 4) float32. Sizes are (width, height).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
Rows = slice | NDArray[np.intp] | NDArray[np.bool_]
"""A choice of rows: a slice, indices, or yes and no for each."""


def clip(boxes: Boxes, size: tuple[int, int]) -> Boxes:
    """`boxes` (N, 4) cut to a frame of `size` (width, height)."""
    return np.clip(boxes, 0, np.tile(np.asarray(size, np.float32), 2)).astype(np.float32)


def area(boxes: Boxes) -> NDArray[np.float32]:
    """The area of each of `boxes` (N, 4) in square pixels, (N,); 0 where a box is turned inside out."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersection(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """The shared area of every pair of `a` (N, 4) and `b` (M, 4), (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every pair of `a` (N, 4) and `b` (M, 4), (N, M) in [0, 1]."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def centre(boxes: Boxes) -> Boxes:
    """The middle of each of `boxes` (N, 4), (N, 2)."""
    return (boxes[:, :2] + boxes[:, 2:]) / np.float32(2)


def grow(boxes: Boxes, share: float) -> Boxes:
    """`boxes` (N, 4) made larger by `share` of their own width and height on each side."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * np.float32(share)
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)


def union(a: Boxes, b: Boxes) -> Boxes:
    """The smallest box around each pair of rows of `a` and `b`, both (N, 4)."""
    return np.concatenate([np.minimum(a[..., :2], b[..., :2]), np.maximum(a[..., 2:], b[..., 2:])], axis=-1)


def suppress(boxes: Boxes, scores: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """Non-maximum suppression: the rows to keep, best first.

    A row goes when its IoU with a better row that stays is above `overlap`. Works on whole rows of the IoU
    matrix, so N boxes take N steps at most.
    """
    order = np.argsort(-scores, kind="stable")
    overlaps = iou(boxes, boxes)
    alive = np.ones(len(boxes), bool)
    kept = []
    for row in order:
        if alive[row]:
            kept.append(row)
            alive &= overlaps[row] <= overlap
    return np.array(kept, np.intp)
