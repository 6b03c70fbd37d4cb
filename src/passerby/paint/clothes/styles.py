"""What people may wear instead: colours and weaves, made for each style and drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.parsing import Group
from passerby.paint.clothes import oklab

Style = Literal["random", "formal", "sport", "casual"]
Weave = Literal["plain", "pinstripe", "stripes", "checks", "knit", "denim"]
Part = Literal["top", "bottom", "feet"]
"""What of an outfit has one colour: where a parser takes a coat for a shirt in some frames, the colour stays."""
PARTS: Mapping[Group, Part] = {
    "upper": "top",
    "whole": "top",
    "lower": "bottom",
    "shoes": "feet",
    "headwear": "bottom",
    "bag": "feet",
    "accessory": "bottom",
}
AWAY = 0.15
"""Distance in OKLab that a new colour has from the old one at least."""
TRIES = 64
TILE = 128
"""Pixels of a weave's tile, which repeats itself across and down."""
MIDDLE = 128
"""Of 256 steps of light, the one in which a cloth has its own colour."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """What a garment is made of."""

    colour: tuple[float, float, float]
    """In OKLab."""
    second: tuple[float, float, float]
    """That of its stripes and checks; the same where it has none."""
    weave: Weave
    seed: int
    """Of its grain."""


@dataclass(frozen=True, slots=True)
class _Palette:
    colours: Mapping[Part, Sequence[str]]
    """As RRGGBB, enough of them that some are far from any colour."""
    weaves: Mapping[Part, Sequence[Weave]]


_DARK_SHOES = ("1c1a1a", "3d2b20", "6f5138", "8f8a86")
PALETTES: Mapping[Style, _Palette] = {
    "formal": _Palette(
        {
            "top": ("1d2740", "35383d", "19191b", "6c7076", "e4e4df", "b9c8da"),
            "bottom": ("1d2740", "35383d", "19191b", "74777c", "a3a19c"),
            "feet": _DARK_SHOES,
        },
        {"top": ("plain", "plain", "pinstripe"), "bottom": ("plain", "pinstripe"), "feet": ("plain",)},
    ),
    "sport": _Palette(
        {
            "top": ("d3202f", "1c4fd6", "16994a", "f07a12", "f0c818", "ececec", "7a2bb8"),
            "bottom": ("1b2c8c", "d3202f", "16994a", "e8e8e8", "1b1b1d"),
            "feet": ("ececec", "e2432a", "1c4fd6", "222224"),
        },
        {"top": ("plain", "stripes"), "bottom": ("plain",), "feet": ("plain",)},
    ),
    "casual": _Palette(
        {
            "top": ("4d6a91", "6e6d3c", "c8b28a", "a9532f", "8b8d90", "6f2a36", "d9d2c3"),
            "bottom": ("41587c", "6e6d3c", "b9a37d", "6a6c70", "272b33"),
            "feet": (*_DARK_SHOES, "c9c2b4"),
        },
        {
            "top": ("plain", "knit", "checks", "stripes", "denim"),
            "bottom": ("denim", "plain"),
            "feet": ("plain",),
        },
    ),
}


def fabric(style: Style, group: Group, seed: int, was: NDArray[np.floating], exposure: float = 1) -> Fabric:
    """What takes the place of a garment whose mean colour `was` that, (3,) OKLab: `AWAY` from it at least.

    The same for the same seed and part of an outfit, as long as that is far enough from what was there. Where it is so
    dark, by the `exposure` of `recolour.Dye`, that nothing is far enough, it is what is farthest.
    """
    part = PARTS[group]
    rng = np.random.default_rng([seed % (1 << 64), ("top", "bottom", "feet").index(part)])
    offered = list(_offered(style, part, rng))
    fit = (colour for colour in offered if oklab.distance(colour * exposure, was) >= AWAY)
    first = next(fit, max(offered, key=lambda colour: float(oklab.distance(colour * exposure, was))))
    weaves = _weaves(style, part)
    weave = weaves[int(rng.integers(len(weaves)))]
    second = _beside(first, weave, was / exposure)
    return Fabric(_plain(first), _plain(second), weave, int(rng.integers(1 << 32)))


def _weaves(style: Style, part: Part) -> Sequence[Weave]:
    if style != "random":
        return PALETTES[style].weaves[part]
    return ("plain",) if part == "feet" else ("plain", "stripes", "checks", "knit", "denim")


def _offered(style: Style, part: Part, rng: np.random.Generator) -> Iterator[NDArray[np.float32]]:
    """Colours of a style in the order in which they are tried."""
    if style != "random":
        named = PALETTES[style].colours[part]
        for i in rng.permutation(len(named)):
            light = oklab.linear(np.frombuffer(bytes.fromhex(named[i]), np.uint8))
            yield oklab.from_light(light)
        return
    drawn = rng.uniform((0.25, -0.12, -0.12), (0.85, 0.12, 0.12), (TRIES, 3)).astype(np.float32)
    yield from drawn[oklab.shown(drawn) & (np.hypot(drawn[:, 1], drawn[:, 2]) <= 0.12)]


def _beside(colour: NDArray[np.float32], weave: Weave, was: NDArray[np.floating]) -> NDArray[np.float32]:
    """The second colour of a weave: lighter or darker than the first, and no nearer to what was there."""
    step = {"pinstripe": 0.1, "stripes": 0.3, "checks": 0.16}.get(weave)
    if step is None:
        return colour
    rather = 1 if colour[0] < 0.6 else -1
    for sign in (rather, -rather):
        second = colour + np.array([sign * step, 0, 0], np.float32)
        if 0.1 < second[0] < 0.95 and oklab.distance(second, was) >= AWAY:
            return second
    return colour


def _plain(colour: NDArray[np.float32]) -> tuple[float, float, float]:
    first, second, third = colour.tolist()
    return first, second, third


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A piece of a weave that repeats itself across and down."""

    second: NDArray[np.uint8]
    """(T, T) the share of the second colour, 255 is all."""
    grain: NDArray[np.uint8]
    """(T, T) light; `MIDDLE` is as usual."""


