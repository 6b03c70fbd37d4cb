"""Persons drawn in known clothes: the truth that parsers, colours and new clothes are measured against.

picture, garments, skin, boxes, *_ = dressed((320, 360), [Person()])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.parsing import GROUPS, Group

Colour = tuple[int, int, int]
Share = NDArray[np.uint8]
Pattern = Literal["plain", "stripes", "checks", "logo"]

_TONES = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420")
MONK: Sequence[Colour] = [(tone[0], tone[1], tone[2]) for tone in map(bytes.fromhex, _TONES)]
"""Ten tones of skin from light to dark, red green blue: the Monk Skin Tone Scale, Google 2022."""

PARTS = ("background", "skin", "hair", "eyes", *GROUPS)
"""What a pixel may be of. Eyes and mouth are of the face, and for whoever asks they are skin."""
FINE = 4
"""Pixels are drawn this many times finer, so that those of edges are shared."""


class Dressed(NamedTuple):
    """A picture and the truth about it, for all its persons together."""

    picture: NDArray[np.uint8]
    """RGB (H, W, 3)."""
    garments: dict[Group, Share]
    """(H, W) the share of every pixel that is of the group, 255 = all of it; only of groups that are there."""
    skin: Share
    """(H, W) the same, of skin: faces, necks, arms, hands, legs."""
    boxes: NDArray[np.float32]
    """(N, 4) around all that is seen of each person."""
    hair: Share
    faces: NDArray[np.float32]
    """(N, 4) from the hairline to the chin."""
    each: tuple[Share, ...]
    """(N,) (H, W) all of each person, as far as nobody stands before."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody upright, seen from the front."""

    at: tuple[float, float] = (0.5, 0.04)
    """Middle and top of the head, as shares of the frame's sides."""
    height: float = 0.92
    """Of the frame's height."""
    tone: Colour = MONK[4]
    hair: Colour = (52, 34, 22)
    hangs: float = 0.0
    """How far down hair hangs beside the face, as a share of the height from the crown."""
    upper: Colour = (40, 90, 170)
    lower: Colour = (60, 60, 66)
    shoes: Colour = (120, 40, 30)
    pattern: Pattern = "plain"
    """Of the upper garment, or the dress."""
    sleeves: Literal["none", "short", "long"] = "short"
    legs: Literal["trousers", "shorts"] = "trousers"
    dress: bool = False
    """One garment from the shoulders to the knees, in the colour of `upper`."""
    hat: Colour | None = None
    bag: Colour | None = None
    swing: float = 0.3
    """How far arms and legs are apart, -1..1."""

    def moved(self, across: float, down: float = 0.0, swing: float | None = None) -> Person:
        """The same person elsewhere, by shares of the frame's sides."""
        place = self.at[0] + across, self.at[1] + down
        return replace(self, at=place, swing=self.swing if swing is None else swing)


def dressed(
    size: tuple[int, int] = (320, 360),
    persons: Sequence[Person] = (Person(),),
    *,
    background: Colour | NDArray[np.uint8] = (150, 158, 150),
    light: float = 0.35,
    noise: float = 2.0,
    seed: int = 0,
) -> Dressed:
    """Draw `persons`, the last in front of all others, in a frame of `size` (width, height).

    `light` is how much darker the right side of everything is than the left; `noise` the deviation of a pixel's noise,
    another one for each `seed`. Folds and light change pixels by a factor, so they are no colour of their own.
    """
    width, height = size
    canvas = np.zeros((height * FINE, width * FINE, 3), np.uint8)
    canvas[:] = background if isinstance(background, tuple) else cv2.resize(background, canvas.shape[1::-1])
    parts = np.zeros(canvas.shape[:2], np.uint8)
    owners = np.zeros(canvas.shape[:2], np.uint8)
    faces = []
    for number, person in enumerate(persons, 1):
        drawn = _Figure(person, canvas, parts, owners, number)
        drawn.draw()
        faces.append(drawn.face)
    lit = _lit(canvas, parts, light)
    picture = cv2.resize(lit, size, interpolation=cv2.INTER_AREA)
    picture = picture + np.random.default_rng(seed).normal(0, noise, picture.shape)
    shares = {name: _share(parts == i, size) for i, name in enumerate(PARTS)}
    each = tuple(_share(owners == number, size) for number in range(1, len(persons) + 1))
    return Dressed(
        np.clip(np.rint(picture), 0, 255).astype(np.uint8),
        {group: shares[group] for group in GROUPS if shares[group].any()},
        cv2.add(shares["skin"], shares["eyes"]),
        np.array([_around(share) for share in each], np.float32).reshape(-1, 4),
        shares["hair"],
        np.array(faces, np.float32).reshape(-1, 4),
        each,
    )


