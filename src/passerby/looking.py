"""When and where to look. A detector costs far more than following, so it looks rarely and at little at a time.

Every so many frames there is a look, in turn at the whole picture made small, where large things are found, and at one
part of it in full size, where the small ones are. Where nothing has changed since the last look nobody has come, so
that only the areas that did change are looked at. Both ends of a shot are looked at besides, and sudden changes: of the
whole picture, and of a place in one that was calm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import cycle
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.pixels import Box, aligned
from passerby.detect.areas import GRID, parts, square
from passerby.flow import Stream
from passerby.track.cuts import Marked

At = Literal["whole", "part", "all"]
"""A look at the whole picture made small, at one part of it in full size, or at the whole and all parts."""

CELL = 8
"""Pixels of the small picture, across and down, whose mean tells whether anything has changed there."""
UNSEEN = -1000
"""Stands for the mean of a cell that nobody has looked at: any light is a change."""
CHANGE = 8
"""Grey levels by which such a mean changes when something has come or gone; noise does not reach it."""
MARGIN = 2
"""Cells around what has changed that are looked at with it: a face that moves changes at its edges first."""
SUDDEN = 24
"""Grey levels by which such a mean changes from one frame to the next when something else has taken its place."""
STARTLING, TIMES = 16, 3
"""Cells that change so at once, at least, and how many times more than lately, when somebody may have come up."""
LATELY = 25
"""Frames that tell how much changes anyway."""
RISE, CALM = 16, 12
"""Grey levels by which cells change at once where somebody comes up, and frames for which they hardly did before."""
LARGEST, PLACES = 16, 4
"""Cells across and down of such a place, and such places that are looked at in one frame, at most."""
STEP = 4 * GRID
"""Pixels in whole steps of which the area that is looked at in a part grows: a model plans anew for every size."""
EACH = 0.03
"""What a look at an area costs beside its size, as a share of the picture."""
MOST = 0.85
"""Share of the picture from which areas are not worth it, and the whole is looked at."""


@dataclass(frozen=True, kw_only=True)
class Looking:
    """How often and where the detectors look, and how far the pipeline looks ahead."""

    every: int = 5
    """Frames from one look to the next, at most."""
    interval_s: Fraction = Fraction(1, 5)
    """Seconds after which the next frame is looked at, however few frames that were: rates that files declare lie."""
    turns: tuple[At, ...] = ("whole",)
    """Where the looks go, in turn."""
    part: tuple[int, int] = (704, 416)
    """Largest (width, height) of a part, in pixels."""
    shrink: float | None = None
    """How many times smaller than the frame the picture is that the detector sees of it. When given, the detector is
    shown the areas alone in which something has changed; None always shows it the whole frame."""
    hold: int = 30
    """Frames that are kept back until they are painted: how far a find reaches back in time."""
    patience: int = 60
    """Frames that a sure track goes on without being found again."""
    workers: int = 1
    """Looks at the same time."""

    def __post_init__(self) -> None:
        if self.every < 1 or self.period > self.hold or self.workers < 1 or not self.turns:
            raise OptionError(f"the whole picture must be looked at once within the hold, by a worker; got {self}")
        if "part" in self.turns and "whole" not in self.turns:
            raise OptionError(f"parts alone find nothing large; take turns with the whole picture, got {self.turns}")

    @property
    def period(self) -> int:
        """Frames from one look at the whole picture to the next, at most."""
        places = [i for i, at in enumerate(self.turns) if at != "part"]
        gaps = np.diff([*places, places[0] + len(self.turns)]) if places else [len(self.turns)]
        return int(max(gaps)) * self.every


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the picture, to be looked at in full size."""

    box: Box
    changed: Box
    """Where something has changed in it since the last look, and a little around: it will do to look there."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A frame, and where to look in it."""

    frame: Frame
    cut: bool
    """A new shot begins here."""
    areas: tuple[Box, ...] | None = None
    """A look at the whole picture, in which only these areas have changed since the last one: what was found outside
    of them is still there. None is no such look."""
    parts: tuple[Part, ...] = ()
    """And a look at these parts in full size."""


@dataclass(frozen=True, slots=True)
class Startle:
    """By what somebody is noticed who comes up at once."""

    everywhere: bool = False
    """Far more changes than did in the frames before, and not the light alone."""
    places: tuple[Box, ...] = ()
    """Around what changes all at once in the midst of what was calm; who walks in moves in from beside."""