@lru_cache(maxsize=256)
def tile(weave: Weave, seed: int, side: int) -> Tile:
    """A weave's tile, `side` pixels long."""
    second, grain = _drawn(weave, seed)
    return Tile(_at(255 * second, side), _at(MIDDLE * (1 + grain), side))


@lru_cache(maxsize=64)
def _drawn(weave: Weave, seed: int) -> Drawn:
    rng = np.random.default_rng(seed)
    second, grain = _DRAWN[weave](rng)
    return second, grain + _noise(rng, 0.012, 0.6) + _noise(rng, 0.007, 2)


def _at(whole: NDArray[np.floating], side: int) -> NDArray[np.uint8]:
    values = cv2.resize(whole.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, deviation: float, across: float, down: float | None = None) -> NDArray[np.float32]:
    """Noise of a standard deviation and so many pixels of smoothness, that goes on over the tile's edges."""
    drawn = np.pad(rng.normal(size=(TILE, TILE)).astype(np.float32), TILE // 4, mode="wrap")
    smooth = cv2.GaussianBlur(drawn, (0, 0), across, sigmaY=down or across)[
        TILE // 4 : -TILE // 4, TILE // 4 : -TILE // 4
    ]
    return np.asarray(smooth * (deviation / smooth.std()), np.float32)


Drawn = tuple[NDArray[np.floating], NDArray[np.floating]]
"""The share of the second colour, 0..1, and the grain, about 0; both (TILE, TILE)."""
_NOTHING = np.zeros((TILE, TILE), np.float32)
_ALONG = np.arange(TILE, dtype=np.float32)


def _bands(count: int, share: float) -> NDArray[np.float32]:
    """`count` soft bands along a tile that take a `share` of it, 0..1."""
    away = np.abs((_ALONG * count / TILE) % 1 - 0.5)
    return np.clip((share / 2 - away) * TILE / count + 0.5, 0, 1)


def _no_pattern(rng: np.random.Generator) -> Drawn:
    return _NOTHING, _NOTHING


def _pinstripe(rng: np.random.Generator) -> Drawn:
    return np.tile(_bands(8, 0.12), (TILE, 1)), _NOTHING


def _stripes(rng: np.random.Generator) -> Drawn:
    return np.tile(_bands(int(rng.integers(2, 5)), 0.4)[:, None], (1, TILE)), _NOTHING


def _checks(rng: np.random.Generator) -> Drawn:
    bands = _bands(int(rng.integers(3, 6)), 0.45)
    return 0.5 * (bands[:, None] + bands[None]), _NOTHING


def _knit(rng: np.random.Generator) -> Drawn:
    across, down = _ALONG[None] * (2 * np.pi * 16 / TILE), _ALONG[:, None] * (2 * np.pi * 16 / TILE)
    return _NOTHING, 0.03 * np.sin(across) * np.cos(down + np.abs(np.sin(across / 2))) + _noise(rng, 0.015, 3)


def _denim(rng: np.random.Generator) -> Drawn:
    twill = 0.018 * np.sin((_ALONG[None] + _ALONG[:, None]) * (2 * np.pi * 32 / TILE))
    return _NOTHING, twill + _noise(rng, 0.014, 0.7, 5)


_DRAWN: Mapping[Weave, Callable[[np.random.Generator], Drawn]] = {
    "plain": _no_pattern,
    "pinstripe": _pinstripe,
    "stripes": _stripes,
    "checks": _checks,
    "knit": _knit,
    "denim": _denim,
}
