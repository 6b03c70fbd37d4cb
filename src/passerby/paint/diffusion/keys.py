"""In which frames somebody is made up anew, and in which what was made up is carried on.

A diffusion model draws every frame a little differently, also from the same noise, and takes its time. So it draws key
frames alone. A region becomes one when it is new, when its key frame is `every` frames old, and when what was made up
there does not fit any more: it has another size, another shape, or somebody else in front of it or behind.

Only where things are is looked at, never how they look. It is decided frame by frame from what came before, so that the
same frames are chosen whatever batches they come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.regions import Mask, Region
from passerby.paint.blank import touched
from passerby.paint.diffusion.crops import overlapping
from passerby.paint.gan.boxes import Box
from passerby.paint.gan.cutting import padded
from passerby.paint.gan.windows import Window, Windows

GROWN = 1.25
"""From so many times the size on, or so many times smaller, somebody is drawn anew."""
COVERED = 0.95
"""Share of what is hidden that must have been made up."""
GRID = 64
"""Cells across and down in which shapes are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """One region of a frame."""

    index: int
    region: Region
    window: Window
    """Where it is, steadier than its mask."""
    beside: frozenset[tuple[int, str]]
    """Whom it overlaps."""
    key: Placed | None
    """The region in an earlier frame from which it is carried on; None where it is made up in this one."""

    @property
    def who(self) -> tuple[int, str]:
        """Track and label."""
        return self.region.track_id, self.region.label


class Keys:
    """Remembers, for every track, where it was made up last. Frames come in order."""

    def __init__(self, every: int) -> None:
        """Make up anew after `every` frames at the latest."""
        self._every = every
        self._windows = Windows()
        self._last: dict[tuple[int, str], Placed] = {}

    @property
    def latest(self) -> set[Placed]:
        """The last key frames of all tracks that may be carried on."""
        return set(self._last.values())

    def place(self, index: int, regions: Sequence[Region]) -> list[Placed]:
        """The regions of the next frame."""
        answer = []
        for i, (region, window) in enumerate(zip(regions, self._windows.around(index, regions), strict=True)):
            others = [other for j, other in enumerate(regions) if j != i]
            beside = frozenset(
                (other.track_id, other.label) for other in others if overlapping(region.mask.box, other.mask.box)
            )
            now = Placed(index, region, window, beside, None)
            last = self._last.get(now.who)
            if last is not None and last.index < index < last.index + self._every and carries(last, now):
                now = Placed(index, region, window, beside, last)
            else:
                self._last[now.who] = now
            answer.append(now)
        self._last = {who: key for who, key in self._last.items() if index - self._every < key.index}
        return answer


def carries(key: Placed, now: Placed) -> bool:
    """Whether what is made up for `key` fits `now`, which is of the same track."""
    before, after = key.window.box, now.window.box
    sizes = [(after[i + 2] - after[i]) / (before[i + 2] - before[i]) for i in (0, 1)]
    same_size = all(1 / GROWN <= size <= GROWN for size in sizes)
    return same_size and key.beside == now.beside and _covered(key, now) >= COVERED


def _covered(key: Placed, now: Placed) -> float:
    """The share of what is hidden now that was made up then, the window of now laid over that of then."""
    made_up = np.maximum(_cells(key.window.hole, key.window.box), _cells(key.region.mask, key.window.box))
    grown = cv2.dilate((made_up > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    wanted = _cells(now.region.mask, now.window.box)
    x0, y0, x1, y1 = now.window.box
    cell = (x1 - x0) * (y1 - y0) / GRID**2
    hidden = float(np.count_nonzero(touched(now.region.mask))) / cell
    return float((wanted * grown).sum()) / hidden if hidden else 1.0


def _cells(mask: Mask, box: Box) -> NDArray[np.float32]:
    """(GRID, GRID): the share of each cell of `box` that a mask hides."""
    around = box[0] - mask.x, box[1] - mask.y, box[2] - mask.x, box[3] - mask.y
    inside = padded(touched(mask).astype(np.float32), around)
    return np.asarray(cv2.resize(inside, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
