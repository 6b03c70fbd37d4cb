"""From a box to the shape that is hidden. The edge is soft on the outside only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.regions import Mask
from passerby.mask.edges import over_edges

SMALL = 1 << 16
"""Pixels up to which a mask is kept for the next box of its size, and that are drawn at a time in larger ones."""

Size = tuple[int, int]

_Beyond = Callable[[Size, NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""How far pixels lie outside of a shape of a size: (h, w), up to 0 inside. The middles of the pixels are given as
x (1, w) and y (h, 1), counted from the middle of the shape."""


class Shape(Protocol):
    """Turns the box of a thing into the mask that hides it."""

    def mask(self, box: NDArray[np.float32], size: Size | None = None) -> Mask:
        """The mask for `box` (4,), x0 y0 x1 y1 in pixels.

        With the frame's `size` (width, height), what lies further than one frame beyond its edges is left out: a mask
        never has more than nine times the frame's pixels. It is not cut to the frame itself, since effects measure
        their grids by the whole mask, and these would move at the edge.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """The box itself, grown on every side."""

    grow: float = 0.3
    """Share of the box's width and height that is added on each side."""
    feather: float = 0.05
    """Width of the soft edge outside, as a share of the hidden shape's shorter side."""

    def __post_init__(self) -> None:
        _check(self.grow, self.feather)

    def mask(self, box: NDArray[np.float32], size: Size | None = None) -> Mask:
        return _mask(_grown(box.tolist(), self.grow, top=0), self.feather, _beyond_rectangle, size)


@dataclass(frozen=True, kw_only=True)
class HeadOval:
    """An oval around the head that a face box belongs to: hairline, ears and chin are in.

    The whole face box is in, too, however little it is to grow. So a box that holds others hides all their
    faces, if not the whole ovals around them. A head at the frame's edge is hidden up to the edge.
    """

    grow: float = 0.3
    """Share of the face box's width and height that is added on each side; at least what takes its corners in."""
    crown: float = 0.1
    """Share of the box's height that is added on top of that, for the hair."""
    feather: float = 0.05
    """Width of the soft edge outside, as a share of the hidden shape's shorter side."""

    def __post_init__(self) -> None:
        _check(self.grow, self.feather)
        if not 0 <= self.crown <= 1:
            raise OptionError(f"the crown is a share of the box's height and must lie in 0..1, got {self.crown}")

    def mask(self, box: NDArray[np.float32], size: Size | None = None) -> Mask:
        # The oval through the corners of a box has sides of √2 times the box's; here the box with its crown.
        least = (math.sqrt(2) - 1) / 2 * (1 + self.crown)
        x0, y0, x1, y1 = box.tolist()
        if size is not None:
            (x0, x1), (y0, y1) = over_edges((x0, x1), (y0, y1), size)
        touched = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
        return _mask(_grown(touched, max(self.grow, least), top=self.crown), self.feather, _beyond_oval, size)


def _check(grow: float, feather: float) -> None:
    if not 0 <= grow <= 5:
        raise OptionError(f"--grow adds a share of the box on each side and must lie in 0..5, got {grow}")
    if not 0 <= feather <= 1:
        raise OptionError(f"the soft edge is a share of the shape and must lie in 0..1, got {feather}")


def _grown(box: Sequence[float], share: float, top: float) -> tuple[int, int, int, int]:
    """`box` grown and rounded outwards to whole pixels."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    return (
        math.floor(x0 - share * width),
        math.floor(y0 - (share + top) * height),
        math.ceil(x1 + share * width),
        math.ceil(y1 + share * height),
    )


def _mask(hidden: tuple[int, int, int, int], feather: float, beyond: _Beyond, frame: Size | None) -> Mask:
    x0, y0 = hidden[:2]
    size = width, height = max(hidden[2] - x0, 1), max(hidden[3] - y0, 1)
    edge = round(feather * min(size))
    columns = _near(x0, range(-edge, width + edge), frame[0] if frame else None)
    rows = _near(y0, range(-edge, height + edge), frame[1] if frame else None)
    draw = _kept if len(columns) * len(rows) <= SMALL else _drawn
    return Mask(x0 + columns.start, y0 + rows.start, draw(beyond, size, edge, columns, rows))


def _near(start: int, along: range, length: int | None) -> range:
    """Of `along`, counted from `start`, what lies no further than `length` beyond 0..length; one pixel at least."""
    if length is None:
        return along
    first = min(max(along.start, -length - start), along.stop - 1)
    return range(first, max(min(along.stop, 2 * length - start), first + 1))


def _drawn(beyond: _Beyond, size: Size, edge: int, columns: range, rows: range) -> NDArray[np.uint8]:
    """Some columns and rows of a shape that fades out over `edge` pixels around it; read-only, since it is shared.

    Drawn a few rows at a time, so that its distances, four bytes each, never lie in memory all together.
    """
    alpha = np.empty((len(rows), len(columns)), np.uint8)
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] + np.float32(0.5 - size[0] / 2)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5 - size[1] / 2)
    step = max(SMALL // len(columns), 1)
    for first in range(0, len(rows), step):
        away = beyond(size, x, y[first : first + step])
        # Rounded, and cut to what a byte holds: 255 inside.
        alpha[first : first + step] = cv2.addWeighted(away, -255 / (edge + 1), away, 0, 255, dtype=cv2.CV_8U)
    alpha.flags.writeable = False
    return alpha


_kept = lru_cache(maxsize=256)(_drawn)


def _beyond_oval(size: Size, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    # Half a pixel more than the box: a pixel that the outline crosses is hidden.
    a, b = size[0] / 2 + 0.5, size[1] / 2 + 0.5
    return np.asarray((cv2.sqrt((x / a) ** 2 + (y / b) ** 2) - 1) * min(a, b), np.float32)


def _beyond_rectangle(size: Size, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    # The outermost pixels of the box have their middles half a pixel inside of it.
    across, down = np.abs(x) - (size[0] - 1) / 2, np.abs(y) - (size[1] - 1) / 2
    return np.hypot(np.maximum(across, 0), np.maximum(down, 0))
