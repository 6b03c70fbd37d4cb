"""When and where to look. A detector costs far more than following, so it looks rarely and at little at a time.

Every so many frames there is a look, in turn at the whole picture made small, where large things are found, and at one
part of it in full size, where the small ones are; a part in which nothing has changed since it was last looked at is
left out, for nobody has come. Cuts, both ends of a shot and sudden changes are looked at as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.core.errors import OptionError
from passerby.core.frame import Frame
from passerby.core.pixels import Box
from passerby.detect.compose import parts
from passerby.flow import Stream
from passerby.track.cuts import Marked

At = Literal["whole", "part", "all"]
"""A look at the whole picture made small, at one part of it in full size, or at the whole and all parts."""

CELL = 8
"""Pixels of the small picture, across and down, whose mean tells whether anything has changed there."""
CHANGE = 6
"""Grey levels by which such a mean changes when something has come or gone; noise does not reach it."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A frame, and where to look in it."""

    frame: Frame
    cut: bool
    """A new shot begins here."""
    whole: bool = False
    """At the whole picture."""
    parts: tuple[Box, ...] = ()
    """And at these parts in full size."""
    again: bool = False
    """Nothing has changed since the whole was looked at: what was found then is still there."""


def scheduled(frames: Iterable[Marked], looking: Looking) -> Stream[Glance]:
    """Frames with where to look: every so often, at both ends of a shot, and wherever the picture changes at once."""
    held: Marked | None = None
    last: Frame | None = None
    attention: Attention | None = None
    turns = cycle(looking.turns)
    for item in frames:
        if held is not None:
            attention = attention if attention and not held.cut else Attention(held, looking.part)
            sudden = held.cut or held.changed or item.cut or last is None
            if sudden or _due(held.frame, last, looking):
                yield attention.glance(held, _least_whole(next(turns)) if sudden else next(turns))
                last = held.frame
            else:
                yield Glance(held.frame, held.cut)
        held = item
    if held is not None:
        attention = attention if attention and not held.cut else Attention(held, looking.part)
        yield attention.glance(held, _least_whole(next(turns)))


def _least_whole(at: At) -> At:
    return "whole" if at == "part" else at


def _due(frame: Frame, last: Frame | None, looking: Looking) -> bool:
    if last is None:
        return True
    return frame.index - last.index >= looking.every or frame.time - last.time >= looking.interval_s


class Attention:
    """What has changed since it was looked at, within one shot."""

    def __init__(self, first: Marked, part: tuple[int, int]) -> None:
        """`first`: any frame of the shot. `part`: largest (width, height) of a part in pixels."""
        self._parts = tuple(parts(first.frame, part))
        self._cell = CELL * first.scale
        self._ages = np.zeros(len(self._parts), np.int64)
        unseen = np.full(_cells(first.light).shape, -1000, np.int16)
        self._seen_whole, self._seen_parts = unseen, unseen.copy()

    def glance(self, item: Marked, at: At) -> Glance:
        """Where to look in a frame in which it is time to."""
        cells = _cells(item.light)
        if at == "all":
            return Glance(item.frame, item.cut, whole=True, parts=self._parts if len(self._parts) > 1 else ())
        if at == "part":
            part = self._next_part(cells)
            return Glance(item.frame, item.cut, parts=(part,) if part else ())
        still = not _changed(self._seen_whole, cells).any()
        if not still:
            self._seen_whole = cells
        return Glance(item.frame, item.cut, whole=True, again=still)

    def _next_part(self, cells: NDArray[np.int16]) -> Box | None:
        """Of the parts that have changed since they were looked at, the one that waits longest; None where none has."""
        changed = _changed(self._seen_parts, cells)
        self._ages += 1
        waits = [changed[self._window(part)].any() * age for part, age in zip(self._parts, self._ages, strict=True)]
        longest = int(np.argmax(waits))
        if not waits[longest]:
            return None
        window = self._window(self._parts[longest])
        self._seen_parts[window] = cells[window]
        self._ages[longest] = 0
        return self._parts[longest]

    def _window(self, part: Box) -> tuple[slice, slice]:
        """The cells that a part touches."""
        x0, y0, x1, y1 = part
        return slice(y0 // self._cell, -(-y1 // self._cell)), slice(x0 // self._cell, -(-x1 // self._cell))


def _cells(light: NDArray[np.uint8]) -> NDArray[np.int16]:
    """The mean light of every cell."""
    height, width = (max(side // CELL, 1) for side in light.shape)
    whole = light[: height * CELL, : width * CELL]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.int16)


def _changed(before: NDArray[np.int16], now: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(now - before) > CHANGE)