def scheduled(frames: Iterable[Marked], looking: Looking) -> Stream[Glance]:
    """Frames with where to look: every so often, at both ends of a shot, and wherever the picture changes at once."""
    attention: Attention | None = None
    turns = cycle(looking.turns)
    last: Frame | None = None
    for item, at_end in _with_ends(frames):
        attention = attention if attention and not item.cut else Attention(item, looking)
        # Where no look is at a part, the next one comes soon enough.
        startle = attention.startle(item) if "part" in looking.turns else Startle()
        glance = Glance(item.frame, item.cut)
        sudden = item.cut or item.changed or at_end or last is None
        if sudden or _due(item.frame, last, looking):
            at = next(turns)
            glance = attention.glance(item, "whole" if sudden and at == "part" else at)
            last = item.frame
        if at_end and "part" in looking.turns:
            glance = replace(glance, parts=attention.missed(item, looking.hold))
        # Besides the looks that are due, which go on in their rhythm.
        if startle.everywhere and glance.areas is None:
            glance = replace(glance, areas=attention.glance(item, "whole").areas)
        if startle.places:
            glance = replace(glance, parts=(*glance.parts, *(Part(place, place) for place in startle.places)))
        yield glance


def _with_ends(frames: Iterable[Marked]) -> Iterator[tuple[Marked, bool]]:
    """Frames with whether each is the last one of a shot."""
    held: Marked | None = None
    for item in frames:
        if held is not None:
            yield held, item.cut
        held = item
    if held is not None:
        yield held, True


def _due(frame: Frame, last: Frame | None, looking: Looking) -> bool:
    if last is None:
        return True
    return frame.index - last.index >= looking.every or frame.time - last.time >= looking.interval_s


