"""Whether what is found is nothing but the cells that passerby's own mosaic draws.

They are noise and the same for everybody, so that a model takes some of them for a face, and they are known to a level.
Whoever sees the very cells, grey, in their order, from edge to edge, sees no face. Cells of other tools are means of
what they hide, by which people can be told apart: those are never excused, nor is anything that is only flat.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.frame import Frame
from passerby.paint.effects import Mosaic

COUNTS = range(2, 17)
"""Cells across and down that are known: those of `--cells` that leave any large enough to be seen."""
OWN = 0.9
"""Share of a find's pixels that have to be as they were drawn. Of 1971 finds in films and pictures in which nobody was
hidden, or by another tool, not one would have been taken for a mosaic at a tenth."""
LEVELS, GREY = 8, 16
"""Of 0..255: what an encoder does to the light of a cell, and to its lack of colour."""
STEP = 3.0
"""Mean difference of neighbouring columns (or rows) from which cells meet there."""
LEAST_PX, WIDEST_PX = 4, 8
"""Least side of a cell that counts, and the widest seam between two."""
LEAST_CELLS = 6
"""Fewer are in their order by chance."""

Light = NDArray[np.float64]
"""(H, W) of 0..255."""


def own_cells(frame: Frame, box: Boxes) -> bool:
    """Whether `box` (4,) in `frame` shows passerby's mosaic and nothing else."""
    x0, y0, x1, y1 = (int(side) for side in bx.clip(box[None], frame.size)[0].round())
    if min(x1 - x0, y1 - y0) < 2 * LEAST_PX:
        return False
    place = pixels.aligned(frame, (x0, y0, x1, y1))
    picture = pixels.rgb(pixels.cut(frame, place))[y0 - place[1] :, x0 - place[0] :][: y1 - y0, : x1 - x0]
    light = picture.mean(axis=2)
    columns, rows = _cells_along(light), _cells_along(light.T)
    if len(columns) * len(rows) < LEAST_CELLS or min(len(columns), len(rows)) < 2:
        return False
    levels = _drawn(np.array([[np.median(light[down, across]) for across in columns] for down in rows]))
    if levels is None:
        return False
    low, high = _bounds(levels, rows, columns, light.shape)
    grey = np.ptp(picture.astype(np.int16), axis=2) <= GREY
    same = (light >= low - LEVELS) & (light <= high + LEVELS) & grey
    return bool(same.mean() >= OWN)


def _cells_along(light: Light) -> list[slice]:
    """Where the columns of cells lie across `light`, without their seams; none where seams are too wide for cells."""
    meets = np.abs(np.diff(light, axis=1)).mean(axis=0) >= STEP
    seam = np.concatenate([[False], meets]) | np.concatenate([meets, [False]])
    turns = np.flatnonzero(np.diff(np.concatenate([[True], seam, [True]])))
    cells = [slice(int(a), int(b)) for a, b in turns.reshape(-1, 2) if b - a >= LEAST_PX]
    ends = [0, *(end for cell in cells for end in (cell.start, cell.stop)), light.shape[1]]
    widest = max(b - a for a, b in zip(ends[::2], ends[1::2], strict=True))
    return cells if widest <= WIDEST_PX else []


def _drawn(seen: Light) -> Light | None:
    """The cells of passerby's mosaic that levels (rows, columns) are `seen` of, with those around them.

    (rows + 2, columns + 2), the outermost again where there are no others; None where they are of no mosaic.
    """
    for count in COUNTS:
        levels = _levels(count)
        if max(seen.shape) <= count:
            parts = np.lib.stride_tricks.sliding_window_view(levels, seen.shape)
            apart = np.abs(parts - seen).max(axis=(2, 3))
            down, across = np.unravel_index(int(apart.argmin()), apart.shape)
            if apart[down, across] <= LEVELS:
                height, width = seen.shape
                return np.pad(levels, 1, mode="edge")[down : down + height + 2, across : across + width + 2]
    return None


@lru_cache(maxsize=len(COUNTS))
def _levels(count: int) -> Light:
    return Mosaic(cells=count).levels().astype(np.float64)


def _bounds(levels: Light, rows: list[slice], columns: list[slice], shape: tuple[int, ...]) -> tuple[Light, Light]:
    """The least and greatest light that each pixel (H, W) may have: of its cell, or of those that its seam parts."""
    down, across = _neighbours(rows, shape[0]), _neighbours(columns, shape[1])
    corners = [levels[np.ix_(one, other)] for one in down for other in across]
    return np.minimum.reduce(corners), np.maximum.reduce(corners)


def _neighbours(cells: list[slice], length: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of each pixel along a side the last of `_drawn`'s cells that has begun, and the first that has not ended."""
    at = np.arange(length)
    begun = np.searchsorted([cell.start for cell in cells], at, side="right")
    return begun, np.searchsorted([cell.stop for cell in cells], at, side="right") + 1
