"""One garment in other colours: its light and folds stay, its colours, patterns and prints do not.

    seen = shading.seen(picture, alpha)
    recolour(picture, alpha, seen, Dye(fabric, level=seen.level, place=Place(x, y, pixels)), on=copy)

A print is known again by little. So what changes at once is not taken for light (see `shading`), and of the finest
detail little is kept, and the less, the more of it there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.clothes import oklab
from passerby.paint.clothes.shading import SIDE, Seen, gathered, halved
from passerby.paint.clothes.styles import MIDDLE, Fabric, Tile, tile

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colour = tuple[float, float, float]

SHADING = 0.9
"""Power of the light that falls on a garment: a little flatter than it was."""
DARKEST, BRIGHTEST = 0.4, 1.5
"""Light on a garment, as a share of its median."""
DETAIL = 0.4
"""Share of the finest detail that is kept of a plain cloth: more, and prints could be read; none of a patterned one."""
FLAT = 0.012
"""Mean detail around a pixel, in [0, 1], at which half of that share is kept."""
FINE = 0.02
"""Size of the finest detail, as a share of the garment's longer side."""
TELLS, SURE = 0.05, 0.15
"""How different a garment is from what is behind it, in [0, 1], that its edge can be told; and is sure."""
OFF = 20
"""By how much a pixel of the edge may be off what is behind, in 8 bits, where it is mostly garment."""
GREY = (0.299, 0.587, 0.114)
"""Shares of red, green and blue, as OpenCV has them."""
_LEVELS = np.arange(256, dtype=np.float32)
_KEPT = MIDDLE * DETAIL / (1 + (_LEVELS / np.float32(255 * FLAT)) ** 2)
_SHARES = 1 / np.maximum(_LEVELS, np.float32(50))
STEPS = 256
"""Of light, in which a cloth's colours are looked up."""
SHARES = 16
"""Of a cloth's second colour, from none to all of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the weave lies."""

    x: float
    y: float
    """Where a tile begins, in pixels of the picture."""
    pixels: float
    """How long a tile is."""


@dataclass(frozen=True, slots=True)
class Dye:
    """What becomes of a garment."""

    fabric: Fabric
    level: float
    """The light in which it has its own colour: the median over some time of `Seen.level`."""
    place: Place
    exposure: float = 1.0
    """Share of its lightness that a colour has where it is worn, in (0, 1]: at night nothing is as light as by day."""


def recolour(picture: Picture, alpha: Picture, seen: Seen, dye: Dye, on: Picture) -> None:
    """Write a garment in other colours.

    Args:
        picture: (H, W, 3) sRGB as it was.
        alpha: (H, W) 255 = surely the garment, 0 = surely not: there nothing is written.
        seen: of the same picture and garment.
        dye: what it becomes.
        on: (H, W, 3) what is written on: `picture`, with other garments done perhaps.
    """
    solid = (alpha == 255).view(np.uint8)
    grain = _woven(_tile(dye).grain, dye.place, alpha.shape)
    light = np.asarray(cv2.multiply(_light(seen, dye, alpha.shape), grain, dtype=cv2.CV_8U), np.uint8)
    if seen.plain:
        light = np.asarray(cv2.add(light, _detail(picture, seen, solid), dtype=cv2.CV_8U), np.uint8)
    new = _dyed(dye, light)
    edge = np.divmod(np.flatnonzero((alpha > 0) & (alpha < 255)), alpha.shape[1])
    mixed = _mixed(picture, alpha, seen, new, on, edge)
    cv2.copyTo(new, solid, on)
    on[edge] = mixed


