"""Zones of the picture: polygons, and which boxes lie in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from passerby.core import boxes as bx
from passerby.core.boxes import Boxes
from passerby.core.errors import OptionError

Polygon = tuple[tuple[float, float], ...]
"""Three corners or more, x and y in pixels of the upright frame. Where it crosses itself, the even-odd rule holds."""


def touches(zone: Polygon, boxes: Boxes) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) share a point with `zone`, be it on its edge, (N,)."""
    return _centred(zone, boxes) | _crossed(zone, boxes, edge=True)


def holds(zone: Polygon, boxes: Boxes) -> NDArray[np.bool_]:
    """Which of `boxes` (N, 4) lie wholly inside `zone`, (N,)."""
    # Where no side of the zone runs through a box, all of the box lies on one side of it, and so does its centre.
    return _centred(zone, boxes) & ~_crossed(zone, boxes, edge=False)


def check_in_picture(zone: Polygon, size: tuple[int, int]) -> None:
    """Refuse a zone of which nothing lies in a picture of `size` (width, height): whoever wrote it meant another one.

    Raises:
        OptionError: so it is.
    """
    if not touches(zone, np.array([(0, 0, *size)], np.float32)).any():
        corners = " ".join(f"{x:g},{y:g}" for x, y in zone)
        raise OptionError(
            f"the zone {corners} lies outside of the picture, which has {size[0]}x{size[1]} pixels; choose others"
        )


def _centred(zone: Polygon, boxes: Boxes) -> NDArray[np.bool_]:
    """Which boxes have their centre inside."""
    (x0, y0), (x1, y1) = _sides(zone)
    x, y = bx.centre(boxes).astype(np.float64).T[:, :, None]
    spans = (y0 <= y) != (y1 <= y)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = x0 + (y - y0) / (y1 - y0) * (x1 - x0) > x
    return np.asarray((spans & right).sum(axis=1) % 2 == 1)


def _crossed(zone: Polygon, boxes: Boxes, edge: bool) -> NDArray[np.bool_]:
    """Which boxes a side of the zone runs through; with `edge`, along or up to their edge as well."""
    starts, ends = _sides(zone)
    low = np.zeros((len(boxes), len(zone)))
    high = np.ones_like(low)
    outside = np.zeros_like(low, bool)
    # What is left of every side, as shares from `low` to `high`, between the box's left and right, top and bottom.
    for axis in (0, 1):
        start, step = starts[axis], ends[axis] - starts[axis]
        first, last = (boxes[:, [side]].astype(np.float64) for side in (axis, axis + 2))
        outside |= (step == 0) & ((start < first) | (start > last) if edge else (start <= first) | (start >= last))
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (first - start) / step, (last - start) / step
        low = np.where(step == 0, low, np.maximum(low, np.minimum(a, b)))
        high = np.where(step == 0, high, np.minimum(high, np.maximum(a, b)))
    return np.asarray(((low <= high if edge else low < high) & ~outside).any(axis=1))


def _sides(zone: Polygon) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(2, E) where the sides begin and end."""
    corners = np.array(zone, np.float64)
    return corners.T, np.roll(corners, -1, axis=0).T
