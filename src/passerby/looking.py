"""When and where to look. A detector costs far more than following, so it looks rarely and at little at a time.

Every so many frames there is a look, in turn at the whole picture made small, where large things are found, and at one
part of it in full size, where the small ones are. Where nothing has changed since the last look nobody has come, so
that only the areas that did change are looked at. Both ends of a shot are looked at besides, and sudden changes: of the
whole picture, and of a place in one that was calm. In the first frames of a shot every part gets a look, one after the
other: turns come round to the last one only when those are long painted.
"""

from __future__ import annotations

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
from passerby.detect.areas import GRID, parts
from passerby.flow import Stream
from passerby.stirring import CELL, MARGIN, Calm, Cells, Startle, cells_of, changed
from passerby.track.cuts import Marked

At = Literal["whole", "part", "all"]
"""A look at the whole picture made small, at one part of it in full size, or at the whole and all parts."""

UNSEEN = -1000
"""Stands for the mean of a cell that nobody has looked at: any light is a change."""
EACH = 16_000
"""Pixels that one more look costs, besides those that it looks at."""
MOST = 0.85
"""Share of a picture, or of a part of it, from which areas are not worth it, and all of it is looked at."""


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
    areas: tuple[Box, ...]
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


def scheduled(frames: Iterable[Marked], looking: Looking) -> Stream[Glance]:
    """Frames with where to look: every so often, at both ends of a shot, and wherever the picture changes at once."""
    attention: Attention | None = None
    calm: Calm | None = None
    turns = cycle(looking.turns)
    last: Frame | None = None
    for item, at_end in _with_ends(frames):
        if attention is None or calm is None or item.cut:
            attention, calm = Attention(item, looking), Calm()
        closely = "part" in looking.turns
        # Where no look is at a part, the next one comes soon enough.
        startle = calm.broken(item) if closely else Startle()
        glance = Glance(item.frame, item.cut)
        sudden = item.cut or item.changed or at_end or last is None
        if sudden or _due(item.frame, last, looking):
            at = next(turns)
            glance = attention.glance(item, "whole" if sudden and at == "part" else at)
            last = item.frame
        if closely:
            glance = attention.with_first_parts(glance, item, looking.hold, at_end)
        # Besides the looks that are due, which go on in their rhythm.
        if startle.everywhere and glance.areas is None:
            glance = replace(glance, areas=attention.glance(item, "whole").areas)
        if startle.places:
            glance = replace(glance, parts=(*glance.parts, *(Part(place, (place,)) for place in startle.places)))
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
        """`first`: any frame of the shot."""
        self._shrink = looking.shrink
        self._everything = (0, 0, *first.frame.size)
        self._parts = tuple(parts(first.frame, looking.part))
        self._everywhere = tuple(Part(box, (box,)) for box in self._parts)
        self._cell = CELL * first.scale
        self._ages = np.zeros(len(self._parts), np.int64)
        """Looks at parts since each was looked at."""
        self._unseen = list(self._parts)
        """Those that nobody has looked at in this shot."""
        unseen = np.full(cells_of(first.light).shape, UNSEEN, np.int16)
        self._seen_whole, self._seen_parts = unseen, unseen.copy()

    def glance(self, item: Marked, at: At) -> Glance:
        """Where to look in a frame in which it is time to."""
        cells = cells_of(item.light)
        if at == "part":
            return Glance(item.frame, item.cut, parts=tuple(self._next_parts(item.frame, cells)))
        new = changed(self._seen_whole, cells)
        self._seen_whole = np.where(new, cells, self._seen_whole)
        if at == "all":
            return Glance(item.frame, item.cut, (self._everything,), self._everywhere if len(self._parts) > 1 else ())
        if self._shrink is None:
            return Glance(item.frame, item.cut, (self._everything,) if new.any() else ())
        return Glance(item.frame, item.cut, self._areas(item.frame, new, self._everything, self._shrink))

    def with_first_parts(self, glance: Glance, item: Marked, hold: int, at_end: bool) -> Glance:
        """And a look at parts that nobody has seen in this shot: at so many that all have been within the hold.

        Whom they show is then followed back to where the shot begins. Where it ends before that, all that are left.
        """
        wanted = len(self._unseen) if at_end else max(-(-len(self._parts) // hold) - len(glance.parts), 0)
        if not self._unseen or not wanted:
            return glance
        cells = cells_of(item.light)
        first = [self._part(item.frame, part, cells) for part in self._unseen[:wanted]]
        return replace(glance, parts=(*glance.parts, *first))

    def _areas(self, frame: Frame, new: NDArray[np.bool_], region: Box, shrink: float) -> tuple[Box, ...]:
        """Boxes around what is new among the cells of a region, which is seen `shrink` times smaller.

        They begin on multiples of `GRID`, as the detector sees them.
        """
        if new.mean() >= MOST:
            return (region,)
        near = cv2.dilate(new.astype(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8))
        _, _, found, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
        step = round(GRID * shrink)
        rows, columns = self._window(region)
        boxes = []
        for x, y, width, height, _ in found[1:].tolist():
            sides = []
            for axis, first, length in ((0, columns.start + x, width), (1, rows.start + y, height)):
                low = max(first * self._cell // step * step, region[axis])
                high = min(-(-(first + length) * self._cell // step) * step, region[axis + 2])
                # Cells end a little before the picture does.
                at_end = (x + width, y + height)[axis] == near.shape[1 - axis]
                sides.append((low, region[axis + 2] if at_end else high))
            (x0, x1), (y0, y1) = sides
            boxes.append(aligned(frame, (x0, y0, x1, y1)))
        boxes = _joined(boxes, EACH * shrink**2)
        return tuple(boxes) if sum(map(_area, boxes)) < MOST * _area(region) else (region,)

    def _next_parts(self, frame: Frame, cells: Cells) -> Iterator[Part]:
        """Parts that have changed since they were looked at, until a quarter of what one has is seen."""
        seen, enough = 0, max(map(_area, self._parts)) // 4
        while seen < enough and (part := self._next_part(frame, cells)):
            seen += sum(map(_area, part.areas)) + EACH
            yield part

    def _next_part(self, frame: Frame, cells: Cells) -> Part | None:
        """Of the parts that have changed since they were looked at, the one that waits longest; None where none has."""
        new = changed(self._seen_parts, cells)
        ages = self._ages + 1
        waits = [new[self._window(part)].any() * age for part, age in zip(self._parts, ages, strict=True)]
        longest = int(np.argmax(waits))
        if not waits[longest]:
            return None
        return self._part(frame, self._parts[longest], cells)

    def _part(self, frame: Frame, box: Box, cells: Cells) -> Part:
        """Look at a part now."""
        window = self._window(box)
        new = changed(self._seen_parts[window], cells[window])
        self._seen_parts[window] = cells[window]
        self._ages += 1
        self._ages[self._parts.index(box)] = 0
        self._unseen = [part for part in self._unseen if part != box]
        return Part(box, self._areas(frame, new, box, 1))

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
