"""From a box to the shape that is hidden. The edge is soft on the outside only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.regions import Mask


class Shape(Protocol):
    """Turns the box of a thing into the mask that hides it."""

    def mask(self, box: NDArray[np.float32]) -> Mask:
        """The mask for `box` (4,), x0 y0 x1 y1 in pixels."""
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

    def mask(self, box: NDArray[np.float32]) -> Mask:
        return _mask(_grown(box, self.grow, top=0), self.feather, _rectangle)


@dataclass(frozen=True, kw_only=True)
class HeadOval:
    """An oval around the head that a face box belongs to: hairline, ears and chin are in.

    The box's corners are in, too: an oval around a box grown by 0.21 or more on each side holds the whole box.
    """

    grow: float = 0.3
    """Share of the face box's width and height that is added on each side."""
    crown: float = 0.1
    """Share of the box's height that is added on top of that, for the hair."""
    feather: float = 0.05
    """Width of the soft edge outside, as a share of the hidden shape's shorter side."""

    def __post_init__(self) -> None:
        _check(self.grow, self.feather)

    def mask(self, box: NDArray[np.float32]) -> Mask:
        return _mask(_grown(box, self.grow, top=self.crown), self.feather, _oval)


def _check(grow: float, feather: float) -> None:
    if not 0 <= grow <= 5:
        raise OptionError(f"--grow adds a share of the box on each side and must lie in 0..5, got {grow}")
    if not 0 <= feather <= 1:
        raise OptionError(f"the soft edge is a share of the shape and must lie in 0..1, got {feather}")


def _grown(box: NDArray[np.float32], share: float, top: float) -> tuple[int, int, int, int]:
    """`box` grown and rounded outwards to whole pixels."""
    x0, y0, x1, y1 = (float(side) for side in box)
    width, height = x1 - x0, y1 - y0
    return (
        int(np.floor(x0 - share * width)),
        int(np.floor(y0 - (share + top) * height)),
        int(np.ceil(x1 + share * width)),
        int(np.ceil(y1 + share * height)),
    )


def _mask(hidden: tuple[int, int, int, int], feather: float, draw: _Draw) -> Mask:
    width, height = max(hidden[2] - hidden[0], 1), max(hidden[3] - hidden[1], 1)
    edge = round(feather * min(width, height))
    return Mask(hidden[0] - edge, hidden[1] - edge, draw(width, height, edge))


class _Draw(Protocol):
    def __call__(self, width: int, height: int, edge: int) -> NDArray[np.uint8]: ...


@lru_cache(maxsize=256)
def _oval(width: int, height: int, edge: int) -> NDArray[np.uint8]:
    """An oval of (width, height) that fades out over `edge` pixels around it, (height + 2 edge, width + 2 edge)."""
    # Half a pixel more than the box: a pixel that the outline crosses is hidden.
    a, b = width / 2 + 0.5, height / 2 + 0.5
    x = (np.arange(-edge, width + edge, dtype=np.float32) + 0.5 - width / 2) / a
    y = (np.arange(-edge, height + edge, dtype=np.float32) + 0.5 - height / 2) / b
    away = (np.hypot(x[None], y[:, None]) - 1) * min(a, b)
    return _faded(away, edge)


@lru_cache(maxsize=256)
def _rectangle(width: int, height: int, edge: int) -> NDArray[np.uint8]:
    """A box of (width, height) that fades out over `edge` pixels around it, (height + 2 edge, width + 2 edge)."""
    x, y = np.arange(-edge, width + edge, dtype=np.float32), np.arange(-edge, height + edge, dtype=np.float32)
    x, y = np.maximum(-x, x - width + 1), np.maximum(-y, y - height + 1)
    return _faded(np.hypot(np.maximum(x, 0)[None], np.maximum(y, 0)[:, None]), edge)


def _faded(away: NDArray[np.float32], edge: int) -> NDArray[np.uint8]:
    """255 up to distance 0, falling to 0 at `edge` + 1 pixels away; read-only, since it is shared."""
    alpha = np.where(away <= 0, 255, np.clip(255 * (1 - away / (edge + 1)), 0, 254)).astype(np.uint8)
    alpha.flags.writeable = False
    return alpha
