"""The original's plain effects, as it computes them, to compare generators with.

Pixelating and blurring see what they hide, and let others see some of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.gan.boxes import Size
from passerby.paint.gan.pasting import Picture, Target

Colours = NDArray[np.float32]
"""RGB (H, W, 3) in 0..255."""


class _Painter(Protocol):
    """What an effect has to say."""

    def hidden(self, colours: Colours) -> Colours:
        """What takes the place of a whole crop."""
        ...


class _Plain:
    """A `Drawer` that treats each crop on its own and has one look."""

    def draw(self: _Painter, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> Colours:
        crops = [np.asarray(picture, np.float32) for picture in pictures]
        drawn = [
            np.where(target.known[..., None], crop, self.hidden(crop))
            for crop, target in zip(crops, targets, strict=True)
        ]
        return np.stack(drawn)


@dataclass(frozen=True)
class Pixelated(_Plain):
    """Large cells, with straight transitions between their middles."""

    size: Size
    cells: int = 8
    """Across and down."""

    def hidden(self, colours: Colours) -> Colours:
        return _sampled(_sampled(colours, (self.cells, self.cells)), self.size)


@dataclass(frozen=True)
class MaskedOut(_Plain):
    """Mid grey."""

    size: Size

    def hidden(self, colours: Colours) -> Colours:
        return np.full_like(colours, 127.5)


@dataclass(frozen=True)
class Blurred(_Plain):
    """A Gaussian blur."""

    size: Size
    sigma: float = 7
    kernel: int = 21

    def hidden(self, colours: Colours) -> Colours:
        shape = self.kernel, self.kernel
        return np.asarray(cv2.GaussianBlur(colours, shape, self.sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _sampled(picture: Colours, size: Size) -> Colours:
    """`picture` at even steps from its first to its last pixel, on straight lines between them."""
    for axis, new in enumerate(size):
        old = picture.shape[axis]
        places = np.linspace(0, old - 1, new, dtype=np.float32)
        low = np.clip(places.astype(np.int64), 0, max(old - 2, 0))
        share = (places - low).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(picture.ndim)])
        high = np.minimum(low + 1, old - 1)
        picture = np.take(picture, low, axis) * (1 - share) + np.take(picture, high, axis) * share
    return picture