def walking(person: Person, count: int, step: float = 0.01) -> Iterable[Person]:
    """Who walks to the right by `step` of the frame's width in each of `count` frames."""
    for i in range(count):
        yield person.moved(step * i, swing=float(np.sin(i / 3)) * 0.6)


class _Figure:
    """One person on the canvas, in units of its own height from the top of the head, and from its middle."""

    def __init__(
        self,
        person: Person,
        canvas: NDArray[np.uint8],
        parts: NDArray[np.uint8],
        owners: NDArray[np.uint8],
        number: int,
    ) -> None:
        self._person, self._canvas, self._parts, self._owners, self._number = person, canvas, parts, owners, number
        self._scale = person.height * canvas.shape[0]
        self._origin = np.array([person.at[0] * canvas.shape[1], person.at[1] * canvas.shape[0]])
        ends = self._place([(-0.043, 0.025), (0.043, 0.13)]) / FINE
        self.face = np.concatenate(ends)

    def draw(self) -> None:
        who = self._person
        if who.bag:
            self._shape("bag", who.bag, [(0.13, 0.4), (0.22, 0.4), (0.23, 0.56), (0.12, 0.56)])
        self._legs()
        self._arms()
        self._trunk()
        self._head()

    def _legs(self) -> None:
        who = self._person
        for side in (-1, 1):
            hip, knee = (side * 0.045, 0.5), (side * (0.05 + 0.03 * who.swing * side), 0.72)
            ankle = (side * (0.055 + 0.06 * who.swing * side), 0.945)
            self._line("skin", who.tone, [hip, knee, (ankle[0], 0.93)], 0.055)
            if not who.dress:
                end = [hip, knee, (ankle[0], 0.92)] if who.legs == "trousers" else [hip, (knee[0], 0.66)]
                self._line("lower", who.lower, end, 0.09)
            foot = [(ankle[0] - 0.03, 0.94), (ankle[0] + 0.03, 0.94), (ankle[0] + 0.045 * side + 0.02, 0.995)]
            self._shape("shoes", who.shoes, [*foot, (ankle[0] + 0.045 * side - 0.04, 0.995)])

    def _arms(self) -> None:
        who = self._person
        for side in (-1, 1):
            shoulder, elbow = (side * 0.105, 0.2), (side * (0.15 + 0.02 * who.swing), 0.34)
            hand = (side * (0.17 + 0.04 * who.swing * side), 0.47)
            self._line("skin", who.tone, [shoulder, elbow, hand], 0.042)
            sleeve = {"none": [], "short": [shoulder, elbow], "long": [shoulder, elbow, hand]}[who.sleeves]
            if sleeve:
                self._line("whole" if who.dress else "upper", who.upper, sleeve, 0.056, who.pattern)
            self._line("skin", who.tone, [(hand[0], hand[1] + 0.015), (hand[0], hand[1] + 0.03)], 0.048)

    def _trunk(self) -> None:
        who = self._person
        self._line("skin", who.tone, [(0, 0.1), (0, 0.18)], 0.055)
        shoulders = [(-0.05, 0.155), (0.0, 0.185), (0.05, 0.155), (0.125, 0.185)]
        if who.dress:
            outline = [*shoulders, (0.09, 0.42), (0.14, 0.7), (-0.14, 0.7), (-0.09, 0.42), (-0.125, 0.185)]
        else:
            outline = [*shoulders, (0.1, 0.53), (-0.1, 0.53), (-0.125, 0.185)]
        self._shape("whole" if who.dress else "upper", who.upper, outline, who.pattern)

    def _head(self) -> None:
        who = self._person
        if who.hangs:
            self._shape("hair", who.hair, [(-0.054, 0.06), (-0.06, who.hangs), (0.06, who.hangs), (0.054, 0.06)])
            self._line("skin", who.tone, [(0, 0.1), (0, 0.15)], 0.055)
        self._oval("hair", who.hair, (0, 0.064), (0.054, 0.064))
        self._oval("skin", who.tone, (0, 0.08), (0.043, 0.055))
        for x, y, wide, high, colour in (
            (-0.017, 0.072, 0.008, 0.004, (35, 30, 30)),
            (0.017, 0.072, 0.008, 0.004, (35, 30, 30)),
            (0.0, 0.108, 0.014, 0.004, (150, 80, 78)),
        ):
            self._oval("eyes", colour, (x, y), (wide, high))
        if who.hat:
            self._shape("headwear", who.hat, [(-0.06, 0.035), (-0.045, -0.01), (0.045, -0.01), (0.06, 0.035)])

    # What is drawn with

    def _place(self, points: Iterable[tuple[float, float]]) -> NDArray[np.float64]:
        return np.array(list(points)) * self._scale + self._origin

    def _oval(self, part: str, colour: Colour, middle: tuple[float, float], radii: tuple[float, float]) -> None:
        turns = np.linspace(0, 2 * np.pi, 64)
        outline = np.stack([middle[0] + radii[0] * np.cos(turns), middle[1] + radii[1] * np.sin(turns)], axis=1)
        self._shape(part, colour, [(float(x), float(y)) for x, y in outline])

    def _line(
        self,
        part: str,
        colour: Colour,
        points: Sequence[tuple[float, float]],
        wide: float,
        pattern: Pattern = "plain",
    ) -> None:
        path = np.rint(self._place(points)).astype(np.int32)
        self._fill(part, colour, pattern, partial(_stroked, path=path, wide=max(round(wide * self._scale), 1)))

    def _shape(
        self, part: str, colour: Colour, points: Sequence[tuple[float, float]], pattern: Pattern = "plain"
    ) -> None:
        outline = np.rint(self._place(points)).astype(np.int32)
        self._fill(part, colour, pattern, partial(_filled, outline=outline))

    def _fill(self, part: str, colour: Colour, pattern: Pattern, draw: Callable[..., None]) -> None:
        draw(self._canvas, colour)
        draw(self._parts, PARTS.index(part))
        draw(self._owners, self._number)
        if pattern != "plain":
            inside = np.zeros(self._parts.shape, np.uint8)
            draw(inside, 1)
            self._canvas[(inside > 0) & self._printed(pattern)] = tuple(255 - value for value in colour)

    def _printed(self, pattern: Pattern) -> NDArray[np.bool_]:
        height, width = self._parts.shape
        rows, columns = np.mgrid[:height, :width]
        across, down = (columns - self._origin[0]) / self._scale, (rows - self._origin[1]) / self._scale
        if pattern == "stripes":
            return np.asarray(down % 0.05 < 0.02, np.bool_)
        if pattern == "checks":
            return np.asarray((across % 0.06 < 0.03) ^ (down % 0.06 < 0.03), np.bool_)
        return np.asarray(np.hypot(across, down - 0.28) < 0.04, np.bool_)


def _stroked(picture: NDArray[np.uint8], value: int | Colour, path: NDArray[np.int32], wide: int) -> None:
    cv2.polylines(picture, [path], False, value, wide)


def _filled(picture: NDArray[np.uint8], value: int | Colour, outline: NDArray[np.int32]) -> None:
    cv2.fillPoly(picture, [outline], value)


def _lit(canvas: NDArray[np.uint8], parts: NDArray[np.uint8], light: float) -> NDArray[np.float32]:
    """`canvas` with light from the left, and folds in what is worn."""
    height, width = parts.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    worn = parts >= PARTS.index(GROUPS[0])
    folds = 0.08 * np.sin(rows / height * 90 + np.sin(columns / width * 25) * 2) * worn
    factor = 1 - light * columns / width + folds
    return np.clip(canvas * factor[..., None], 0, 255).astype(np.float32)


def _share(inside: NDArray[np.bool_], size: tuple[int, int]) -> Share:
    return np.asarray(cv2.resize(inside.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA), np.uint8)


def _around(share: Share) -> list[float]:
    x, y, w, h = cv2.boundingRect((share > 127).astype(np.uint8))
    return [x, y, x + w, y + h]