def _light(seen: Seen, dye: Dye, size: tuple[int, ...]) -> Floats:
    """The light on every pixel, 1 where a cloth has its own colour."""
    small = np.exp(SHADING * (seen.light - dye.level))
    small = np.minimum(np.maximum(small, DARKEST), BRIGHTEST) * np.float32(dye.exposure)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _detail(picture: Picture, seen: Seen, solid: Picture) -> Floats:
    """The weave and the smallest folds, (H, W), in steps of light.

    It is the less, the more of it there is: letters, and not threads.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    shown = np.full_like(grey, round(np.dot(cv2.mean(seen.colour)[:3], GREY)))
    cv2.copyTo(grey, solid, shown)
    width = 2 * max(round(FINE * max(solid.shape) / 2), 1) + 1
    smooth = cv2.blur(shown, (width, width))
    much = cv2.blur(cv2.absdiff(shown, smooth), (2 * width + 1, 2 * width + 1))
    fine = cv2.subtract(shown, smooth, dtype=cv2.CV_32F)
    share = cv2.multiply(cv2.LUT(much, _KEPT * np.float32(seen.plain)), cv2.LUT(smooth, _SHARES))
    return np.asarray(cv2.multiply(fine, share), np.float32)


def _woven(pattern: NDArray[Any], place: Place, size: tuple[int, ...]) -> NDArray[Any]:
    """A tile again and again, where it lies: (H, W)."""
    side = len(pattern)
    down, across = -round(place.y) % side, -round(place.x) % side
    within = 0, max(down + size[0] - side, 0), 0, max(across + size[1] - side, 0)
    return cv2.copyMakeBorder(pattern, *within, cv2.BORDER_WRAP)[down : down + size[0], across : across + size[1]]


def _tile(dye: Dye) -> Tile:
    return tile(dye.fabric.weave, dye.fabric.seed, max(round(dye.place.pixels), 4))


def _dyed(dye: Dye, light: Picture) -> Picture:
    """The garment's colours in a light of `STEPS` steps, (H, W, 3)."""
    fabric = dye.fabric
    at: NDArray[np.integer] = light
    if fabric.second != fabric.colour:
        share = _tile(dye).second // np.uint8(STEPS // SHARES) * np.uint16(STEPS)
        at = _woven(share, dye.place, light.shape) + light
    packed = _colours(fabric.colour, fabric.second).take(at)
    return np.asarray(cv2.cvtColor(packed.view(np.uint8).reshape(*light.shape, 4), cv2.COLOR_RGBA2RGB), np.uint8)


@lru_cache(maxsize=512)
def _colours(first: Colour, second: Colour) -> NDArray[np.uint32]:
    """Every share of the second colour in every light, (SHARES * STEPS,) of four bytes each: red, green, blue, 255."""
    ramps = (oklab.ramp(np.array(colour), STEPS, (STEPS - 1) / MIDDLE).astype(np.float32) for colour in (first, second))
    one, other = ramps
    share = np.linspace(0, 1, SHARES, dtype=np.float32)[:, None, None]
    mixed = np.rint(one + (other - one) * share).astype(np.uint8)
    opaque = np.full_like(mixed[..., :1], 255)
    return np.concatenate([mixed, opaque], axis=-1).view(np.uint32).ravel()


def _mixed(
    picture: Picture,
    alpha: Picture,
    seen: Seen,
    new: Picture,
    on: Picture,
    edge: tuple[NDArray[np.intp], ...],
) -> Picture:
    """The pixels of the soft edge, (N, 3), mixed anew in light: as much of the new garment as they had of the old one.

    What is behind is what was seen beside the garment, and by how much a pixel was off that. Neither the old garment
    nor a pixel that has some of it is mixed with anything, so that no seam of its colour is left.
    """
    down, across = (where * SIDE // length for where, length in zip(edge, alpha.shape, strict=True))
    at = down * SIDE + across
    small = seen.colour, seen.behind, _beside(seen, picture, alpha, on)
    old, behind, beside = (np.ascontiguousarray(one.reshape(-1, 3).take(at, axis=0).T) for one in small)
    pixels, told = picture[edge].T.astype(np.float32, order="C"), alpha[edge] * np.float32(1 / 255)
    share = _share(told, pixels, old, behind, seen.plain)
    most = OFF + (255 - OFF) * (1 - share) ** 2
    off = np.minimum(np.maximum(pixels - behind - share * (old - behind), -most), most)
    light = oklab.linear(np.rint(np.minimum(np.maximum(beside + off, 0), 255)).astype(np.uint8))
    return oklab.encoded(light + share * (oklab.linear(new[edge].T) - light)).T


def _beside(seen: Seen, picture: Picture, alpha: Picture, on: Picture) -> Floats:
    """What is behind a garment, as it looks now: other garments may have been painted since it was seen."""
    if np.array_equal(picture, on):
        return seen.behind
    small, mask = halved(on, alpha)
    return gathered(small, mask == 0)[0]


def _share(told: Floats, pixels: Floats, old: Floats, behind: Floats, plain: float) -> Floats:
    """How much of the garment each of `pixels` (3, N) has, (N,): as `told`, or rather by its colour.

    Colour tells that of a garment that is `plain`, and does not look like what is behind it.
    """
    apart = old - behind
    squares = np.maximum((apart * apart).sum(axis=0), 1)
    shown = (((pixels - behind) * apart).sum(axis=0) / squares).clip(0, 1)
    trust = ((np.sqrt(squares) / 255 - TELLS) / (SURE - TELLS)).clip(0, 1)
    return np.asarray(told + plain * trust * (shown - told), np.float32)