class Attention:
    """What has changed since it was looked at, within one shot."""

    def __init__(self, first: Marked, looking: Looking) -> None:
        """`first`: the first frame of the shot."""
        self._first = first.frame.index
        self._shrink = looking.shrink
        self._everything = (0, 0, *first.frame.size)
        self._parts = tuple(parts(first.frame, looking.part))
        self._everywhere = tuple(Part(box, box) for box in self._parts)
        self._cell = CELL * first.scale
        self._ages = np.zeros(len(self._parts), np.int64)
        unseen = np.full(_cells(first.light).shape, UNSEEN, np.int16)
        self._seen_whole, self._seen_parts = unseen, unseen.copy()
        self._before: NDArray[np.int16] | None = None
        self._stirs: deque[int] = deque(maxlen=3)
        """Cells that changed suddenly in this frame and the two before it."""
        self._lately: deque[int] = deque(maxlen=LATELY)
        """How many did in each of three frames in a row: of what moves many do, of what comes up and goes none."""
        self._moves: deque[NDArray[np.float64]] = deque(maxlen=CALM)
        """How much every cell changed in the frames before."""

    def startle(self, item: Marked) -> Startle:
        """Whether and where somebody may have come up. To be asked of every frame, once."""
        cells, before = _cells(item.light), self._before
        self._before = cells
        if before is None:
            return Startle()
        # Light that flickers changes every cell, and brings nobody.
        lit = before * (cells.mean() / max(before.mean(), 1))
        change = np.minimum(np.abs(cells - before), np.abs(cells - lit))
        return Startle(self._startled(change), self._places(item.frame, change))

    def _startled(self, change: NDArray[np.float64]) -> bool:
        self._stirs.append(int(np.count_nonzero(change > SUDDEN)))
        if len(self._stirs) == 1:
            # Of the first two pictures of a shot nobody can say how much changes in it; the first one is looked at.
            return False
        usual = max(self._stirs[-2], *self._lately, 0)
        self._lately.append(min(self._stirs))
        return self._stirs[-1] >= STARTLING and self._stirs[-1] > TIMES * usual

    def _places(self, frame: Frame, change: NDArray[np.float64]) -> tuple[Box, ...]:
        """Boxes around cells that change at once, most of them far from any that did lately; the largest first."""
        moved = np.max(self._moves, axis=0, initial=0) > CHANGE if self._moves else np.ones(change.shape, np.bool_)
        self._moves.append(change)
        restless = cv2.dilate(moved.astype(np.uint8), np.ones((3, 3), np.uint8))
        count, blobs, found, _ = cv2.connectedComponentsWithStats((change > RISE).astype(np.uint8), connectivity=8)
        unrest = np.bincount(blobs.ravel(), weights=restless.ravel(), minlength=count)
        risen = (2 * unrest <= found[:, 4]) & (found[:, 2:4].max(axis=1) <= LARGEST)
        risen[0] = False  # what does not change
        places = sorted(found[risen].tolist(), key=lambda blob: -blob[4])[:PLACES]
        boxes = [np.array([x, y, x + width, y + height], np.float32) * self._cell for x, y, width, height, _ in places]
        sides = [(max(width, height) + 2 * MARGIN) * self._cell for _, _, width, height, _ in places]
        return tuple(square(frame, box, -(-side // STEP) * STEP) for box, side in zip(boxes, sides, strict=True))

    def glance(self, item: Marked, at: At) -> Glance:
        """Where to look in a frame in which it is time to."""
        cells = _cells(item.light)
        if at == "part":
            part = self._next_part(cells)
            return Glance(item.frame, item.cut, parts=(part,) if part else ())
        areas = self._areas(item.frame, _changed(self._seen_whole, cells))
        self._seen_whole = np.where(_changed(self._seen_whole, cells), cells, self._seen_whole)
        if at == "all":
            return Glance(item.frame, item.cut, (self._everything,), self._everywhere if len(self._parts) > 1 else ())
        return Glance(item.frame, item.cut, areas)

    def missed(self, last: Marked, hold: int) -> tuple[Part, ...]:
        """The parts that nobody has looked at by the end of a shot, if all of that is held back still.

        What they show reaches back to its beginning, then; of longer ones the turns see as much, and at less cost.
        """
        if last.frame.index - self._first > hold:
            return ()
        return tuple(Part(box, box) for box in self._parts if (self._seen_parts[self._window(box)] == UNSEEN).any())

    def _areas(self, frame: Frame, changed: NDArray[np.bool_]) -> tuple[Box, ...]:
        """Boxes around what has changed, or one around everything."""
        if not changed.any():
            return ()
        if self._shrink is None or changed.mean() >= MOST:
            return (self._everything,)
        near = cv2.dilate(changed.astype(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
        _, _, found, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
        step = round(GRID * self._shrink)
        size = frame.size
        boxes = []
        for x, y, width, height, _ in found[1:].tolist():
            low = (x * self._cell // step * step, y * self._cell // step * step)
            high = tuple(-(-side * self._cell // step) * step for side in (x + width, y + height))
            # Cells end a little before the picture does.
            ends = [size[i] if near.shape[1 - i] == (x + width, y + height)[i] else high[i] for i in (0, 1)]
            boxes.append(aligned(frame, (*low, max(ends[0], high[0]), max(ends[1], high[1]))))
        boxes = _joined(boxes, EACH * _area(self._everything))
        share = sum(map(_area, boxes)) / _area(self._everything)
        return tuple(boxes) if share < MOST else (self._everything,)

    def _next_part(self, cells: NDArray[np.int16]) -> Part | None:
        """Of the parts that have changed since they were looked at, the one that waits longest; None where none has."""
        changed = _changed(self._seen_parts, cells)
        self._ages += 1
        waits = [changed[self._window(part)].any() * age for part, age in zip(self._parts, self._ages, strict=True)]
        longest = int(np.argmax(waits))
        if not waits[longest]:
            return None
        box = self._parts[longest]
        window = self._window(box)
        self._seen_parts[window] = cells[window]
        self._ages[longest] = 0
        return Part(box, self._around(changed[window], box))

    def _around(self, changed: NDArray[np.bool_], part: Box) -> Box:
        """The box around what has changed in a part, in steps of `STEP`."""
        sides = []
        for axis in (1, 0):
            cells = np.flatnonzero(changed.any(axis=1 - axis))
            start = part[1 - axis]
            first = start // self._cell * self._cell - start
            low = first + (int(cells[0]) - MARGIN) * self._cell
            high = first + (int(cells[-1]) + 1 + MARGIN) * self._cell
            length = part[3 - axis] - start
            sides.append((start + max(low // STEP * STEP, 0), start + min(-(-high // STEP) * STEP, length)))
        (x0, x1), (y0, y1) = sides
        return x0, y0, x1, y1

    def _window(self, part: Box) -> tuple[slice, slice]:
        """The cells that a part touches."""
        x0, y0, x1, y1 = part
        return slice(y0 // self._cell, -(-y1 // self._cell)), slice(x0 // self._cell, -(-x1 // self._cell))


def _joined(boxes: list[Box], each: float) -> list[Box]:
    """Boxes around all the given ones: two become one where that is no dearer, a box costing its area and `each`."""
    joined: list[Box] = []
    for box in boxes:
        while joined:
            other = min(joined, key=lambda other: _area(_around(box, other)) - _area(other))
            if _area(_around(box, other)) > _area(box) + _area(other) + each:
                break
            joined.remove(other)
            box = _around(box, other)
        joined.append(box)
    return joined


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _cells(light: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The mean light of every cell."""
    height, width = (max(side // CELL, 1) for side in light.shape)
    whole = light[: height * CELL, : width * CELL]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.int16)


def _changed(before: NDArray[np.int16], now: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(now - before) > CHANGE)
