"""Boxes that move evenly along a track: what is shown around somebody must not swim.

A generator draws the same look otherwise in every crop that is cut a little differently. Detectors' boxes tremble by a
few pixels from frame to frame; so the crop goes by what an alpha-beta filter makes of them, which follows an even
motion without falling behind, and stays on its pixels until it is clearly off them. Nobody is uncovered by that: the
crop holds the whole mask, wherever it is.

Outlines tremble as well. What the network makes up is what was hidden in the last frames, moved along; written is what
is hidden in this one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.regions import Mask, Region
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import padded

ALPHA, BETA = 0.25, 0.04
"""How much of what is off is taken over, into the place and into the speed, once a track is known for a while.

Of a new one, as much as fits a line to all that was seen: else its window would run after whoever comes in walking.
"""
TREMBLE, MOTION = 0.06, 0.12
"""Up to which share of their size middles tremble, and from which share on they are followed at once: a camera shakes.
"""
SLACK = 0.05
"""Share of a box added on each side, in which masks may tremble without being seen."""
STICKY_PX = 0.8
"""By how many pixels a side has to be off before it moves."""
MEMORY = 4
"""Frames whose outlines are joined."""
GRID = 64
"""Cells across and down in which outlines are remembered."""
GAP = 12
"""Frames after which somebody who was away begins anew."""
FAR = 0.5
"""The same for who jumps by so much of their size, or changes it by so much."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Where somebody is shown."""

    box: Box
    hole: Mask
    """What is made up there."""
    sides: tuple[float, float, float, float]
    """x0 y0 x1 y1 of the box before it is put on pixels: how the thing moves."""
    fresh: bool = True
    """It goes on from no other: who is there is new, was away, or jumped."""


@dataclass(frozen=True, slots=True, eq=False)
class _Motion:
    """Where a track is: middle x and y, and the logarithms of width and height."""

    index: int
    place: NDArray[np.float64]
    speed: NDArray[np.float64]
    box: Box
    seen: int
    """In how many frames so far."""
    outlines: tuple[NDArray[np.uint8], ...]
    """(GRID, GRID) of the last frames: 1 where something of a cell of the box is hidden."""


class Windows:
    """Remembers where tracks were; frames come in order, and one that does not come later begins anew."""

    def __init__(self) -> None:
        self._motions: dict[tuple[int, str], _Motion] = {}

    def around(self, index: int, regions: Sequence[Region]) -> list[Window]:
        """An even window for each region of the frame of that index."""
        windows = []
        for region in regions:
            key = (region.track_id, region.label)
            before = self._motions.get(key)
            known = before is not None and before.index < index <= before.index + GAP
            self._motions[key] = now = _moved(before, index, region) if known and before else _begun(index, region)
            x0, y0, x1, y1 = _sides(now.place).tolist()
            windows.append(Window(now.box, _hole(now), (x0, y0, x1, y1), now.seen == 1))
        self._motions = {key: motion for key, motion in self._motions.items() if index - GAP <= motion.index <= index}
        return windows


def _begun(index: int, region: Region) -> _Motion:
    place = _measured(region)
    box = _rounded(_sides(place), None)
    return _Motion(index, place, np.zeros(4), box, 1, (_outline(region.mask, box),))


def _moved(before: _Motion, index: int, region: Region) -> _Motion:
    """The filter's next step (Brookner, Tracking and Kalman Filtering Made Easy, 1.2), with growing memory at first."""
    steps = index - before.index
    expected = before.place + steps * before.speed
    measured = _measured(region)
    off = measured - expected
    if np.abs(off[:2]).max() > FAR * np.exp(measured[2:]).max() or np.abs(off[2:]).max() > FAR:
        return _begun(index, region)
    seen = before.seen + 1
    alpha = max(ALPHA, 2 * (2 * seen - 1) / (seen * (seen + 1)))
    beta = max(BETA, 6 / (seen * (seen + 1)))
    sure = np.zeros(4)
    sure[:2] = np.clip((np.abs(off[:2]) / np.exp(measured[2:]) - TREMBLE) / (MOTION - TREMBLE), 0, 1)
    place = expected + (alpha + (1 - alpha) * sure) * off
    box = _rounded(_sides(place), before.box)
    outlines = (*before.outlines, _outline(region.mask, box))[-MEMORY:]
    return _Motion(index, place, before.speed + beta / steps * off, box, seen, outlines)


def _outline(mask: Mask, box: Box) -> NDArray[np.uint8]:
    """Which cells of `box` a mask reaches."""
    hidden = (mask.alpha > 0).astype(np.uint8)
    inside = padded(hidden, (box[0] - mask.x, box[1] - mask.y, box[2] - mask.x, box[3] - mask.y))
    shares = cv2.resize(inside.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(shares > 0, np.uint8)


def _hole(motion: _Motion) -> Mask:
    x0, y0, x1, y1 = motion.box
    joined = np.maximum.reduce(motion.outlines) * np.uint8(255)
    return Mask(x0, y0, np.asarray(cv2.resize(joined, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST), np.uint8))


def _measured(region: Region) -> NDArray[np.float64]:
    x0, y0, x1, y1 = region.mask.box
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2, math.log(max(x1 - x0, 1)), math.log(max(y1 - y0, 1))])


def _sides(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """x0 y0 x1 y1 with some slack."""
    half = np.exp(place[2:]) * (0.5 + SLACK)
    return np.concatenate([place[:2] - half, place[:2] + half])


def _rounded(sides: NDArray[np.float64], before: Box | None) -> Box:
    x0, y0, x1, y1 = (
        int(old) if old is not None and abs(side - old) < STICKY_PX else round(side)
        for side, old in zip(sides.tolist(), before or (None,) * 4, strict=True)
    )
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)
