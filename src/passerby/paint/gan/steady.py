"""Drawings that hold on to those before them, so that a look does not flicker along its track.

A network draws the same look a little otherwise whenever something around it changes. So each drawing is taken some of
the way back to the one shown before, along the optical flow between the two, colours and all. Both are made up and laid
over each other by their windows: nobody's motion is measured, and nobody falls behind.

What is hidden now and was not before has nothing to hold on to: there, a drawing stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.paint.carrying import Drawn, Sides, alone, between, pair
from passerby.paint.gan.boxes import Box, Size
from passerby.paint.gan.pasting import Drawer, Job, Picture, Target, paint
from passerby.paint.gan.seam import Seam, seamed
from passerby.paint.gan.windows import GAP, Window

MOST = 0.9
"""More would stand still."""


class Along(NamedTuple):
    """A job, and whose it is."""

    job: Job
    who: tuple[int, str]
    """Track and label."""
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What was shown of somebody last. Places are pixels of the crop."""

    index: int
    drawn: Drawn
    known: NDArray[np.bool_]
    """(H, W): False where it was made up."""


class Steady:
    """Does the jobs of frames that come in order, each drawing mixed with the one of its track before."""

    def __init__(self, smooth: float = 0, seam: Seam = "soft") -> None:
        """Go `smooth` of the way back, from 0 (not at all) to `MOST`; `seam` as it was chosen for what is drawn.

        Raises:
            OptionError: `smooth` is something else.
        """
        if not 0 <= smooth <= MOST:
            raise OptionError(f"smooth lies in 0..{MOST}, got {smooth}")
        self._smooth = smooth
        self._seam = seam
        self._shown: dict[tuple[int, str], _Shown] = {}

    def paint(
        self, indexes: Sequence[int], pictures: Sequence[Picture], scenes: Sequence[Sequence[Along]]
    ) -> list[Picture]:
        """Copies of `pictures` in which the jobs of each are done, in order (see `pasting.paint`)."""
        if not self._smooth:
            return paint(pictures, [[one.job for one in scene] for scene in scenes])
        # The networks see each other's work as they drew it: all of a batch is drawn before anything is mixed.
        drawers: dict[int, _Kept] = {}
        for scene in scenes:
            for one in scene:
                drawers.setdefault(id(one.job.drawer), _Kept(one.job.drawer))
        jobs = [[replace(one.job, drawer=drawers[id(one.job.drawer)]) for one in scene] for scene in scenes]
        paint(pictures, jobs)
        drawn = {target: colours for kept in drawers.values() for target, colours in kept.drawn.items()}
        mixed = [
            [replace(one.job, drawer=self._mixed(index, one, drawn[one.job.target])) for one in scene]
            for index, scene in zip(indexes, scenes, strict=True)
        ]
        return paint(pictures, mixed)

    def _mixed(self, index: int, one: Along, colours: Picture) -> Drawer:
        size, known = one.job.drawer.size, one.job.target.known
        now = Drawn(_in_crop(one.window.sides, one.job.target.box, size), (0, 0, size[1], size[0]), colours)
        last = self._shown.get(one.who)
        if last is not None and not one.window.fresh and index - GAP <= last.index < index:
            now = self._back(now, last)
        self._shown[one.who] = _Shown(index, now, known)
        self._shown = {who: shown for who, shown in self._shown.items() if index - GAP <= shown.index <= index}
        return seamed(_Ready(now.colours), self._seam)

    def _back(self, now: Drawn, last: _Shown) -> Drawn:
        """Some of the way from what is drawn `now` to what was shown `last`."""
        # Around what was made up, what is there now: else the flow would be that of the street.
        around = np.rint(alone(now, last.drawn.window, last.drawn.box)).astype(np.uint8)
        before = replace(last.drawn, colours=np.where(last.known[..., None], around, last.drawn.colours))
        mixed = between(pair(now, before), self._smooth, now.window, now.box)
        return replace(now, colours=np.clip(np.rint(mixed), 0, 255).astype(np.uint8))


class _Kept:
    """A `Drawer` that remembers what another one drew."""

    def __init__(self, drawer: Drawer) -> None:
        self.drawn: dict[Target, Picture] = {}
        self._drawer = drawer

    @property
    def size(self) -> Size:
        return self._drawer.size

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        drawn = self._drawer.draw(pictures, targets, seeds)
        self.drawn |= zip(targets, np.clip(np.rint(drawn), 0, 255).astype(np.uint8), strict=True)
        return drawn


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A `Drawer` of one drawing that is there already."""

    colours: Picture

    @property
    def size(self) -> Size:
        return self.colours.shape[0], self.colours.shape[1]

    def draw(self, pictures: Sequence[Picture], targets: Sequence[Target], seeds: Sequence[int]) -> NDArray[np.float32]:
        return np.array([self.colours] * len(pictures), np.float32)


def _in_crop(sides: Sides, box: Box, size: Size) -> Sides:
    """Places of a frame as pixels of a crop of `box`."""
    across, down = size[1] / (box[2] - box[0]), size[0] / (box[3] - box[1])
    x0, y0, x1, y1 = sides
    return (x0 - box[0]) * across, (y0 - box[1]) * down, (x1 - box[0]) * across, (y1 - box[1]) * down
