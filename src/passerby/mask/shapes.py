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
from passerby.core.runs import Runs
from passerby.mask.edges import over_edges

SMALL = 1 << 16
"""Pixels up to which a mask is kept for the next box of its size, and that are drawn at a time in larger ones."""

MOST_PX = 1000
"""Pixels that may be asked for around a thing."""

Size = tuple[int, int]
Box = NDArray[np.float32]

_Beyond = Callable[[Size, NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""How far pixels lie outside of a shape of a size: (h, w), up to 0 inside. The middles of the pixels are given as
x (1, w) and y (h, 1), counted from the middle of the shape."""


class Shape(Protocol):
    """Turns the box of a thing, or its pixels, into the mask that hides it."""

    def mask(self, box: Box, size: Size | None = None, pixels: Runs | None = None) -> Mask:
        """The mask for `box` (4,), x0 y0 x1 y1 in pixels; `pixels` are those of the thing itself, where they are known.

        With the frame's `size` (width, height), what lies further than one frame beyond its edges is left out: a mask
        never has more than nine times the frame's pixels. It is not cut to the frame itself, since effects measure
        their grids by the whole mask, and these would move at the edge.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class _Around:
    """What every shape adds around a thing."""

    grow: float = 0.3
    """Share of the box's width and height that is added on each side."""
    pad_px: int = 0
    """Pixels that are added on each side besides."""
    feather: float = 0.05
    """Width of the soft edge outside, as a share of the hidden shape's shorter side."""
    feather_px: int | None = None
    """The same in pixels; None is by `feather`."""

    def __post_init__(self) -> None:
        if not 0 <= self.grow <= 5:
            raise OptionError(f"--grow adds a share of the box on each side and must lie in 0..5, got {self.grow}")
        if not 0 <= self.feather <= 1:
            raise OptionError(f"the soft edge is a share of the shape and must lie in 0..1, got {self.feather}")
        for name, pixels in (("--pad", self.pad_px), ("--feather", self.feather_px or 0)):
            if not 0 <= pixels <= MOST_PX:
                raise OptionError(f"{name} is a number of pixels from 0 to {MOST_PX}, got {pixels}")

    def edge(self, size: Size) -> int:
        """Pixels of the soft edge around what is hidden in `size`."""
        return round(self.feather * min(size)) if self.feather_px is None else self.feather_px


@dataclass(frozen=True, kw_only=True)
class Rectangle(_Around):
    """The box itself, grown on every side."""

    def mask(self, box: Box, size: Size | None = None, pixels: Runs | None = None) -> Mask:
        return _mask(_grown(box.tolist(), self.grow, self.pad_px), self, _beyond_rectangle, size)


@dataclass(frozen=True, kw_only=True)
class HeadOval(_Around):
    """An oval around the head that a face box belongs to: hairline, ears and chin are in.

    The whole face box is in, too, however little it is to grow. So a box that holds others hides all their
    faces, if not the whole ovals around them. A head at the frame's edge is hidden up to the edge.
    """

    crown: float = 0.1
    """Share of the box's height that is added on top of that, for the hair."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.crown <= 1:
            raise OptionError(f"the crown is a share of the box's height and must lie in 0..1, got {self.crown}")

    def mask(self, box: Box, size: Size | None = None, pixels: Runs | None = None) -> Mask:
        # The oval through the corners of a box has sides of √2 times the box's; here the box with its crown.
        least = (math.sqrt(2) - 1) / 2 * (1 + self.crown)
        x0, y0, x1, y1 = box.tolist()
        if size is not None:
            (x0, x1), (y0, y1) = over_edges((x0, x1), (y0, y1), size)
        touched = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
        return _mask(_grown(touched, max(self.grow, least), self.pad_px, self.crown), self, _beyond_oval, size)


@dataclass(frozen=True, kw_only=True)
class WholeHead(HeadOval):
    """An oval around all of a head, with its hair, whichever way it is turned.

    Seen from the side a face is narrow, and the head goes on behind it, nobody knows on which side: the oval is around
    the square on the box's longer side.
    """

    crown: float = 0.5

    def mask(self, box: Box, size: Size | None = None, pixels: Runs | None = None) -> Mask:
        sides = box[2:] - box[:2]
        lack = (sides.max() - sides) / 2
        return super().mask(np.concatenate([box[:2] - lack, box[2:] + lack]).astype(np.float32), size)


@dataclass(frozen=True, kw_only=True)
class Silhouette(_Around):
    """The pixels of the thing itself, grown on every side; the grown box where they are not known.

    The mask's picture holds all of the grown box in either case, so that a mosaic's cells do not jump when a limb
    moves, nor where the pixels are not known for some frames.
    """

    def mask(self, box: Box, size: Size | None = None, pixels: Runs | None = None) -> Mask:
        around = Rectangle(grow=self.grow, pad_px=self.pad_px, feather=self.feather, feather_px=self.feather_px)
        whole = around.mask(box, size)
        if pixels is None or not pixels.area:
            return whole
        width, height = (max(math.ceil(side), 1) for side in (box[2:] - box[:2]).tolist())
        reach = math.ceil(self.grow * min(width, height)) + self.pad_px
        outline = self._outline(pixels, min(width, height))
        return _spread(outline, reach, self.edge((width, height)), whole.box, pixels.size)

    def _outline(self, pixels: Runs, side: int) -> Mask:
        """What is hidden before it is grown: all of `pixels`, of a thing whose box has a shorter `side`."""
        return pixels.mask()


@dataclass(frozen=True, kw_only=True)
class Polygon(Silhouette):
    """The same within few straight lines, a polygon around each of its parts: it tells less of how limbs are held."""

    rough: float = 0.05
    """How far the lines may lie from the outline, as a share of the box's shorter side; a pixel at least."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rough <= 1:
            raise OptionError(f"the roughness of a polygon is a share of its box and lies in 0..1, got {self.rough}")

    def _outline(self, pixels: Runs, side: int) -> Mask:
        known, slack = pixels.mask(), max(math.ceil(self.rough * side), 1)
        padded = np.pad(known.alpha, slack)
        # Lines may cut corners by as much as the outline is grown before.
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * slack + 1, 2 * slack + 1))
        outlines, _ = cv2.findContours(cv2.dilate(padded, disc), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        # Drawn over the thing itself: at a spike a line may lie further off than it should.
        alpha = padded.copy()
        for outline in outlines:
            cv2.fillPoly(alpha, [cv2.approxPolyDP(outline, slack, closed=True)], 255)
        return Runs.of(Mask(known.x - slack, known.y - slack, alpha), pixels.size).mask()


def _spread(known: Mask, reach: int, edge: int, room: tuple[int, int, int, int], frame: Size) -> Mask:
    """`known`, grown by `reach` pixels and fading out over `edge` more, on a picture that holds `room` as well.

    Nothing lies further than one `frame` beyond the frame's edges.
    """
    margin = reach + edge
    low = np.maximum(np.minimum(np.subtract(known.box[:2], margin), room[:2]), np.negative(frame))
    high = np.minimum(np.maximum(np.add(known.box[2:], margin), room[2:]), np.multiply(frame, 2))
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    outside = np.ones((y1 - y0, x1 - x0), np.uint8)
    height, width = known.alpha.shape
    outside[known.y - y0 : known.y - y0 + height, known.x - x0 : known.x - x0 + width] = known.alpha == 0
    away = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # As in `_drawn`: rounded, and cut to what a byte holds.
    alpha = cv2.addWeighted(away, -255 / (edge + 1), away, 0, 255 + 255 * reach / (edge + 1), dtype=cv2.CV_8U)
    return Mask(x0, y0, np.asarray(alpha, np.uint8))


def _grown(box: Sequence[float], share: float, pad: int, top: float = 0) -> tuple[int, int, int, int]:
    """`box` grown and rounded outwards to whole pixels."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    return (
        math.floor(x0 - share * width) - pad,
        math.floor(y0 - (share + top) * height) - pad,
        math.ceil(x1 + share * width) + pad,
        math.ceil(y1 + share * height) + pad,
    )


def _mask(hidden: tuple[int, int, int, int], around: _Around, beyond: _Beyond, frame: Size | None) -> Mask:
    x0, y0 = hidden[:2]
    size = width, height = max(hidden[2] - x0, 1), max(hidden[3] - y0, 1)
    edge = around.edge(size)
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
