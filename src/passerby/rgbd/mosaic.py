"""One mosaic, copied under a mask, with bounded noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.rgbd.areas import Area, Bits

Picture = NDArray[np.uint8]

MOST_CELLS = 4
"""Cells across an area, at most: of more, a face can be recognized again."""
ROOM = 1.25
"""So many times larger than they must be are cells at first: a face may get a little smaller and keep its grid."""


class Grids:
    """How many cells each track has: fewer when it gets smaller and never more, so that its grid does not flicker.

    A grid that changes to and fro samples a face at more places than either alone.
    """

    def __init__(self, block: int) -> None:
        """`block`: pixels across a cell, at least."""
        self._block = block
        self._counts: dict[int, tuple[int, int]] = {}

    def first(self, area: Area) -> tuple[int, int]:
        """(rows, columns) of an area that is seen for the first time."""
        return _fitting(area.height, self._block * ROOM), _fitting(area.width, self._block * ROOM)

    def of(self, track: int, area: Area) -> tuple[int, int]:
        """(rows, columns) of the area of a track, from now on at most."""
        rows, columns = self._counts.get(track) or self.first(area)
        rows, columns = min(rows, _fitting(area.height, self._block)), min(columns, _fitting(area.width, self._block))
        self._counts[track] = rows, columns
        return rows, columns

    def keep(self, tracks: Iterable[int]) -> None:
        """Forget all but `tracks`."""
        self._counts = {track: self._counts[track] for track in tracks if track in self._counts}


def _fitting(length: int, side: float) -> int:
    return min(max(int(length / side), 1), MOST_CELLS)


def steady(
    picture: Picture,
    mask: Bits,
    areas: Sequence[Area],
    counts: Sequence[tuple[int, int]],
    noise: int,
    seeds: Sequence[int],
) -> Picture:
    """A copy of `picture` (H, W, 3) with cells in place of what is under `mask`, each area on a grid of its own.

    `counts` are the rows and columns of cells of each area. Cells are off their mean by up to `noise` in each channel;
    by the same in every picture with the same `seeds`, one per area.
    """
    answer = picture.copy()
    cells = [area.width * area.height / (rows * columns) for area, (rows, columns) in zip(areas, counts, strict=True)]
    # The largest cells last: where faces overlap they win, and no smaller ones bring detail back.
    for i in np.argsort(cells, kind="stable"):
        at = areas[i].inside(mask.shape)
        if mask[at].any():
            cv2.copyTo(_cells(picture, areas[i], counts[i], noise, seeds[i]), mask[at], answer[at])
    return answer


def _cells(picture: Picture, area: Area, count: tuple[int, int], noise: int, seed: int) -> Picture:
    """What takes the place of the part of `area` that is in the picture."""
    rows, columns = area.inside(picture.shape)
    down = _edges(area.y0, area.height, count[0], rows)
    across = _edges(area.x0, area.width, count[1], columns)
    sums = cv2.integral(np.ascontiguousarray(picture[rows, columns]), sdepth=cv2.CV_32S)
    corners = np.asarray(sums).take(down, axis=0).take(across, axis=1)
    totals = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    heights, widths = np.diff(down), np.diff(across)
    means = totals // np.maximum(heights[:, None] * widths[None], 1)[..., None]
    drawn = np.random.default_rng(seed).integers(-noise, noise, (MOST_CELLS, MOST_CELLS, 3), endpoint=True)
    values = np.clip(means + drawn[: count[0], : count[1]], 0, 255).astype(np.uint8)
    return np.asarray(values.repeat(widths, axis=1).repeat(heights, axis=0), np.uint8)


def _edges(start: int, length: int, count: int, inside: slice) -> NDArray[np.intp]:
    """Where cells begin and end, counted from the first pixel `inside`; of no width where they are outside."""
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
