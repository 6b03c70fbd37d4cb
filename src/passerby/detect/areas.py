"""Looking at a part of a picture: where the parts lie, and what is found in them in pixels of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core import pixels
from passerby.core.boxes import Boxes
from passerby.core.detections import Detections
from passerby.core.frame import Frame
from passerby.core.stages import Detector

GRID = 32
"""Tiles start on multiples of this."""
EDGE = 2
"""Pixels from the edge of a box within which a thing is taken to be cut off by it."""
OVERLAP = 64
"""Pixels that neighbouring tiles share, at least."""
AROUND, LEAST = 3, 128
"""Another look at a thing sees so many times its size, in whole steps of so many pixels."""


def within(detector: Detector, frame: Frame, box: pixels.Box) -> Detections:
    """What `detector` finds in an aligned box of `frame`, in pixels of the frame."""
    [found] = detector.detect([pixels.cut(frame, box)])
    return moved(found, box[0], box[1])


def moved(found: Detections, x: int, y: int) -> Detections:
    """`found` with the origin moved to (-x, -y)."""
    corner = np.array([x, y], np.float32)
    landmarks = None if found.landmarks is None else found.landmarks + corner
    masks = None
    if found.masks is not None:
        masks = tuple(None if mask is None else replace(mask, x=mask.x + x, y=mask.y + y) for mask in found.masks)
    return replace(found, boxes=found.boxes + np.tile(corner, 2), landmarks=landmarks, masks=masks)


def surroundings(frame: Frame, box: NDArray[np.float32], shrink: float = 1, around: float = AROUND) -> pixels.Box:
    """An aligned box around a thing's `box` (4,), to look for it in a picture `shrink` times smaller than `frame`.

    It is `around` times as large, at least.

    Its sides are one of few lengths, in that picture, so that a model plans its memory for few sizes.
    """
    longest = float(max(box[2] - box[0], box[3] - box[1])) / shrink
    return square(frame, box, round(max(-(-around * longest // LEAST) * LEAST, LEAST) * shrink))


def square(frame: Frame, box: NDArray[np.float32], side: int) -> pixels.Box:
    """An aligned box of a `side` around the middle of a `box` (4,), moved into the frame."""
    sides = []
    for middle, length in zip(bx.centre(box[None])[0].tolist(), frame.size, strict=True):
        # On an even pixel, where planes of half the size have a sample as well: aligning makes it no larger.
        start = int(min(max(middle - side / 2, 0), max(length - side, 0))) // 2 * 2
        sides.append((start, min(start + side, length)))
    (x0, x1), (y0, y1) = sides
    return pixels.aligned(frame, (x0, y0, x1, y1))


def cut_off(found: Detections, box: pixels.Box, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which things, found in a box of a frame of `size`, reach its edge where the frame goes on: (N,).

    Of these only a part was seen, and their boxes may be wrong.
    """
    low = (found.boxes[:, :2] < np.array(box[:2]) + EDGE) & (np.array(box[:2]) > 0)
    high = (found.boxes[:, 2:] > np.array(box[2:]) - EDGE) & (np.array(box[2:]) < np.array(size))
    return np.asarray((low | high).any(axis=1))


def inside(boxes: Boxes, box: pixels.Box) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) lie wholly inside of one, (N,)."""
    return np.asarray((boxes[:, :2] >= box[:2]).all(axis=1) & (boxes[:, 2:] <= box[2:]).all(axis=1))


def parts(frame: Frame, tile: tuple[int, int], overlap: int = OVERLAP) -> Iterator[pixels.Box]:
    """x0 y0 x1 y1 of every tile, row by row; all of one size, so that the model plans its memory once."""
    columns = _spans(frame.size[0], tile[0], overlap)
    rows = _spans(frame.size[1], tile[1], overlap)
    for y0, y1 in rows:
        for x0, x1 in columns:
            yield pixels.aligned(frame, (x0, y0, x1, y1))


def _spans(length: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """The (start, end) of tiles along a side of `length`, evenly spread, all equally long but for the last.

    A network that shrinks its input answers a little differently when things are shifted against its grid: on
    multiples of its largest step, a tile's answers are those of a look at the whole picture.
    """
    if length <= tile:
        return [(0, length)]
    steps = -(-length // GRID)
    shared, most = -(-overlap // GRID), tile // GRID
    count = -(-(steps - shared) // (most - shared))
    size = -(-(steps + (count - 1) * shared) // count)
    starts = [i * (steps - size) // (count - 1) for i in range(count)]
    return [(start * GRID, min((start + size) * GRID, length)) for start in starts]
