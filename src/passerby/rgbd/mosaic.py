"""One mosaic, copied under a mask, with bounded noise."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.rgbd.areas import Area, Bits

Picture = NDArray[np.uint8]

MOST_CELLS = 4
"""Cells across an area, at most: of more, a face can be recognized again."""


def steady(
    picture: Picture, mask: Bits, areas: Sequence[Area], block: int, noise: int, seeds: Sequence[int]
) -> Picture:
    """A copy of `picture` (H, W, 3) with cells in place of what is under `mask`, each area on a grid of its own.

    Cells are `block` pixels wide or more, so that no area has more than `MOST_CELLS` across, and are off their mean
    by up to `noise` in each channel; by the same in every picture with the same `seeds`, one per area.
    """
    answer = picture.copy()
    # The largest last: where faces overlap the coarser cells win.
    for i in sorted(range(len(areas)), key=lambda i: areas[i].width * areas[i].height):
        at = areas[i].inside(mask.shape)
        if mask[at].any():
            cells = _cells(picture, areas[i], block, noise, seeds[i])
            cv2.copyTo(cells, mask[at], answer[at])
    return answer


def _cells(picture: Picture, area: Area, block: int, noise: int, seed: int) -> Picture:
    """What takes the place of the part of `area` that is in the picture."""
    side = max(block, -(-max(area.width, area.height) // MOST_CELLS))
    rows, columns = area.inside(picture.shape)
    down = _edges(area.y0, area.height, side, rows)
    across = _edges(area.x0, area.width, side, columns)
    sums = cv2.integral(np.ascontiguousarray(picture[rows, columns]), sdepth=cv2.CV_32S)
    corners = np.asarray(sums).take(down, axis=0).take(across, axis=1)
    totals = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    heights, widths = np.diff(down), np.diff(across)
    means = totals // np.maximum(heights[:, None] * widths[None], 1)[..., None]
    # Always as many numbers, so that a cell keeps its own when the face grows by a few pixels.
    drawn = np.random.default_rng(seed).integers(-noise, noise, (MOST_CELLS, MOST_CELLS, 3), endpoint=True)
    values = np.clip(means + drawn[: len(heights), : len(widths)], 0, 255).astype(np.uint8)
    return np.asarray(values.repeat(widths, axis=1).repeat(heights, axis=0), np.uint8)


def _edges(start: int, length: int, side: int, inside: slice) -> NDArray[np.intp]:
    """Where cells begin and end, counted from the first pixel `inside`; of no width where they are outside."""
    count = max(-(-length // side), 1)
    edges = start + np.arange(count + 1) * length // count
    return np.asarray(np.clip(edges, inside.start, inside.stop) - inside.start, np.intp)


def fresh(picture: Picture, mask: Bits, block: int, noise: int, rng: np.random.Generator) -> Picture:
    """A copy of `picture` with a mosaic under `mask`, on a grid fixed to it, and new noise on every pixel."""
    answer = picture.copy()
    height, width = mask.shape
    x, y, wide, high = cv2.boundingRect(mask)
    if not wide:
        return answer
    left, top = x // block * block, y // block * block
    area = Area(left, top, left + -(-(x + wide - left) // block) * block, top + -(-(y + high - top) // block) * block)
    at = area.inside((height, width))
    part = picture[at]
    edges = [np.append(np.arange(0, length, block), length) for length in part.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(part, edges[0][:-1], axis=0, dtype=np.int64), edges[1][:-1], axis=1)
    heights, widths = (np.diff(edge) for edge in edges)
    means = (sums // (heights[:, None] * widths[None])[..., None]).astype(np.int16)
    cells = means.repeat(widths, axis=1).repeat(heights, axis=0)
    cells += rng.integers(-noise, noise, cells.shape, np.int16, endpoint=True)
    cv2.copyTo(np.clip(cells, 0, 255).astype(np.uint8), mask[at], answer[at])
    return answer
