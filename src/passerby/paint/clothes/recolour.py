"""One garment in other colours: its light and folds stay, its colours, patterns and prints do not.

    seen = shading.seen(picture, alpha)
    recolour(picture, alpha, seen, Dye(fabric, level=seen.level, place=Place(x, y, pixels)), on=copy)

A print is known again by little. So what changes at once is not taken for light (see `shading`), and of the finest
detail little is kept, and the less, the more of it there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.paint.clothes import oklab
from passerby.paint.clothes.shading import SIDE, Seen, gathered, halved
from passerby.paint.clothes.styles import MIDDLE, Fabric, Tile, tile

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

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
_LEVELS = np.arange(256, dtype=np.float32)
_KEPT = 1 / (1 + (_LEVELS / np.float32(255 * FLAT)) ** 2)
_SHARES = 1 / np.maximum(_LEVELS, np.float32(50))
STEPS = 256


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
    solid = alpha == 255
    light = _light(seen, dye.level, alpha.shape) * _woven(_tile(dye).grain, dye.place, alpha.shape)
    light *= dye.exposure
    if seen.plain:
        light += _detail(picture, solid) * np.float32(MIDDLE * DETAIL * seen.plain)
    new = _dyed(dye, np.asarray(cv2.convertScaleAbs(np.maximum(light, 0)), np.uint8))
    edge = np.nonzero((alpha > 0) & ~solid)
    mixed = _mixed(picture, alpha, seen, new, on, edge)
    cv2.copyTo(new, solid.view(np.uint8), on)
    on[edge] = mixed


def _light(seen: Seen, level: float, size: tuple[int, ...]) -> Floats:
    """The light on every pixel, 1 where it is as usual."""
    small = np.clip(np.exp(SHADING * (seen.light - level)), DARKEST, BRIGHTEST)
    return np.asarray(cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _detail(picture: Picture, solid: NDArray[np.bool_]) -> Floats:
    """The weave and the smallest folds, (H, W), as a share of the garment's light.

    It is the less, the more of it there is: letters, and not threads.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    grey[~solid] = round(cv2.mean(grey, solid.view(np.uint8))[0])
    width = 2 * max(round(FINE * max(solid.shape) / 2), 1) + 1
    smooth = cv2.blur(grey, (width, width))
    much = cv2.blur(cv2.absdiff(grey, smooth), (2 * width + 1, 2 * width + 1))
    fine = cv2.subtract(grey, smooth, dtype=cv2.CV_32F)
    return np.asarray(fine * cv2.LUT(much, _KEPT) * cv2.LUT(smooth, _SHARES), np.float32)


def _woven(pattern: Picture, place: Place, size: tuple[int, ...]) -> Picture:
    """A tile again and again, where it lies: (H, W)."""
    down, across = (
        (np.arange(length) - round(first)) % len(pattern)
        for length, first in zip(size, (place.y, place.x), strict=True)
    )
    return np.asarray(pattern.take(across, axis=1).take(down, axis=0), np.uint8)


def _tile(dye: Dye) -> Tile:
    return tile(dye.fabric.weave, dye.fabric.seed, max(round(dye.place.pixels), 4))


def _dyed(dye: Dye, light: Picture) -> Picture:
    """The garment's colours in a light of `STEPS` steps, (H, W, 3)."""
    fabric = dye.fabric
    first = np.asarray(cv2.applyColorMap(light, _ramp(fabric.colour)), np.uint8)
    if fabric.second == fabric.colour:
        return first
    share = _woven(_tile(dye).second, dye.place, light.shape).astype(np.float32)
    second = cv2.applyColorMap(light, _ramp(fabric.second))
    return np.asarray(cv2.blendLinear(second, first, share, 255 - share), np.uint8)


@lru_cache(maxsize=1024)
def _ramp(colour: tuple[float, float, float]) -> Picture:
    """The colour in every light, (STEPS, 1, 3)."""
    return oklab.ramp(np.array(colour), STEPS, (STEPS - 1) / MIDDLE)[:, None]


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
    at = tuple(where * SIDE // length for where, length in zip(edge, alpha.shape, strict=True))
    old, behind, beside = seen.colour[at], seen.behind[at], _beside(seen, picture, alpha, on)[at]
    pixels, told = picture[edge].astype(np.float32), alpha[edge].astype(np.float32) / 255
    share = told + _trust(old, behind) * seen.plain * (_share(pixels, old, behind) - told)
    share = share[:, None]
    most = OFF + (255 - OFF) * (1 - share) ** 2
    off = np.clip(pixels - share * old - (1 - share) * behind, -most, most)
    rest = np.clip(np.rint(beside + off), 0, 255).astype(np.uint8)
    return oklab.encoded(share * oklab.linear(new[edge]) + (1 - share) * oklab.linear(rest))


def _beside(seen: Seen, picture: Picture, alpha: Picture, on: Picture) -> Floats:
    """What is behind a garment, as it looks now: other garments may have been painted since it was seen."""
    if np.array_equal(picture, on):
        return seen.behind
    small, mask = halved(on, alpha)
    return gathered(small, mask == 0)[0]


def _share(pixels: Floats, old: Floats, behind: Floats) -> Floats:
    """How much of the garment each of `pixels` (N, 3) has, by its colour between that of the garment and another."""
    apart = old - behind
    length = np.maximum(np.einsum("ij,ij->i", apart, apart), 1)
    return np.asarray(np.clip(np.einsum("ij,ij->i", pixels - behind, apart) / length, 0, 1), np.float32)


def _trust(old: Floats, behind: Floats) -> Floats:
    """How far colour tells the edge, in [0, 1]: not where a garment looks like what is behind it."""
    apart = np.linalg.norm(old - behind, axis=1) / 255
    return np.asarray(np.clip((apart - TELLS) / (SURE - TELLS), 0, 1), np.float32)
